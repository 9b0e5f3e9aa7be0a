"""What became of requests that the LLM queue took in and that nobody answered, by lines; pure.

The provider takes what waits first in, first out, and writes a snapshot whenever it holds nothing:
what is then neither waiting nor counted as held has left the queue, and what is counted as held is
nobody's. What its own memory held while Redis failed goes with the process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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


class QueueFate(StrEnum):
    """How a request left the queue, or where it is."""

    ORPHANED = "orphaned"
    LOCAL = "lost_with_the_local_queue"
    IN_LOCAL = "in_the_local_queue"
    EXPIRED = "expired"
    LEFT = "left_unanswered"


@dataclass(frozen=True, slots=True)
class LostRequest:
    """What became of one request, when it was seen, and the line that shows it."""

    kind: QueueFate
    at: datetime
    event: LogEvent | None = None
    by_restart: bool = False


@dataclass(frozen=True, slots=True)
class QueueLines:
    """The lines of the queue's loop, in time order: each with what it says."""

    signs: tuple[tuple[LoopSign, LogEvent], ...] = ()
    snapshots: tuple[tuple[Snapshot, LogEvent], ...] = ()

    def of(self, *kinds: SignKind) -> list[tuple[LoopSign, LogEvent]]:
        """Return the lines of these kinds."""
        return [(sign, event) for sign, event in self.signs if sign.kind in kinds]

    def restart_in(self, start: datetime, end: datetime | None) -> LogEvent | None:
        """Return the first start of the worker in a span of time."""
        found = (event for sign, event in self.of(SignKind.RESTART) if _within(sign.at, start, end))
        return next(found, None)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that was taken in, in the order in which the provider takes them."""

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
    comparisons: Iterable[ComparisonEvidence], lines: QueueLines, until: datetime
) -> Mapping[str, LostRequest]:
    """Return what became of requests without an answer, by correlation id, where lines show it."""
    given = tuple(comparisons)
    fates = {id: fate for one in given for id, fate in _said_expired(one)}
    found = (_waiting(one) for one in given)
    known = (one for one in found if one is not None and one.id not in fates)
    waiting = sorted(known, key=lambda one: one.at)
    fates |= {one.id: _local_fate(one, lines) for one in waiting if one.local}
    in_redis = [one for one in waiting if not one.local]
    fates |= _by_snapshots(in_redis, lines, until)
    fates |= _by_restarts([one for one in in_redis if one.id not in fates], lines)
    fates |= _expired([one for one in in_redis if one.id not in fates], lines, until)
    return fates


def _waiting(comparison: ComparisonEvidence) -> _Waiting | None:
    """Return when and how a comparison's request was last taken in; None where no line says so."""
    id = _correlation(comparison)
    queued = [one for one in comparison.of(Step.QUEUED) if one.queue_id]
    stored = [one for one in queued if one.outcome is Outcome.HELD or _says_stored(one)]
    last = next(reversed(stored or queued), None)
    if last is None or not id or (at := last.event.at) is None:
        return None
    taken = [one.event.at for one in comparison.of(Step.DISPATCHED, Outcome.DONE)]
    return _Waiting(
        at,
        id,
        at + ttl_of(comparison),
        local=last.outcome is Outcome.HELD,
        taken=any(one and one >= at for one in taken),
    )


def _said_expired(comparison: ComparisonEvidence) -> Iterator[tuple[str, LostRequest]]:
    """Yield that a line itself says that it expired."""
    said = comparison.of(Step.ANSWERED, Outcome.EXPIRED)
    if said and (id := _correlation(comparison)) and (at := said[-1].event.at):
        yield id, LostRequest(QueueFate.EXPIRED, at, said[-1].event)


def _correlation(comparison: ComparisonEvidence) -> str:
    row = comparison.row
    return str(row.request_correlation_id) if row and row.request_correlation_id else ""


def _says_stored(clue: LogClue) -> bool:
    """Whether the line is Redis' own: those after it say the same of either place."""
    sign = sign_of(clue.event)
    return sign is not None and sign.kind is SignKind.QUEUED


def _local_fate(one: _Waiting, lines: QueueLines) -> LostRequest:
    restart = lines.restart_in(one.at, None)
    if restart is None or restart.at is None:
        return LostRequest(QueueFate.IN_LOCAL, one.at)
    return LostRequest(QueueFate.LOCAL, restart.at, restart, by_restart=True)


def _by_snapshots(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    """Tell what was held by nobody from what was gone, by the first snapshot that has none wait."""
    fates: dict[str, LostRequest] = {}
    reliable = _reliable(lines)
    for one in waiting:
        later = (
            (shot, event)
            for shot, event in reliable
            if one.at + BESIDE < shot.at < min(one.expires, until) and not shot.queued
        )
        shown = next(later, None)
        if shown is None:
            continue
        shot, event = shown
        before = [early.not_queued for early, _ in reliable if early.at < waiting[0].at]
        held = shot.not_queued - (before[-1] if before else 0)
        orphans = sum(fate.kind is QueueFate.ORPHANED for fate in fates.values())
        restart = lines.restart_in(one.at, shot.at)
        if shot.size and orphans < held:
            at = restart.at if restart and restart.at else shot.at
            fates[one.id] = LostRequest(
                QueueFate.ORPHANED, at, restart or event, restart is not None
            )
        else:
            fates[one.id] = LostRequest(QueueFate.LEFT, shot.at, event)
    return fates


def _reliable(lines: QueueLines) -> list[tuple[Snapshot, LogEvent]]:
    """Return the snapshots that count Redis: while it fails, the provider counts its own memory."""
    turns = [
        (sign.at, sign.kind is SignKind.STORE_LOST)
        for sign, _ in lines.of(SignKind.STORE_LOST, SignKind.STORE_BACK, SignKind.RESTART)
    ]
    return [
        (shot, event)
        for shot, event in lines.snapshots
        if not next((lost for at, lost in reversed(turns) if at <= shot.at), False)
    ]


def _by_restarts(waiting: Sequence[_Waiting], lines: QueueLines) -> dict[str, LostRequest]:
    """Tell what a worker held when it started anew, where no snapshot shows it."""
    fates: dict[str, LostRequest] = {}
    for sign, event in lines.of(SignKind.RESTART):
        mine = [one for one in waiting if one.at < sign.at < one.expires and one.id not in fates]
        taken = [one for one in mine if one.taken] or mine[: _held(lines, sign.at)]
        for one in taken:
            fates[one.id] = LostRequest(QueueFate.ORPHANED, sign.at, event, by_restart=True)
    return fates


def _held(lines: QueueLines, at: datetime) -> int:
    """Return how many requests a worker may have held when it stopped: one, or its last bundle."""
    bundles = [sign for sign, _ in lines.of(SignKind.DISPATCH) if sign.at < at]
    return max(1, bundles[-1].bundle_size or 1) if bundles else 1


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


def _within(at: datetime, start: datetime, end: datetime | None) -> bool:
    return start < at and (end is None or at < end)
