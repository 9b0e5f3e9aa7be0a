"""From when to when the searches of a trace look; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.domain.batch import TraceRows
from bot.domain.evidence import Missing

BEFORE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=4, minutes=30)


def since_of(rows: TraceRows | Missing) -> datetime | None:
    """Return from when the first search looks; None where the rows name no time."""
    if isinstance(rows, Missing):
        return None
    times = [pair.created_at or pair.submitted_at for pair in rows.pairs]
    times += [batch.created_at for batch in rows.batches]
    known = [time for time in times if time]
    return min(known) - BEFORE if known else None


def second_start(found: TraceEvidence) -> datetime | None:
    """Return where the second search begins: nothing of a request is older than its item can be."""
    times = [event.at for event in found.events if event.at]
    times += [found.item.queued_at] if found.item and found.item.queued_at else []
    rows = since_of(found.rows)
    if rows:
        return rows
    return min(times) - LONGEST_WAIT if times else None


def dispatch_window(found: TraceEvidence, now: datetime) -> tuple[datetime, datetime] | None:
    """Return when a bundle can have taken the item; None where a line names it."""
    clues = found.clues
    if any(clue.step is Step.DISPATCHED for clue in clues):
        return None
    queued = _first_time(clues, (Step.QUEUED, Step.SENT)) or _submitted(found)
    if found.item is not None:
        queued = found.item.queued_at or queued
    if queued is None:
        return None
    ended = [c.event.at for c in clues if c.step is Step.ANSWERED and c.outcome is Outcome.DONE]
    ended += [clue.event.at for clue in clues if clue.step is Step.PUBLISHED]
    ends = [time for time in ended if time]
    until = max(ends) if ends else min(now, queued + LONGEST_WAIT)
    return queued - timedelta(seconds=1), until


def _submitted(found: TraceEvidence) -> datetime | None:
    return next((pair.submitted_at for pair in found.pairs if pair.submitted_at), None)


def _first_time(clues: Iterable[LogClue], steps: tuple[Step, ...]) -> datetime | None:
    return next((clue.event.at for clue in clues if clue.step in steps and clue.event.at), None)
