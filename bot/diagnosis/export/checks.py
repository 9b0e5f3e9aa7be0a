"""What an investigation established, ruled out and left open; pure.

A box is ticked only for what this very run established. What it did not do says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.diagnosis.comparison import causes
from bot.diagnosis.evidence.causal_order import roots
from bot.diagnosis.queue.timeline import NOT_DRAINING, STUCK_RULES
from bot.domain.evidence import SourceState
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.domain.words import Command, Text, joined, words
from bot.text.wording import STATE_WORDS, many, sentence

STUCK = STUCK_RULES | {NOT_DRAINING}
METADATA = frozenset({causes.FOREIGN_CALLBACK.rule, causes.CALLBACK_METADATA_LOST.rule})
TRANSACTIONS = frozenset(
    one.rule
    for one in (causes.REPEATED_FINALISATION, causes.FINALISATION_STUCK, causes.DATABASE_BLOCKED)
)
FAILURES = frozenset({causes.PROVIDER_FAILURES.rule})
NOT_ESTABLISHED = "a cause is not established"
COMPARE = "/batch compare mode:per_request mode:serial_bundle"
REFUTED, SUPPORTED, UNDECIDED = "refuted", "supported", "undecided"


@dataclass(frozen=True, slots=True)
class Check:
    """A question that an investigation has to answer, and what this run says of it."""

    question: str
    answer: Text
    done: bool


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A hypothesis with what the evidence says of it."""

    name: str
    state: str
    why: Text


def suspicions(report: Report, state: str) -> tuple[Suspicion, ...]:
    """Return the hypotheses of which the evidence says this."""
    return tuple(one for one in _suspicions(report.facts) if one.state == state)


def checks(report: Report, recorded: int | None = None) -> tuple[Check, ...]:
    """Return the questions with this run's answers; `recorded` lines lie beside the page."""
    number = report.facts.get("batch_id")
    told = [one for one in report.findings if one.next and one.severity is not Severity.INFO]
    sure = [one for one in told if one.confidence is not Confidence.LOW]
    advice = f"{len(sure)} of {len(told)} rest on more than a guess; see Recommendations"
    return (
        _on(report, "Root cause of failed comparisons identified", FAILURES, "failures"),
        _on(report, "Root cause of missing essay ids identified", METADATA, "metadata"),
        _on(report, "Reason for a stuck queue understood", STUCK, "stuck"),
        _on(report, "Database transaction errors explained", TRANSACTIONS, "database error"),
        Check(
            "per_request and serial_bundle compared",
            words("not done in this run; ", Command(COMPARE), " does it"),
            False,
        ),
        Check(
            "Reproducible test case created",
            words("not done in this run; ", Command(f"/batch bundle {number}"), " makes one")
            if recorded is None
            else f"replay/ beside this page holds {recorded} log lines for batchbot replay",
            bool(recorded),
        ),
        Check("Fix recommendations with confidence", advice if told else "none", bool(sure)),
    )  # fmt: skip


def is_open(report: Report) -> str:
    """Return why the investigation is not complete, empty when it is."""
    if report.unreadable_need:
        return "a needed source could not be read"
    if waiting := report.facts.get("pending"):
        return f"{many(waiting, 'comparison', ('waits', 'wait'))} for a result"
    for cause in roots(report.findings):
        if cause.confidence is Confidence.LOW:
            return NOT_ESTABLISHED
    return ""


def open_points(report: Report) -> Iterator[Text]:
    """Yield what this run could not establish, each with the reason."""
    unsure = [one for one in roots(report.findings) if one.confidence is Confidence.LOW]
    if (reason := is_open(report)) and reason != NOT_ESTABLISHED:
        yield sentence(reason[:1].upper() + reason[1:])
    for one in unsure:
        yield words("Not established: ", sentence(one.what), " ", one.why)
    for suspicion in suspicions(report, UNDECIDED):
        yield words("Undecided, whether ", suspicion.name, ": ", sentence(suspicion.why))
    uncounted = [name for name, count in stages(report.facts) if count is None]
    if uncounted:
        yield f"Nothing counted these stages: {', '.join(uncounted)}."
    unread = [one for one in report.sources if one.state is not SourceState.OK]
    for state, told in STATE_WORDS.items():
        names = [one.name for one in unread if one.state is state]
        if names:
            yield words("Not looked at, since ", told, ": ", joined(", ", names), ".")


def stages(facts: Mapping[str, Any]) -> tuple[tuple[str, int | None], ...]:
    """Return the funnel's stages in words, with their counts."""
    found = facts.get("funnel")
    return tuple(
        (str(one.get("stage")).replace("_", " "), one.get("count"))
        for one in (found if isinstance(found, Sequence) else ())
        if isinstance(one, Mapping)
    )


def _suspicions(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    found = facts.get("hypotheses")
    for one in found if isinstance(found, Sequence) else ():
        if isinstance(one, Mapping):
            yield Suspicion(str(one.get("name")), str(one.get("state")), one.get("why") or "")


def _on(report: Report, question: str, rules: frozenset[str], word: str) -> Check:
    """Answer by the findings, or else by the hypotheses about it."""
    found = [one for one in report.findings if one.rule in rules]
    if found:
        sure = any(one.confidence is not Confidence.LOW for one in found)
        return Check(question, joined("; ", map(_found, found)), sure)
    about = [one for one in _suspicions(report.facts) if word in one.name]
    for one in about:
        if one.state == UNDECIDED:
            return Check(question, words("open, ", sentence(one.why)), False)
    for one in about:
        if one.state == REFUTED:
            return Check(question, words("ruled out here, ", sentence(one.why)), True)
        return Check(question, words("supported, ", sentence(one.why)), True)
    return Check(question, "not looked into in this run", False)


def _found(finding: Finding) -> Text:
    return words(
        sentence(finding.what), f" ({finding.rule}, confidence {finding.confidence.value})"
    )
