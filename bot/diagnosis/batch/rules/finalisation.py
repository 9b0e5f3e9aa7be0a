"""Rules on how, when and how often a batch was finalised."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.finalisation_lines import (
    NOT_FINALISED,
    not_finalised,
    violates_grades,
    why_not_finalised,
)
from bot.diagnosis.batch.rules.early_finalisation import counted_by_then, has_been_published
from bot.diagnosis.comparison.causes import (
    BATCH_IDLE,
    FINALISATION_STUCK,
    FINALISE_AGAIN,
    IDLE_AFTER,
    REPEATED_FINALISATION,
    STUCK_AFTER,
    WAITING_ON_MONITOR,
)
from bot.diagnosis.evidence.search_again import search_again
from bot.diagnosis.evidence.submission import started_after
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import EvidenceLine
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, Time, Words, words
from bot.text.wording import many

MONITOR_SECONDS = 60
# One sweep may be late; after more than two that did not come, none is to be waited for.
SWEEP_SECONDS, SWEEPS_MISSED = 300, 2
NO_SWEEP = (
    ", and the monitor sweeps every five minutes: it does not run, or passes this batch over."
)
# The last callback and a sweep that find a batch complete at once.
AT_ONCE = timedelta(seconds=5)
AGAIN_DROPPED = ("Starting transaction-aware idempotency check", "DUPLICATE_EVENT_DETECTED")
# A run that met the first one's grades meets them each time.
NOT_AGAIN = (
    "Do not have CJ finalise it again: that fails on the same key; its state alone is wrong."
)
GRADES_STORED = (
    "Remove its stored grades before CJ finalises it again: it fails on their key until then."
)


def repeated_finalisation(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch was finalised more than once."""
    header = evidence.header
    events = [
        group
        for group in evidence.rows.outbox
        if "completed" in group.event_type.lower() and group.count > 1
    ]
    violations = [event for event in evidence.events if violates_grades(event)]
    if not has_been_published(evidence):
        violations = []
    left_over = header.finalised_again
    if not (events or violations or left_over):
        return None
    lines = [
        evidence.line(f"{many(group.count, 'event')} {group.event_type}", group.last_at)
        for group in events
    ]
    if left_over:
        lines.append(
            evidence.line(f"state SCORING with status {header.status}", header.last_activity_at)
        )
    shown = (*lines, *(log_line(event) for event in violations[:3]))
    if _adds_nothing(evidence, events):
        return Finding(
            rule=REPEATED_FINALISATION.rule,
            severity=Severity.WARN,
            confidence=Confidence.HIGH,
            what="A second finalisation broke off: the first one's result stands, and is whole",
            why="It met the key of the grades that the first one had stored of every comparison.",
            evidence=shown,
        )
    whole = first_was_whole(evidence)
    return Finding(
        rule=REPEATED_FINALISATION.rule,
        severity=Severity.WARN if events and whole and not violations else Severity.ERROR,
        confidence=Confidence.HIGH if events or violations else Confidence.MEDIUM,
        what=f"Finalised more than once: {_repeats(events, left_over=left_over)}",
        why=_why_repeated(evidence, events, violations),
        evidence=shown,
        next=_steps(evidence, violations, whole=whole),
    )


def _steps(
    evidence: BatchEvidence, violations: Sequence[LogEvent], *, whole: bool
) -> tuple[str, ...]:
    """Return what to do about a second run, by whether the first result held everything."""
    if whole and not violations:
        return ("See that whoever takes results takes it once.",)
    early = () if whole else ("Check whether the first run was early before trusting its result.",)
    return (*early, NOT_AGAIN) if violations and not evidence.ended else early


def first_was_whole(evidence: BatchEvidence) -> bool:
    """Whether the first result that went out held every comparison: none after it adds to it."""
    counted, pairs = counted_by_then(evidence), evidence.pairs
    if counted is None or not pairs.total or pairs.pending:
        return False
    return counted.answered >= pairs.total and counted.valid >= pairs.valid


def _adds_nothing(evidence: BatchEvidence, events: Sequence[OutboxGroup]) -> bool:
    """Whether a further run stored and sent nothing, beside a first result that is whole."""
    header, sent = (
        evidence.header,
        [one for one in evidence.rows.outbox if "completed" in one.event_type.lower()],
    )
    ended = evidence.ended and header.complete and not header.finalised_again
    return ended and bool(sent) and not events and first_was_whole(evidence)


def _why_repeated(
    evidence: BatchEvidence, events: Sequence[OutboxGroup], violations: Sequence[LogEvent]
) -> str:
    """Return what became of the runs after the first: the key that they met, or their results."""
    if violations or not events:
        return REPEATED_FINALISATION.why
    if not first_was_whole(evidence):
        return (
            REPEATED_FINALISATION.why
            if evidence.rows.projections.count
            else "Each run sent a result of its own, and no key of grades stopped it: the last one "
            "holds the most answers."
        )
    if evidence.header.forced:
        return (
            "It had ended well and was set back: the monitor's forced recovery ended it again. "
            "Both results are of all its answers."
        )
    if all(map(_is_at_once, events)):
        return (
            "The last callback and the monitor's sweep may end a batch at once: both results are "
            "of all its answers."
        )
    return "The first result is of all its answers already; what was sent later adds none."


def _is_at_once(group: OutboxGroup) -> bool:
    if group.count != 2 or group.first_at is None or group.last_at is None:
        return group.count < 2
    return group.last_at - group.first_at <= AT_ONCE


