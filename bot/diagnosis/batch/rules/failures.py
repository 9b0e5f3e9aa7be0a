"""Rules on comparisons that failed, and why the model's provider failed on them."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.causes import (
    BUNDLE_COLLATERAL,
    ERROR_SHARE,
    PROVIDER_FAILURES,
    WARN_SHARE,
    failure_severity,
)
from bot.diagnosis.comparison.evidence import LPS_NAME
from bot.diagnosis.comparison.failure_advice import answer_told, remedy_of, unrecorded
from bot.diagnosis.comparison.failure_reasons import declined, reason_of_group
from bot.diagnosis.comparison.failure_words import OF_EVERY_CALL, FailureReason
from bot.diagnosis.comparison.failures import Failures
from bot.domain.batch import ErrorGroup
from bot.domain.evidence import EvidenceLine
from bot.domain.log import LogSearch
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Id, Text, Time, words
from bot.text.wording import many, part_of

# What another try does not change: an answer that came after it refutes the reason.
_LASTING = OF_EVERY_CALL | {FailureReason.TOO_LONG, FailureReason.REFUSED}
DECLINED = "the model declined to answer"
DECLINED_WHY = "The model's answer holds nothing, and says that it stopped as a refusal."
LOOK = "Read the LLM provider's log of that time: it could not be read here."


def provider_failures(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The model's provider failed for comparisons, for the reason that rows or logs name."""
    pairs, failures, failed = evidence.pairs, evidence.failures, _failed(evidence)
    if not (failures or failed):
        return None
    failures = failures or (Failures(FailureReason.UNKNOWN, failed),)
    first = failures[0]
    severity = failure_severity(failed, pairs.total) if failed else Severity.INFO
    return Finding(
        rule=PROVIDER_FAILURES.rule,
        severity=severity,
        confidence=Confidence.LOW if first.reason is FailureReason.UNKNOWN else Confidence.HIGH,
        what=_what(evidence, failures),
        why=_why(evidence, first),
        evidence=(*_group_lines(evidence), *(_reason_line(one) for one in failures[:3])),
        next=() if _answered_after(evidence) else _next(evidence, failures),
    )


def _failed(evidence: BatchEvidence) -> int:
    """Return how many comparisons failed, without those that were set to it by hand."""
    return max(0, evidence.pairs.error - sum(one.rows for one in evidence.set_by_hand))


def _next(evidence: BatchEvidence, failures: Sequence[Failures]) -> tuple[Text, ...]:
    return (*_remedies(failures), *(() if _was_read(evidence) else (LOOK,)))


def _answered_after(evidence: BatchEvidence) -> bool:
    """Whether every comparison that met a failure was answered when it was asked again."""
    return not _failed(evidence) and not evidence.pairs.pending


