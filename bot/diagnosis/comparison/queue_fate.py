"""What became of requests that the LLM queue took in and that got no answer, by lines; pure.

The provider takes what waits first in, first out, and writes a snapshot only while it holds
nothing: what is counted there and does not wait has no worker. So many more of those after a start
than before it, so many did the process before it hold. What neither waits nor was held, or was
overtaken by one that came after it, has left the queue. What the provider's own memory held while
Redis failed goes with the process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from bot.diagnosis.comparison.departure import ttl_of
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.queue.log_events import (
    SNAPSHOT_EVENT,
    LoopSign,
    SignKind,
    Snapshot,
    sign_of,
    snapshot_of,
)
from bot.domain.log import LogEvent

STARTED = "Queue processor started"
# What a line that tells where the queue's requests went holds.
QUEUE_TEXTS = (
    STARTED, SNAPSHOT_EVENT, "Cleaned up ", "Batch deleted ", "Redis marked unhealthy",
    "Redis connection restored", "Using local queue for request", "Redis queue full or failed for ",
)  # fmt: skip
# A line is written moments before or after what it says.
BESIDE = timedelta(seconds=3)
# A process writes its first snapshot as it begins.
SOON = timedelta(seconds=60)
# Requests of one wave are queued side by side, and are taken in any order of theirs.
OVERTAKES = timedelta(milliseconds=1)


class QueueFate(StrEnum):
    """How a request left the queue, or where it is."""

    ORPHANED = "orphaned"
    LOCAL = "lost_with_the_local_queue"
    IN_LOCAL = "in_the_local_queue"
    EXPIRED = "expired"
    LEFT = "left_unanswered"


@dataclass(frozen=True, slots=True)
class LostRequest:
    """What became of one request, when it was seen, and the line that shows it.

    `is_sure` says that a count shows it, so that it need not last for a while to be reported.
    """

    kind: QueueFate
    at: datetime
    event: LogEvent | None = None
    by_restart: bool = False
    is_sure: bool = False


@dataclass(frozen=True)
class QueueLines:
    """The lines of the queue's loop, in time order: each with what it says."""

    signs: tuple[tuple[LoopSign, LogEvent], ...] = ()
    snapshots: tuple[tuple[Snapshot, LogEvent], ...] = ()

    def of(self, *kinds: SignKind) -> list[tuple[LoopSign, LogEvent]]:
        """Return the lines of these kinds."""
        return [(sign, event) for sign, event in self.signs if sign.kind in kinds]

    def restart_in(self, start: datetime, end: datetime | None) -> LogEvent | None:
        """Return the first start of the worker in a span of time."""
        found = ((sign.at, event) for sign, event in self.of(SignKind.RESTART))
        return next((line for at, line in found if start < at < (end or at + BESIDE)), None)

    @cached_property
    def reliable(self) -> list[tuple[Snapshot, LogEvent]]:
        """The snapshots that count Redis: while it fails, the provider counts its own memory."""
        turns = [
            (sign.at, sign.kind is SignKind.STORE_LOST)
            for sign, _ in self.of(SignKind.STORE_LOST, SignKind.STORE_BACK, SignKind.RESTART)
        ]
        return [
            (shot, event)
            for shot, event in self.snapshots
            if not next((lost for at, lost in reversed(turns) if at <= shot.at), False)
        ]

    def not_queued_before(self, moment: datetime) -> int:
        """Return how many items no worker held, by the last snapshot before a moment."""
        return next((one.not_queued for one, _ in reversed(self.reliable) if one.at < moment), 0)

    @cached_property
    def _answered(self) -> list[tuple[datetime, datetime, LogEvent]]:
        """When each request that was answered had been queued first, and its answer."""
        queued: dict[str, datetime] = {}
        found = []
        for sign, event in self.signs:
            if sign.kind is SignKind.QUEUED:
                queued.setdefault(sign.queue_id, sign.at)
            elif sign.kind is SignKind.FINISHED and sign.queue_id in queued:
                found.append((queued[sign.queue_id], sign.at, event))
        return found

    def overtaken(self, queued: datetime, until: datetime) -> tuple[datetime, LogEvent] | None:
        """Return when a request that came clearly after one was answered, by the same process."""
        later = (
            (at, event)
            for other, at, event in self._answered
            if other > queued + OVERTAKES and queued < at < until
        )
        first = next(later, None)
        alone = first is not None and self.restart_in(queued, first[0]) is None
        return first if alone else None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that was taken in, first and last, in the order in which it is taken out."""

    first_at: datetime
    at: datetime
    id: str
    expires: datetime
    local: bool
    taken: bool


def queue_lines(events: Iterable[LogEvent]) -> QueueLines:
    """Return what lines say of the queue's loop."""
    told = tuple(events)
    signs = ((sign, one) for one in told if (sign := sign_of(one)) is not None)
    shots = ((shot, one) for one in told if (shot := snapshot_of(one)) is not None)
    return QueueLines(
        tuple(sorted(signs, key=lambda one: one[0].at)),
        tuple(sorted(shots, key=lambda one: one[0].at)),
    )


