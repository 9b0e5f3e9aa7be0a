"""The lines of the LLM queue's loop: starts, snapshots, and what was answered when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

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
NO_LIFE = "Failed to add request to Redis queue"
# What a line that tells where the queue's requests went holds.
QUEUE_TEXTS = (
    STARTED, SNAPSHOT_EVENT, "Cleaned up ", "Batch deleted ", "Redis marked unhealthy",
    "Redis connection restored", "Using local queue for request", "Redis queue full or failed for ",
    NO_LIFE,
)  # fmt: skip
# A line is written moments before or after what it says.
BESIDE = timedelta(seconds=3)
# A process writes its first snapshot as it begins.
SOON = timedelta(seconds=60)
# Requests of one wave are queued side by side, and are taken in any order of theirs.
OVERTAKES = timedelta(milliseconds=1)


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
    def restarts(self) -> list[tuple[LoopSign, LogEvent]]:
        """The starts of the worker, each once: its log may say it in two lines."""
        found = list[tuple[LoopSign, LogEvent]]()
        for sign, event in self.of(SignKind.RESTART):
            if not found or sign.at - found[-1][0].at > BESIDE:
                found.append((sign, event))
        return found

    def loop_of(self, begun: datetime | None, ended: datetime) -> tuple[list[LoopSign], bool]:
        """Return the bundles of one process, and whether it wrote snapshots.

        A process that works off single requests does neither, whatever those before or after do.
        """
        bundled = [one for one, _ in self.of(SignKind.DISPATCH) if _within(one.at, begun, ended)]
        return bundled, any(_within(shot.at, begun, ended) for shot, _ in self.reliable)

    def held_at(self, restart: datetime) -> int | None:
        """Return how many a process held when it ended; None where no snapshot tells it."""
        after = next((one for one, _ in self.reliable if one.at >= restart), None)
        if after is None or after.at - restart > SOON:
            return None
        before = [one.not_queued for one, _ in self.reliable if one.at < restart]
        return after.not_queued - (before[-1] if before else 0)

    def explained(self, start: datetime, end: datetime) -> int:
        """Return how many that no worker holds were there before, or held at a start since."""
        since = [one.at for one, _ in self.restarts if start < one.at <= end]
        return self.not_queued_before(start) + sum(max(0, self.held_at(at) or 0) for at in since)

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

    def queued_after(self, moment: datetime, until: datetime) -> int:
        """Return how many requests came into the queue between two moments."""
        found = {sign.queue_id for sign, _ in self.of(SignKind.QUEUED) if moment < sign.at <= until}
        return len(found)

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


def queue_lines(events: Iterable[LogEvent]) -> QueueLines:
    """Return what lines say of the queue's loop."""
    told = tuple(events)
    signs = ((sign, one) for one in told if (sign := sign_of(one)) is not None)
    shots = ((shot, one) for one in told if (shot := snapshot_of(one)) is not None)
    return QueueLines(
        tuple(sorted(signs, key=lambda one: one[0].at)),
        tuple(sorted(shots, key=lambda one: one[0].at)),
    )


def _within(at: datetime, begun: datetime | None, ended: datetime) -> bool:
    return at < ended and (begun is None or at >= begun)
