"""Words the alert of a batch that ended without a result: why, and which others are of a cause."""

from collections.abc import Sequence
from datetime import datetime

from bot.detectors._batches import HEADLINE_CHARS
from bot.detectors._provider_causes import kept
from bot.detectors._rows import Fact
from bot.diagnosis.comparison.causes import BATCH_FAILED, RUN_AGAIN
from bot.diagnosis.comparison.failure_advice import answer_told, remedy_of
from bot.diagnosis.comparison.failures import Failures
from bot.domain.alert import Condition
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words

ENDED = "ended without a result"


def ended_condition(fact: Fact, since: datetime) -> Condition:
    """Return the alert of an end, which asks for nothing where another batch has the result."""
    if fact.get("has_it"):
        return _needless(fact, since)
    step = f"/batch investigate {fact['batch']}"
    failures = kept(fact.get("failures"))
    reason = f": {' and '.join(one.what for one in failures)}" if failures else ""
    ended = f"Batch {fact['batch']} {ENDED}: "
    short, cause = ended + str(fact.get("short") or fact["cause"]), str(fact["cause"])
    headline = short if len(short) <= HEADLINE_CHARS else ended + cause.partition(": ")[0]
    mends = (str(fact["step"]),) if fact.get("step") else ()
    told = "".join(f", {one.short}" for one in failures[:1])
    also = "".join(f", also {one.short}" for one in failures[1:2])
    return Condition(
        subject=str(fact["subject"]),
        rule=BATCH_FAILED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Batch {fact['batch']} {ENDED}",
            when(since, " at "),
            f": {fact['cause']}{reason}. Next: {step}",
        ),
        since=since,
        known=str(fact["cause"]),
        count=0,
        headline=_fitting(headline, headline + told, headline + told + also),
        lasts=False,
        why=str(fact.get("why") or BATCH_FAILED.why),
        evidence=(
            EvidenceLine(str(fact.get("source") or DATABASE), since, str(fact["state"])),
            EvidenceLine(
                str(fact.get("source") or DATABASE),
                since,
                str(fact.get("counted") or f"{fact['valid']} of {fact['total']} valid"),
            ),
            *(EvidenceLine(one.sources[0], one.last_at, answer_told(one)) for one in failures),
        ),
        next=(step, *mends, *(remedy_of(one) for one in failures), RUN_AGAIN),
        batch=str(fact["batch"]),
        cause=str(fact.get("told_by", "")),
        group=_group(fact, failures),
    )


def _needless(fact: Fact, since: datetime) -> Condition:
    """Return the end of a batch whose request has its result from another batch."""
    batch, other = fact["batch"], fact["has_it"]
    source, step = str(fact.get("source") or DATABASE), f"/batch status {other}"
    has_it = f"batch {other} has the result of the same request"
    return Condition(
        subject=str(fact["subject"]),
        rule=BATCH_FAILED.rule,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        title=words(f"Batch {batch} {ENDED}", when(since, " at "), f", and {has_it}. Next: {step}"),
        since=since,
        known=has_it,
        count=0,
        headline=f"Batch {batch} {ENDED}: nothing is to be done, batch {other} has it",
        lasts=False,
        why="The request was taken again as that batch, and who waits for its grades has them.",
        evidence=(EvidenceLine(source, since, str(fact["state"])),),
        next=(step,),
        batch=str(batch),
    )


def _group(fact: Fact, failures: Sequence[Failures]) -> str:
    """Return what it may have in common with other ends; empty where no cause of it is known."""
    cause = main_cause(failures) if failures else str(fact.get("short") or "")
    return f"{ENDED}: {cause}" if cause else ""


def main_cause(failures: Sequence[Failures]) -> str:
    """Return the cause of more than half of them, else all causes: an end is of none alone."""
    counts = [one.comparisons or one.requests for one in failures]
    most = max(counts)
    if len(failures) == 1 or 2 * most > sum(counts):
        return failures[counts.index(most)].short
    return ", ".join(sorted(one.short for one in failures))


def _fitting(*texts: str) -> str:
    """Return the longest of the texts that fits a headline, else the first."""
    return max((one for one in texts if len(one) <= HEADLINE_CHARS), key=len, default=texts[0])