def fates_of(
    comparisons: Iterable[ComparisonEvidence],
    lines: QueueLines,
    until: datetime,
) -> Mapping[str, LostRequest]:
    """Return what became of requests without an answer, by correlation id, where lines show it."""
    given = tuple(comparisons)
    fates = {id: fate for one in given for id, fate in _said_expired(one)}
    found = (_waiting(one) for one in given)
    known = (one for one in found if one is not None and one.id not in fates)
    waiting = sorted(known, key=lambda one: one.first_at)
    fates |= {one.id: _local_fate(one, lines) for one in waiting if one.local}
    in_redis = [one for one in waiting if not one.local]
    fates |= _orphaned(in_redis, lines)
    fates |= _gone([one for one in in_redis if one.id not in fates], lines, until)
    fates |= _broken_off([one for one in in_redis if one.id not in fates], lines)
    fates |= _expired([one for one in in_redis if one.id not in fates], lines, until)
    return fates


def _waiting(comparison: ComparisonEvidence) -> _Waiting | None:
    """Return when and how a comparison's request was taken in; None where no line says so."""
    queued = [one for one in comparison.of(Step.QUEUED) if one.queue_id and one.event.at]
    stored = [one for one in queued if one.outcome is Outcome.HELD or _says_stored(one)]
    told = stored or queued
    if not told or not (id := _correlation(comparison)):
        return None
    first, last = told[0].event.at, told[-1].event.at
    if first is None or last is None:
        return None
    taken = [one.event.at for one in comparison.of(Step.DISPATCHED, Outcome.DONE)]
    return _Waiting(
        first,
        last,
        id,
        first + ttl_of(comparison),
        local=told[-1].outcome is Outcome.HELD,
        taken=any(one and one >= last for one in taken),
    )


def _correlation(comparison: ComparisonEvidence) -> str:
    row = comparison.row
    return str(row.request_correlation_id) if row and row.request_correlation_id else ""


def _said_expired(comparison: ComparisonEvidence) -> Iterator[tuple[str, LostRequest]]:
    """Yield that a line itself says that it expired."""
    said = comparison.of(Step.ANSWERED, Outcome.EXPIRED)
    if said and (id := _correlation(comparison)) and (at := said[-1].event.at):
        yield id, LostRequest(QueueFate.EXPIRED, at, said[-1].event)


def _says_stored(clue: LogClue) -> bool:
    """Whether the line is Redis' own: those after it say the same of either place."""
    sign = sign_of(clue.event)
    return sign is not None and sign.kind is SignKind.QUEUED


def _local_fate(one: _Waiting, lines: QueueLines) -> LostRequest:
    restart = lines.restart_in(one.at, None)
    if restart is None or restart.at is None:
        return LostRequest(QueueFate.IN_LOCAL, one.at)
    return LostRequest(QueueFate.LOCAL, restart.at, restart, by_restart=True)


def _orphaned(waiting: Sequence[_Waiting], lines: QueueLines) -> dict[str, LostRequest]:
    """Tell what each process held when it ended, as far as a process after it shows it."""
    fates: dict[str, LostRequest] = {}
    shots, bundled = lines.reliable, lines.of(SignKind.DISPATCH)
    for sign, event in _restarts(lines):
        mine = [
            one
            for one in waiting
            if one.first_at < sign.at < one.expires
            and one.id not in fates
            and not lines.overtaken(one.first_at, sign.at)
        ]
        held = _held_at(sign.at, lines)
        taken = [one for one in mine if one.taken]
        if held is None and (shots or bundled):
            # A bundle's lines name none of it, and no snapshot tells how many it was.
            last = [one.bundle_size or 1 for one, _ in bundled if one.at < sign.at]
            held = last[-1] if last else 0
        for one in taken or mine[: 1 if held is None else max(0, held)]:
            sure = bool(taken) or _held_at(sign.at, lines) is not None
            fates[one.id] = LostRequest(
                QueueFate.ORPHANED, sign.at, event, by_restart=True, is_sure=sure
            )
    return fates


