"""The rule on a batch whose request another batch is of too, which may have its result."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.content import takers
from bot.domain.batch import CANCELLED, NO_ESSAYS, Twin
from bot.domain.batch.header import is_complete
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Text, words
from bot.text.wording import many

ASKED_TWICE = "asked-twice"
_COUNTS = "Decide which of the results counts"
_ASKERS = f"{_COUNTS}, and find out who asked twice."
_EVENT_AGAIN = (
    "Both are of one event, given twice, and CJ did not know it again (it had ended, or Redis was "
    "emptied): so nobody need have asked twice."
)
_TWO_ASKED = (
    "The same request makes a second batch, which is judged and paid for again; each sends a "
    "result of its own."
)
_MOVED = "An essay's row is of the batch that named it last: its scores stand there alone."
# A step to ask for the batch again, or the part of one, as rules word it.
_AGAIN = re.compile(
    r"(?:\ARemove the cause, then|\A|, then|;|:) *(?:run|ask for) (?:it|(?:the|their) batch) again"
    r".*",
    re.IGNORECASE,
)


def asked_twice(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Its request, or its essays, are those of another batch too."""
    twins = evidence.rows.twins
    moved = takers(evidence)
    if not twins or (moved and not any(one.same_request for one in twins)):
        return None
    same = [one for one in twins if one.same_request]
    told = same or list(twins)
    header, done = evidence.header, stand_in(evidence)
    void = header.state == CANCELLED or header.failed or all(one.without_result for one in same)
    taken = sum(one.essays for one in twins)
    return Finding(
        rule=ASKED_TWICE,
        severity=Severity.WARN if same and not void else Severity.INFO,
        confidence=Confidence.HIGH,
        what=f"{_has_it(done)}: nothing is left to do" if done else _asked(evidence, told),
        why=_why(same),
        evidence=(
            *(evidence.line(f"batch {one.batch_id}, {one.status}", one.created_at) for one in told),
            *((evidence.line(f"{many(taken, 'essay')} of its own are theirs now"),) * bool(taken)),
        ),
        next=_steps(evidence, told, done),
    )


def stand_in(evidence: BatchEvidence) -> Twin | None:
    """Return the later batch that has the result of the same request, where this one has none."""
    header = evidence.header
    if evidence.has_result or not evidence.ended:
        return None
    later = (one for one in evidence.rows.twins if one.batch_id > header.batch_id)
    done = (one for one in later if is_complete(one.status) and one.status != NO_ESSAYS)
    return next((one for one in done if one.same_request), None)


def told_as_done(findings: Sequence[Finding], evidence: BatchEvidence) -> tuple[Finding, ...]:
    """Return the findings, where another batch has the result with that first.

    None of them asks for the batch again then.
    """
    if stand_in(evidence) is None:
        return tuple(findings)
    first = [one for one in findings if one.rule == ASKED_TWICE]
    others = [one for one in findings if one.rule != ASKED_TWICE]
    kept = (replace(one, next=tuple(_without_again(one.next))) for one in others)
    return (*first, *kept)


def has_it_words(evidence: BatchEvidence) -> str:
    """Return which batch has the result that this one lacks, as a sentence; empty without one."""
    done = stand_in(evidence)
    return _has_it(done) if done else ""


def _has_it(done: Twin) -> str:
    return f"Batch {done.batch_id} has the result of the same request"


def _without_again(steps: Sequence[Text]) -> list[Text]:
    kept: list[Text] = []
    for step in steps:
        left = _AGAIN.sub("", step) if isinstance(step, str) else step
        if left:
            kept.append(left if left == step else f"{left}.")
    return kept


def _why(same: Sequence[Twin]) -> str:
    if not same:
        return _MOVED
    return _EVENT_AGAIN if all(one.same_event for one in same) else _TWO_ASKED


def _steps(evidence: BatchEvidence, told: Sequence[Twin], done: Twin | None) -> tuple[Text, ...]:
    if done:
        return (words(Command(f"/batch status {done.batch_id}")),)
    compared = Command(f"/batch compare {evidence.header.batch_id} {told[-1].batch_id}")
    decided = all(one.same_request and one.without_result for one in told)
    counts = () if decided else (f"{_COUNTS}.",)
    return words(compared), *(counts if all(one.same_event for one in told) else (_ASKERS,))


def _asked(evidence: BatchEvidence, twins: Sequence[Twin]) -> str:
    begun = evidence.header.created_at
    later = [one for one in twins if not one.created_at or one.created_at >= begun]
    told = later or twins
    names = f"batch{'es' if len(told) > 1 else ''} " + " and ".join(
        str(one.batch_id) for one in told
    )
    what = "request" if told[0].same_request else "essays"
    if not later:
        return f"It repeats the {what} of {names}"
    how = "taken" if all(one.same_event for one in told) else "asked"
    return f"Its {what} {'was' if what == 'request' else 'were'} {how} again as {names}"
