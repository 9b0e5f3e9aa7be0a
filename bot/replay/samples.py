"""What a samples.jsonl adds to the logs, and for how long each line of it holds.

A line holds until the next one. Where none comes for long, the sources count as
unreadable: an item of one line must not stay in the queue for ever.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median_low
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from bot.domain.batch import BatchSummary, BlockedSession
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import Missing
from bot.domain.queue import QueueReading
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.domain.words import Time, words
from bot.replay.files import Line

RECORDING = "recording"
# A recorder with a steady step may miss two samples; a tick or two late is no gap either.
HELD_STEPS, HELD_TICKS = 3, 4

_READING: TypeAdapter[QueueReading] = TypeAdapter(QueueReading)
_ROWS: Mapping[str, TypeAdapter[Any]] = {
    "batches": TypeAdapter(tuple[BatchSummary, ...]),
    "sessions": TypeAdapter(tuple[BlockedSession, ...]),
    "outbox": TypeAdapter(tuple[OutboxGroup, ...]),
    "containers": TypeAdapter(tuple[ContainerState, ...]),
    "health": TypeAdapter(tuple[ServiceHealth, ...]),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a recording knew besides its logs from `at` on; None means that it did not say.

    A value is Missing when the line that held it is too old. `owned` grows no older: a comparison
    never changes its batch.
    """

    at: datetime
    queue: QueueReading | Missing | None = None
    owned: Mapping[UUID, int] | None = None
    batches: tuple[BatchSummary, ...] | Missing | None = None
    sessions: tuple[BlockedSession, ...] | Missing | None = None
    outbox: tuple[OutboxGroup, ...] | Missing | None = None
    containers: tuple[ContainerState, ...] | Missing | None = None
    health: tuple[ServiceHealth, ...] | Missing | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """The lines of a samples.jsonl in time order, each believed for as long as `holds`."""

    lines: tuple[Recorded, ...]
    holds: timedelta

    def newest(self, now: datetime) -> Recorded | None:
        """Return what was known at a moment; None before the first line."""
        place = bisect_right(self.lines, now, key=_at)
        if not place:
            return None
        one = self.lines[place - 1]
        return one if now - one.at <= self.holds else _outdated(one)

    def next_at(self, now: datetime) -> datetime | None:
        """Return when the first line after a moment was taken."""
        place = bisect_right(self.lines, now, key=_at)
        return self.lines[place].at if place < len(self.lines) else None


def readings_of(lines: Sequence[Line], zone: tzinfo, tick: timedelta) -> Readings:
    """Return the lines as readings; times without a zone are read in `zone`. Raises UsageError."""
    found = tuple(sorted((_recorded(line, zone) for line in lines), key=_at))
    steps = [after.at - before.at for before, after in pairwise(found) if after.at > before.at]
    step = median_low(steps) if steps else timedelta(0)
    return Readings(found, max(HELD_STEPS * step, HELD_TICKS * tick))


def _at(one: Recorded) -> datetime:
    return one.at


def _outdated(one: Recorded) -> Recorded:
    """Return the same without what may have changed since."""
    gone = Missing(RECORDING, str(words("no sample", Time(one.at, " since "))))
    told = [name for name in ("queue", *_ROWS) if getattr(one, name) is not None]
    values: dict[str, Any] = dict.fromkeys(told, gone)
    return replace(one, **values)


def _recorded(line: Line, zone: tzinfo) -> Recorded:
    with line.understood():
        queue, owned = line.values.get("queue"), line.values.get("owned")
        found = {name: _rows(kind, line.values.get(name)) for name, kind in _ROWS.items()}
        found["queue"] = _READING.validate_python({"at": line.at, **queue}) if queue else None
        found["owned"] = _owners(owned) if owned is not None else None
        one = Recorded(line.at, **{name: _aware(value, zone) for name, value in found.items()})
        _reckon(one)
        return one


def _owners(values: Mapping[str, Any]) -> Mapping[UUID, int]:
    return {UUID(key): int(batch) for key, batch in values.items()}


def _reckon(one: Recorded) -> None:
    """Raise OverflowError or ValueError where a span leads out of the calendar."""
    if isinstance(one.queue, QueueReading):
        for item in one.queue.items:
            _ = item.expires_at
    for session in () if isinstance(one.sessions, Missing) else one.sessions or ():
        _ = one.at - timedelta(seconds=session.age_seconds)


def _rows(kind: TypeAdapter[Any], values: Any) -> Any:
    return None if values is None else kind.validate_python(values)


def _aware(value: Any, zone: tzinfo) -> Any:
    """Return facts with each of their times in UTC: what psql prints has no zone."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, tuple):
        return tuple(_aware(one, zone) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(
        value, **{one.name: _aware(getattr(value, one.name), zone) for one in fields(value)}
    )
