"""A batch's answer in one breath: what its result is worth, or how far it is; pure."""

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.asked_twice import has_it_words
from bot.diagnosis.batch.rules.ended import AS_PLANNED
from bot.diagnosis.batch.rules.worth import GRADES, SET_BY_HAND
from bot.diagnosis.comparison.causes import DATABASE_BLOCKED, PROVIDER_FAILURES, WARN_SHARE
from bot.diagnosis.evidence.causal_order import roots
from bot.diagnosis.runner.rules import RUNNER_WAITING, SCHEMA_MISSING
from bot.domain.headline import MOST_CHARS, one_breath
from bot.domain.report import UNDER_WAY, WELL, Finding, Report, Severity, Verdict
from bot.domain.words import Text, joined, words
from bot.text.wording import many, sentence

# Room for the mark before the line.
ROOM = MOST_CHARS - 3
# How many first causes are said beside the headline.
MOST_CAUSES = 2
_WHY_FAILED = frozenset({PROVIDER_FAILURES.rule, SET_BY_HAND})
AROUND = frozenset({DATABASE_BLOCKED.rule, SCHEMA_MISSING, RUNNER_WAITING})


def headline(report: Report, evidence: BatchEvidence) -> Text:
    """Return the line without its mark: the worth of the result, then the number behind it."""
    subject = f"Batch {evidence.header.batch_id}: {_worth(report, evidence)}"
    loud = [one for one in report.findings if one.severity is not Severity.INFO]
    pairs = evidence.pairs
    if done := has_it_words(evidence):
        return f"{subject}. {done}"
    if pairs.total and pairs.error >= pairs.total * WARN_SHARE:
        why = next((one.what for one in loud if one.rule in _WHY_FAILED), "")
        short = f"{pairs.error} of {many(pairs.total, 'comparison')} failed"
        brief = f"{short}: {_reasons(evidence)}" if evidence.failures else short
        return _with(f"{subject}. ", why) or _with(f"{subject}. ", brief) or f"{subject}. {short}"
    if evidence.has_no_essays and not loud:
        planned = next((one.what for one in report.findings if one.rule == AS_PLANNED), "")
        return _with(f"Batch {evidence.header.batch_id}: ", planned) or subject
    begin = f"{subject}. " if evidence.ended else f"Batch {evidence.header.batch_id}: "
    what = loud[0].what if loud else ""
    told = _with(begin, what) or _with(begin, str(words(what)).partition(": ")[0])
    return told or f"{subject}, {pairs.valid} of {many(pairs.total, 'comparison')} valid"


def further_causes(report: Report, line: Text) -> Text:
    """Return the first causes that a headline has no room for, as a sentence."""
    causes = roots(report.findings)
    told = [one.what for one in causes if not _is_said(one, line)]
    lead = "Also: " if len(told) < len(causes) else "Found: "
    return words(lead, joined(" ", map(sentence, told[:MOST_CAUSES]))) if told else ""


def _reasons(evidence: BatchEvidence) -> str:
    """Return the first reason of what failed, and how many there are besides."""
    more = sum(bool(one.comparisons) for one in evidence.failures[1:])
    return evidence.failures[0].short + (f" (+{more} more)" if more else "")


def _is_said(cause: Finding, line: Text) -> bool:
    """Whether a headline says what was found, in full or the number of what failed."""
    what = str(words(cause.what))
    counted = what.partition(": ")[0] if cause.rule in _WHY_FAILED else what
    return counted in str(words(line))


def is_budget_used(evidence: BatchEvidence) -> bool:
    """Whether it ended with a result, and as many comparisons as were allowed."""
    budget = evidence.header.true_budget
    return evidence.ended and evidence.has_result and 0 < (budget or 0) <= evidence.pairs.total


def _with(begin: str, what: Text) -> Text:
    """Return a headline that ends with what was found, empty where that is too long for one."""
    whole = words(begin, what) if what else ""
    return whole if len(str(one_breath(whole, 10 * ROOM))) <= ROOM else ""


def mark(evidence: BatchEvidence) -> str:
    """Return the mark of a batch with which nothing is wrong."""
    if not evidence.ended:
        return UNDER_WAY
    return WELL if evidence.has_result and not evidence.provider.answered_by_mock else ""


def matters(evidence: BatchEvidence) -> tuple[tuple[str, Text], ...]:
    """Return the facts that are read first: the comparisons, and who answered them."""
    pairs, rows = evidence.pairs, evidence.rows
    waiting = f" · {pairs.pending} waiting" if pairs.pending else ""
    models = ", ".join(str(name) for name in rows.models) or "not recorded"
    at_least = "at least " if rows.sampled else ""
    cost = f", {at_least}{rows.cost:.2f} USD" if rows.cost else ""
    told: list[tuple[str, Text]] = [
        ("Comparisons", f"{pairs.valid} valid · {pairs.error} failed{waiting}"),
        ("Model", f"{models}{cost}"),
    ]
    if evidence.provider.words:
        told.append(("LLM provider", evidence.provider.words))
    return tuple(told)


def _graded(evidence: BatchEvidence) -> bool:
    """Whether it may have grades: not where it was read that none was stored."""
    rows = evidence.rows
    known = rows.header.assigned is not None and GRADES not in rows.hidden
    return not known or bool(rows.projections.count)


def _worth(report: Report, evidence: BatchEvidence) -> str:
    verdict = report.verdict
    loud = {one.rule for one in report.findings if one.severity is not Severity.INFO}
    if loud and loud <= AROUND:
        return "nothing wrong with it, but with what is around it"
    if verdict is Verdict.UNKNOWN:
        return "not decidable, a needed source could not be read"
    if not evidence.ended:
        return {Verdict.OK: "under way", Verdict.WARN: "under way, and it needs a look"}.get(
            verdict, "it will not finish by itself"
        )
    result = "grades" if _graded(evidence) else "ranking"
    if verdict is Verdict.ERROR:
        return f"do not use the {result}" if evidence.has_result else "ended without grades"
    if evidence.has_result and evidence.provider.answered_by_mock:
        return f"answered by a mock, so its {result} says nothing"
    if verdict is Verdict.WARN:
        return f"use the {result} with care" if evidence.has_result else "ended without grades"
    if not evidence.has_result:
        return "ended without a result"
    return "finished well"
