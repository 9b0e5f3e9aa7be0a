"""How each step of a comparison is seen: the best source first; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.diagnosis.comparison.evidence import CJ_NAME, LPS_NAME, LedgerStep, StepState, Trail
from bot.diagnosis.comparison.log_events import STEPS, Outcome, Step
from bot.domain.evidence import DATABASE, LOGS, QUEUE, TOPIC
from bot.domain.log import LogEvent

# A dispatch line names no request: it is joined when it lies this close after the item was taken.
DISPATCH_NEAR = timedelta(seconds=30)


def _created(trail: Trail) -> LedgerStep | None:
    row = trail.row
    if row is None:
        return None
    note = f"pair {row.pair_id} of batch {row.batch_id}"
    return LedgerStep(Step.CREATED, StepState.SEEN, row.created_at, CJ_NAME, DATABASE, note)


def _sent(trail: Trail) -> LedgerStep | None:
    row = trail.row
    if row is not None and row.submitted_at is not None:
        return LedgerStep(Step.SENT, StepState.SEEN, row.submitted_at, CJ_NAME, DATABASE)
    return _from_logs(trail, Step.SENT)


def _queued(trail: Trail) -> LedgerStep | None:
    if trail.item is not None:
        note = f"item {trail.item.queue_id}, {trail.item.status}"
        time = trail.item.queued_at
        return LedgerStep(Step.QUEUED, StepState.SEEN, time, LPS_NAME, QUEUE, note)
    return _from_logs(trail, Step.QUEUED)


def _dispatched(trail: Trail) -> LedgerStep | None:
    line = _from_logs(trail, Step.DISPATCHED)
    if line is not None:
        return line
    item = trail.item
    if item is not None and item.processing_started_at is not None:
        near = _near(trail.dispatches, item.processing_started_at)
        note = _bundle_note(near) if near else ""
        time = item.processing_started_at
        return LedgerStep(Step.DISPATCHED, StepState.SEEN, time, LPS_NAME, QUEUE, note)
    return _dispatched_between(trail)


def _dispatched_between(trail: Trail) -> LedgerStep | None:
    """The last bundle before the answer, when the item was already queued: joined by time."""
    queued, answered = _time(trail, Step.QUEUED), _time(trail, Step.ANSWERED, Step.PUBLISHED)
    if answered is None:
        return None
    fitting = [
        event
        for event in trail.dispatches
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


def _answered(trail: Trail) -> LedgerStep | None:
    done = trail.of(Step.ANSWERED, Outcome.DONE)
    failed = trail.of(Step.ANSWERED, Outcome.FAILED)
    if done or not failed:
        return _from_logs(trail, Step.ANSWERED)
    if trail.of(Step.ANSWERED)[-1].outcome is Outcome.REQUEUED:
        return None
    last = failed[-1].event
    return LedgerStep(
        Step.ANSWERED, StepState.SEEN, last.at, last.service, LOGS, "answered with an error"
    )


def _published(trail: Trail) -> LedgerStep | None:
    """A failed publish wins: the service logs success after it swallowed the failure as well."""
    if trail.of(Step.PUBLISHED, Outcome.FAILED) and not _arrived(trail):
        return None
    if trail.callbacks:
        first = trail.callbacks[0]
        return LedgerStep(Step.PUBLISHED, StepState.SEEN, first.at, LPS_NAME, TOPIC)
    return _from_logs(trail, Step.PUBLISHED)


def _arrived(trail: Trail) -> bool:
    return bool(trail.callbacks or trail.of(Step.CONSUMED))


def _consumed(trail: Trail) -> LedgerStep | None:
    turned_away = trail.of(Step.CONSUMED, Outcome.STRAY, Outcome.REJECTED)
    if turned_away:
        event = turned_away[0].event
        note = "rejected: " + (turned_away[0].rejected_field or "no pair has this correlation")
        return LedgerStep(Step.CONSUMED, StepState.SEEN, event.at, event.service, LOGS, note)
    acknowledged = any(callback.consumed for callback in trail.callbacks)
    return _from_logs(trail, Step.CONSUMED) or (
        LedgerStep(
            Step.CONSUMED, StepState.SEEN, None, CJ_NAME, TOPIC, "its group has acknowledged it"
        )
        if acknowledged
        else None
    )


def _stored(trail: Trail) -> LedgerStep | None:
    row = trail.row
    if row is not None and row.winner is not None:
        note = f"winner {row.winner}" + (f" ({row.error_code})" if row.error_code else "")
        time = row.completed_at or row.error_at
        return LedgerStep(Step.STORED, StepState.SEEN, time, CJ_NAME, DATABASE, note)
    return _from_logs(trail, Step.STORED) if row is None else None


def _scored(trail: Trail) -> LedgerStep | None:
    row = trail.row
    if row is None or row.winner not in ("essay_a", "essay_b"):
        return None
    if row.scored_at is not None:
        return LedgerStep(Step.SCORED, StepState.SEEN, row.scored_at, CJ_NAME, DATABASE)
    if row.batch_status.startswith("COMPLETE"):
        note = f"batch is {row.batch_status}"
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


def _from_logs(trail: Trail, step: Step) -> LedgerStep | None:
    lines = trail.of(step, Outcome.DONE)
    if not lines:
        return None
    event = lines[0].event if STEPS.index(step) <= STEPS.index(Step.QUEUED) else lines[-1].event
    return LedgerStep(step, StepState.SEEN, event.at, event.service, LOGS)


def _time(trail: Trail, *steps: Step) -> datetime | None:
    for step in steps:
        lines = trail.of(step)
        if lines:
            return lines[-1].event.at
    return None