def bundle_collateral(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """One failure in a bundle failed all comparisons of that bundle."""
    groups = _with_answerable(evidence)
    collateral = sum(group.bundled_rows - group.bundles for group in groups)
    total = evidence.pairs.total
    if not total or collateral <= 0 or collateral / total < WARN_SHARE:
        return None
    bundles = sum(group.bundles for group in groups)
    at_least = "at least " if evidence.rows.failures_sampled else ""
    return Finding(
        rule=BUNDLE_COLLATERAL.rule,
        severity=failure_severity(collateral, total),
        # Where it answered none of the batch, nothing shows that it would have answered these.
        confidence=Confidence.HIGH if evidence.pairs.valid else Confidence.LOW,
        what=f"{at_least}{many(collateral, 'comparison')} failed only because another of their "
        "bundle did",
        why=BUNDLE_COLLATERAL.why,
        evidence=(
            evidence.line(
                f"{many(bundles, 'bundle')}, the largest {max(one.largest for one in groups)}"
            ),
            *_group_lines(evidence),
        ),
        next=("Ask for the failed ones again one by one, or in smaller bundles.",),
        cause=PROVIDER_FAILURES.rule,
    )


def _with_answerable(evidence: BatchEvidence) -> tuple[ErrorGroup, ...]:
    """Return the failures whose bundles held others that the model would have answered.

    It answers no request whose key, credit or model it refuses.
    """
    met = {one.reason for one in evidence.failures if one.comparisons}
    if met and met <= OF_EVERY_CALL:
        return ()
    return tuple(one for one in evidence.rows.errors if reason_of_group(one) not in OF_EVERY_CALL)


def mostly_failed(evidence: BatchEvidence) -> bool:
    """Say whether failures are many enough to have ended the batch."""
    pairs = evidence.pairs
    return bool(pairs.error) and pairs.error > ERROR_SHARE * pairs.total


def _what(evidence: BatchEvidence, failures: Sequence[Failures]) -> str:
    first, rows = failures[0], _failed(evidence)
    if rows:
        failed = f"{part_of(rows, evidence.pairs.total, 'comparison')} failed"
        looked = evidence.rows.failures_looked_at
        of = f" (of {looked:,} looked at)" if looked and evidence.rows.failures_sampled else ""
        why = DECLINED if _is_declined(evidence, first) else first.what
        return f"{failed}: {_answers(failures) or why}{of}"
    met = many(first.requests, "request")
    if not _answered_after(evidence):
        return f"{met} met a failure: {first.what}"
    told = (
        f"refused ({first.status or 'by the model'})" if first.reason in _LASTING else first.short
    )
    were = "was" if first.requests == 1 else "were"
    return f"{met} met a failure and {were} answered on retry: {told}"


def _is_declined(evidence: BatchEvidence, first: Failures) -> bool:
    """Whether what could not be used of the model's answer is that it declined to give one."""
    told = first.reason is FailureReason.ANSWER
    return told and declined(evidence.nearby, evidence.requests)


def _mates(one: Failures) -> str:
    """Return how many failed with them, and only for being in their bundles."""
    return f"{one.mates:,} more of their bundles failed with them" if one.mates else ""


def _answers(failures: Sequence[Failures]) -> str:
    """Return what was answered where it was several things: two in short, how many more."""
    met = [one for one in failures if one.comparisons]
    if len(met) < 2:
        return ""
    more = f" (+{len(met) - 2} more)" if met[2:] else ""
    return f"{met[0].short} and {met[1].short}{more}"


def _remedies(failures: Sequence[Failures]) -> tuple[str, ...]:
    """Return what to do for each reason for which comparisons failed, the first one's at least."""
    met = [one for one in failures if one.comparisons] or failures[:1]
    return tuple(dict.fromkeys(remedy_of(one) for one in met[:3]))


def _why(evidence: BatchEvidence, first: Failures) -> Text:
    if first.reason is FailureReason.UNKNOWN:
        rows, logs = evidence.rows.errors, evidence.logs
        first_at = min((one.first_at for one in rows if one.first_at), default=None)
        return unrecorded(rows, logs, (LPS_NAME,), first_at or evidence.pairs.first_submitted_at)
    if _is_declined(evidence, first):
        return words(DECLINED_WHY, *_passed(evidence, first))
    essay = _one_essay(evidence, first)
    if essay:
        return words(first.words.why, " Essay ", Id(essay), " is in every one that failed.")
    if not _failed(evidence):
        why = "" if first.reason in _LASTING else f"{first.words.why} "
        mates = f"with {first.mates:,} more of their bundles" if first.mates else ""
        return f"{why}Each was asked again, {mates or 'up to three times'}."
    return words(first.words.why, *_passed(evidence, first))


def _was_read(evidence: BatchEvidence) -> bool:
    """Whether the provider's log was read: then it is not advised to read it."""
    logs = evidence.logs
    return isinstance(logs, LogSearch) and any(one.service == LPS_NAME for one in logs.coverage)


def _passed(evidence: BatchEvidence, first: Failures) -> tuple[str | Time, ...]:
    """Whether it is over: answers came after the last failure, of whatever reason and whoever's."""
    met = [one for one in evidence.failures if one.comparisons] or [first]
    last = max((at for one in met if (at := evidence.last_met(one))), default=None)
    if last is None:
        return ()
    if evidence.is_answered_after(last):
        return (" It passed: the last was", Time(last, " at "), ".")
    return (" It had not passed", Time(last, " at "), ", the last failure.")


def _one_essay(evidence: BatchEvidence, first: Failures) -> str:
    """Return the essay that all failed comparisons hold, where its length is the reason."""
    worst = evidence.rows.worst_essay
    if first.reason is not FailureReason.TOO_LONG or worst is None:
        return ""
    essay, errors = worst
    return essay if errors == evidence.pairs.error else ""


def _reason_line(one: Failures) -> EvidenceLine:
    counted = f"{many(one.comparisons, 'row')}, {many(one.real, 'failure')}"
    met = f"{many(one.requests, 'request')} met it in the logs"
    mates = f", {told}" if (told := _mates(one)) else ""
    source = " and ".join(one.sources) or "nothing"
    text = f"{answer_told(one)}: {counted}; {met}{mates} (read in {source})"
    return EvidenceLine(source, one.last_at, text)


def _group_lines(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    pairs = evidence.pairs
    counted = evidence.line(
        f"{many(pairs.error, 'error row')} of {pairs.total}", pairs.last_completed_at
    )
    groups = (
        evidence.line(
            f"{many(group.rows, 'row')} {group.code} from {group.provider} by {group.service}, "
            f"{many(group.roots, 'distinct failure')}, largest bundle {group.largest}",
            group.last_at,
        )
        for group in evidence.rows.errors[:3]
    )
    return (counted, *_looked_at(evidence), *groups)


def _looked_at(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    """Return of how many error rows reasons and bundles are, where not of all."""
    rows = evidence.rows
    if not rows.failures_sampled:
        return ()
    looked = part_of(rows.failures_looked_at or 0, rows.pairs.error, "error row")
    return (evidence.line(f"reasons and bundles are those of {looked}"),)
