"""How each step of a comparison is seen: the best source first; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.diagnosis.comparison.evidence import (
    CJ_NAME,
    LPS_NAME,
    ComparisonEvidence,
    LedgerStep,
    StepState,
)
from bot.diagnosis.comparison.log_events import STEPS, Outcome, Step
from bot.diagnosis.comparison.rejections import called
from bot.domain.batch.header import is_complete
from bot.domain.evidence import DATABASE, LOGS, QUEUE, TOPIC
from bot.domain.log import LogEvent

# A dispatch line names no request: it is joined when it lies this close after the item was taken.
DISPATCH_NEAR = timedelta(seconds=30)


def _created(comparison: ComparisonEvidence) -> LedgerStep | None:
    row = comparison.row
    if row is None:
        return None
    note = f"pair {row.pair_id} of batch {row.batch_id}"
    return LedgerStep(Step.CREATED, StepState.SEEN, row.created_at, CJ_NAME, DATABASE, note)


def _sent(comparison: ComparisonEvidence) -> LedgerStep | None:
    row = comparison.row
    if row is not None and row.submitted_at is not None:
        return LedgerStep(Step.SENT, StepState.SEEN, row.submitted_at, CJ_NAME, DATABASE)
    return _from_logs(comparison, Step.SENT)


def _queued(comparison: ComparisonEvidence) -> LedgerStep | None:
    if comparison.item is not None:
        note = f"item {comparison.item.queue_id}, {comparison.item.status}"
        time = comparison.item.queued_at
        return LedgerStep(Step.QUEUED, StepState.SEEN, time, LPS_NAME, QUEUE, note)
    return _from_logs(comparison, Step.QUEUED) or _held_in_memory(comparison)


def _held_in_memory(comparison: ComparisonEvidence) -> LedgerStep | None:
    held = comparison.of(Step.QUEUED, Outcome.HELD)
    if not held:
        return None
    note = "in the provider's own memory: Redis failed"
    event = held[0].event
    return LedgerStep(Step.QUEUED, StepState.SEEN, event.at, event.service, LOGS, note)


def _dispatched(comparison: ComparisonEvidence) -> LedgerStep | None:
    line = _from_logs(comparison, Step.DISPATCHED)
    if line is not None:
        return line
    item = comparison.item
    if item is not None and item.processing_started_at is not None:
        near = _near(comparison.dispatches, item.processing_started_at)
        note = _bundle_note(near) if near else ""
        time = item.processing_started_at
        return LedgerStep(Step.DISPATCHED, StepState.SEEN, time, LPS_NAME, QUEUE, note)
    return _dispatched_between(comparison)


def _dispatched_between(comparison: ComparisonEvidence) -> LedgerStep | None:
    """The last bundle before the answer, when the item was already queued: joined by time."""
    queued, answered = (
        _time(comparison, Step.QUEUED),
        _time(comparison, Step.ANSWERED, Step.PUBLISHED),
    )
    if answered is None:
        return None
    fitting = [
        event
        for event in comparison.dispatches
        if event.at and event.at <= answered and (queued is None or event.at >= queued)
    ]
    if not fitting:
        return None
    last = fitting[-1]
    note = _bundle_note(last)
    return LedgerStep(Step.DISPATCHED, StepState.SEEN, last.at, last.service, LOGS, note)


def _bundle_note(event: LogEvent) -> str:
    size = event.fields.get("bundle_size")
    bundle = f"bundle of {size}" if isinstance(size, int) else "bundle"
    return f"in a {bundle}; joined by time, the line names no item"


def _near(events: Iterable[LogEvent], moment: datetime) -> LogEvent | None:
    return next(
        (event for event in events if event.at and moment <= event.at <= moment + DISPATCH_NEAR),
        None,
    )


def _answered(comparison: ComparisonEvidence) -> LedgerStep | None:
    done = comparison.of(Step.ANSWERED, Outcome.DONE)
    failed = comparison.of(Step.ANSWERED, Outcome.FAILED)
    if done or not failed:
        return _from_logs(comparison, Step.ANSWERED)
    if comparison.of(Step.ANSWERED)[-1].outcome is Outcome.REQUEUED:
        return None
    last = failed[-1].event
    return LedgerStep(
        Step.ANSWERED, StepState.SEEN, last.at, last.service, LOGS, "answered with an error"
    )


def _published(comparison: ComparisonEvidence) -> LedgerStep | None:
    """A failed publish wins: the service logs success after it swallowed the failure as well."""
    if comparison.unpublished is not None:
        return None
    if comparison.of(Step.PUBLISHED, Outcome.FAILED) and not _arrived(comparison):
        return None
    if comparison.callbacks:
        first = comparison.callbacks[0]
        return LedgerStep(Step.PUBLISHED, StepState.SEEN, first.at, LPS_NAME, TOPIC)
    return _from_logs(comparison, Step.PUBLISHED)


def _arrived(comparison: ComparisonEvidence) -> bool:
    return bool(comparison.callbacks or comparison.of(Step.CONSUMED))


def _consumed(comparison: ComparisonEvidence) -> LedgerStep | None:
    turned_away = comparison.of(Step.CONSUMED, Outcome.STRAY, Outcome.REJECTED)
    if turned_away:
        event = turned_away[0].event
        lost = turned_away[0].rejected_field
        note = f"rejected: it lacks {called([lost])}" if lost else "rejected: no pair has this id"
        return LedgerStep(Step.CONSUMED, StepState.SEEN, event.at, event.service, LOGS, note)
    acknowledged = any(callback.consumed for callback in comparison.callbacks)
    return _from_logs(comparison, Step.CONSUMED) or (
        LedgerStep(
            Step.CONSUMED, StepState.SEEN, None, CJ_NAME, TOPIC, "its group has acknowledged it"
        )
        if acknowledged
        else None
    )


_WON = {"essay_a": "the first essay won", "essay_b": "the second essay won", "error": "an error"}


def _stored(comparison: ComparisonEvidence) -> LedgerStep | None:
    row = comparison.row
    if row is not None and row.winner is not None:
        code = f", {row.error_code}" if row.error_code else ""
        note = f"{_WON.get(row.winner, row.winner)}{code}"
        time = row.completed_at or row.error_at
        return LedgerStep(Step.STORED, StepState.SEEN, time, CJ_NAME, DATABASE, note)
    return _from_logs(comparison, Step.STORED) if row is None else None


def _scored(comparison: ComparisonEvidence) -> LedgerStep | None:
    row = comparison.row
    if row is None or row.winner not in ("essay_a", "essay_b"):
        return None
    if row.scored_at is not None:
        return LedgerStep(Step.SCORED, StepState.SEEN, row.scored_at, CJ_NAME, DATABASE)
    if is_complete(row.batch_status):
        note = "its batch is finished"
        return LedgerStep(Step.SCORED, StepState.SEEN, None, CJ_NAME, DATABASE, note)
    return None


SEEN = {
    Step.CREATED: _created,
    Step.SENT: _sent,
    Step.QUEUED: _queued,
    Step.DISPATCHED: _dispatched,
    Step.ANSWERED: _answered,
    Step.PUBLISHED: _published,
    Step.CONSUMED: _consumed,
    Step.STORED: _stored,
    Step.SCORED: _scored,
}


def _from_logs(comparison: ComparisonEvidence, step: Step) -> LedgerStep | None:
    lines = comparison.of(step, Outcome.DONE)
    if not lines:
        return None
    event = lines[0].event if STEPS.index(step) <= STEPS.index(Step.QUEUED) else lines[-1].event
    return LedgerStep(step, StepState.SEEN, event.at, event.service, LOGS)


def _time(comparison: ComparisonEvidence, *steps: Step) -> datetime | None:
    for step in steps:
        lines = comparison.of(step)
        if lines:
            return lines[-1].event.at
    return None