def finalisation_stuck(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch's finalisation failed, or scores for far too long; no sweep reads that state."""
    header = evidence.header
    quiet = evidence.quiet_for(now)
    failed = not_finalised(evidence.events)
    has_result = evidence.finalised and has_been_published(evidence)
    if header.ended or has_result or not (failed or header.is_scoring):
        return None
    restart = None if failed else _restart_after(evidence)
    if not failed and not restart and quiet <= STUCK_AFTER.total_seconds():
        return None
    rests = "it stays in scoring and" if header.is_scoring else "it"
    return Finding(
        rule=FINALISATION_STUCK.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"Its finalisation failed: {rests} has no result"
        if failed
        else "CJ was restarted while it finalised it: it stays in scoring and has no result"
        if restart
        else words("In scoring without activity for ", _quiet(quiet)),
        why=why_not_finalised(failed[-1]) if failed else FINALISATION_STUCK.why,
        evidence=(
            evidence.line(f"status {header.status}, state {header.state}", header.last_activity_at),
            *_grades_there(evidence),
            *(log_line(event) for event in failed[-2:]),
            *((log_line(restart),) if restart else ()),
        ),
        next=(
            GRADES_STORED if failed and violates_grades(failed[-1]) else FINALISE_AGAIN,
            *(_said_again(line, now) for line in failed[-1:]),
        ),
    )


def _grades_there(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    """Return how many of its students have a grade though no result went out; none without one."""
    count, scores = evidence.rows.projections.count, evidence.rows.scores
    students = scores.essays - scores.anchors
    if not count:
        return ()
    of = f" of {students}" if students >= count else ""
    return (evidence.line(f"{count}{of} grades stored", evidence.rows.projections.first_at),)


def _said_again(line: LogEvent, now: datetime) -> Words:
    said = next(text for text in NOT_FINALISED if text in line.event)
    return search_again(line, said, now)


def _restart_after(evidence: BatchEvidence) -> LogEvent | None:
    """Return CJ's first start after the batch's last activity."""
    last = evidence.header.last_activity_at
    return started_after(evidence.nearby, last) if last else None


def batch_idle(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """An open batch is idle, and no comparison was requested."""
    header, quiet = evidence.header, evidence.quiet_for(now)
    begun = evidence.ended or evidence.pairs.total or header.state == "SCORING"
    cut = None if begun else _cut_off(evidence, now)
    if begun or (not cut and quiet <= IDLE_AFTER.total_seconds()):
        return None
    return Finding(
        rule=BATCH_IDLE.rule,
        severity=Severity.ERROR if cut else Severity.WARN,
        confidence=Confidence.MEDIUM,
        what="No comparison was made: CJ ended while it prepared them"
        if cut
        else words("No comparison was made, and nothing moves for ", _quiet(quiet)),
        why="It has started anew since, and takes up none that it had not asked for."
        if cut
        else BATCH_IDLE.why,
        evidence=(
            evidence.line(f"status {header.status}, state {header.state}", header.last_activity_at),
            *((log_line(cut),) if cut else ()),
        ),
        next=("Look what CJ and the content service logged, then ask for the batch again.",),
    )


def _cut_off(evidence: BatchEvidence, now: datetime) -> LogEvent | None:
    """Return the start of the process that had the batch in hand and does not go on with it."""
    own = [event for event in evidence.events if event.role is Role.CJ and event.at]
    start = _restart_after(evidence)
    if start is None or start.at is None or (now - start.at).total_seconds() <= MONITOR_SECONDS:
        return None
    later = [event for event in own if event.at and event.at > start.at]
    before = [event for event in own if event not in later]
    mine = before and before[-1].container == start.container
    # Kafka gives it the request again, which it takes for one that it works on.
    goes_on = any(not event.event.startswith(AGAIN_DROPPED) for event in later)
    return start if mine and not goes_on else None


def _quiet(seconds: float) -> Span:
    return Span(timedelta(seconds=seconds))


def waiting_on_monitor(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Every answer is in, and the batch waits for the monitor's next sweep."""
    pairs = evidence.pairs
    last = pairs.last_completed_at
    waits = evidence.header.state == "WAITING_CALLBACKS" and not evidence.ended
    if not waits or not pairs.total or pairs.pending or last is None:
        return None
    quiet = min((now - last).total_seconds(), evidence.quiet_for(now))
    if quiet <= MONITOR_SECONDS:
        return None
    missed = quiet > SWEEPS_MISSED * SWEEP_SECONDS
    return Finding(
        rule=WAITING_ON_MONITOR.rule,
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        what=words(f"{_all(pairs.total)} answered", Time(last, " since "), ", and it rests"),
        why=words("It rests for ", _quiet(quiet), NO_SWEEP) if missed else WAITING_ON_MONITOR.why,
        evidence=(evidence.line("no comparison is pending", last),),
        next=(
            "Look whether CJ's monitor runs and start it: until then the batch rests."
            if missed
            else "Wait one sweep (5 minutes), then /batch status again.",
        ),
    )


def _all(count: int) -> str:
    return "Its one comparison is" if count == 1 else f"All {count} comparisons are"


def _repeats(events: Sequence[OutboxGroup], *, left_over: bool) -> str:
    if events:
        return f"{max(group.count for group in events)} completion events"
    return "the second run broke off" + (" and left it as if scoring" if left_over else "")