def _restarts(lines: QueueLines) -> list[tuple[LoopSign, LogEvent]]:
    """Return the starts of the worker, each once: its log may say it in two lines."""
    found = list[tuple[LoopSign, LogEvent]]()
    for sign, event in lines.of(SignKind.RESTART):
        if not found or sign.at - found[-1][0].at > BESIDE:
            found.append((sign, event))
    return found


def _held_at(restart: datetime, lines: QueueLines) -> int | None:
    """Return how many a process held when it ended; None where no snapshot tells it."""
    after = next((one for one, _ in lines.reliable if one.at >= restart), None)
    if after is None or after.at - restart > SOON:
        return None
    before = [one.not_queued for one, _ in lines.reliable if one.at < restart]
    return after.not_queued - (before[-1] if before else 0)


def _gone(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    """Tell what neither waits nor is held any more: it expired, or was taken away."""
    fates: dict[str, LostRequest] = {}
    dropped = [(sign.at, _count(event), event) for sign, event in lines.of(SignKind.CLEANED)
               if "expired" in event.event]  # fmt: skip
    for one in waiting:
        seen = _unseen_at(one, lines, until)
        if seen is None:
            continue
        at, event = seen
        cleaned = [line for when, count, line in dropped
                   if one.at < when <= at + SOON
                   and sum(fate.event is line for fate in fates.values()) < count]  # fmt: skip
        if cleaned and cleaned[0].at:
            fates[one.id] = LostRequest(QueueFate.EXPIRED, cleaned[0].at, cleaned[0])
        elif at < one.expires:
            fates[one.id] = LostRequest(QueueFate.LEFT, at, event)
    return fates


def _unseen_at(
    one: _Waiting, lines: QueueLines, until: datetime
) -> tuple[datetime, LogEvent] | None:
    """Return when it was seen to be in the queue no more: overtaken, or not counted as waiting."""
    by_later = lines.overtaken(one.first_at, until)
    shown = next(
        (
            (shot.at, event)
            for shot, event in lines.reliable
            if one.at + BESIDE < shot.at <= until
            and not shot.queued
            and shot.not_queued <= _explained(one.first_at, shot.at, lines)
        ),
        None,
    )
    found = [seen for seen in (by_later, shown) if seen is not None]
    return min(found, key=lambda seen: seen[0], default=None)


def _explained(start: datetime, end: datetime, lines: QueueLines) -> int:
    """Return how many that no worker holds were there before, or held at a start since then."""
    since = [one.at for one, _ in _restarts(lines) if start < one.at <= end]
    return lines.not_queued_before(start) + sum(max(0, _held_at(at, lines) or 0) for at in since)


def _broken_off(waiting: Sequence[_Waiting], lines: QueueLines) -> dict[str, LostRequest]:
    """Tell what a loop that goes on without a start let go of: counted, and not waiting."""
    fates: dict[str, LostRequest] = {}
    for one in waiting:
        for shot, event in lines.reliable:
            counted = shot.not_queued > _explained(one.first_at, shot.at, lines)
            if one.at + BESIDE < shot.at < one.expires and not shot.queued and counted:
                fates[one.id] = LostRequest(QueueFate.ORPHANED, shot.at, event)
                break
    return fates


def _expired(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    cleaned = [(sign.at, event) for sign, event in lines.of(SignKind.CLEANED, SignKind.EXPIRED)]
    fates: dict[str, LostRequest] = {}
    for one in waiting:
        if one.expires <= until:
            event = next((line for at, line in cleaned if at >= one.expires - BESIDE), None)
            fates[one.id] = LostRequest(QueueFate.EXPIRED, one.expires, event)
    return fates


def _count(event: LogEvent) -> int:
    return next((int(word) for word in str(event.event).split() if word.isdecimal()), 0)
