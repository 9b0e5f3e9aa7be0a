"""Which items of a queue matter, and since when; what the rules ask of a timeline."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from bot.diagnosis.queue.log_events import SignKind, Snapshot
from bot.diagnosis.queue.timeline import CLOCK_SKEW, SAME_BUNDLE, QueueTimeline
from bot.domain.queue import QueueItem

LEAK_HELD = timedelta(minutes=2)
EXPIRED_HELD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Orphan:
    """An item that its loop left behind, since when, and when the loop was seen after that."""

    item: QueueItem
    since: datetime
    proofs: tuple[datetime, ...]


def orphans(timeline: QueueTimeline) -> tuple[Orphan, ...]:
    """Return the items in processing that the loop has left behind, oldest first."""
    found = []
    for item in _processing(timeline):
        since = timeline.since_in_status(item)
        proofs = _left_behind(timeline, item, since)
        if proofs and timeline.now - since >= timeline.opens_after:
            found.append(Orphan(item, since, proofs))
    return tuple(sorted(found, key=lambda one: one.since))


def _left_behind(timeline: QueueTimeline, item: QueueItem, since: datetime) -> tuple[datetime, ...]:
    """When the loop was seen at something else after it took the item; a restart counts double."""
    later = since + SAME_BUNDLE
    proofs = list(timeline.came_back_after(later))
    proofs += [s.at for s in timeline.signs if s.kind is SignKind.RESTART and s.at > since] * 2
    proofs += [
        other.processing_started_at
        for other in _processing(timeline)
        if other is not item
        and other.processing_started_at is not None
        and other.processing_started_at > later
    ]
    return tuple(proofs)


def stuck_run(timeline: QueueTimeline) -> tuple[Snapshot, ...]:
    """The newest snapshots in a row that each show something that no worker will answer.

    The provider counts all and what waits one after the other, and what comes in between hides as
    many: a single snapshot that shows none does not end it while as many are in the queue.
    """
    run: list[Snapshot] = []
    doubted: Snapshot | None = None
    for shot in reversed(timeline.snapshots):
        stuck = shot.without_worker
        if doubted and (not stuck or doubted.size < stuck):
            break
        doubted = None if stuck else shot
        run += [shot] if stuck else []
    return tuple(reversed(run))


def answered_run(timeline: QueueTimeline) -> tuple[Snapshot, ...]:
    """The newest snapshots in a row that each show something left behind by its answer."""
    return tuple(takewhile(lambda shot: shot.answered, reversed(timeline.snapshots)))[::-1]


def held(timeline: QueueTimeline) -> tuple[datetime, int, tuple[QueueItem, ...]] | None:
    """What the loop holds now: since when, how many, and which items where Redis was read."""
    begun = timeline.unfinished
    if timeline.reading is None:
        return (begun.at, max(1, begun.bundle_size or 1), ()) if begun else None
    items = busy(timeline)
    if not items:
        return None
    taken = max(timeline.since_in_status(item) for item in items)
    size = len(items)
    if begun and begun.at >= taken - SAME_BUNDLE:
        size = max(size, begun.bundle_size or 1)
    return taken, size, items


def busy(timeline: QueueTimeline) -> tuple[QueueItem, ...]:
    """Items in processing that are not known to be left behind."""
    left = {one.item.queue_id for one in orphans(timeline)}
    return tuple(item for item in _processing(timeline) if item.queue_id not in left)


def _processing(timeline: QueueTimeline) -> tuple[QueueItem, ...]:
    items = timeline.reading.items if timeline.reading else ()
    return tuple(item for item in items if item.status == "processing")


def _waiting(timeline: QueueTimeline) -> tuple[QueueItem, ...]:
    items = timeline.reading.items if timeline.reading else ()
    return tuple(
        item
        for item in items
        if item.status == "queued"
        and item.in_order
        and not (item.expires_at and item.expires_at <= timeline.now)
    )


def waiting_count(timeline: QueueTimeline) -> int:
    """Return how many items wait to be taken; by the last snapshot where Redis is not read."""
    if timeline.reading is None:
        return timeline.snapshot.queued if timeline.snapshot else 0
    waiting = _waiting(timeline)
    if waiting and timeline.reading.truncated:
        # Of what waits only the first are kept, of what does not all that matters.
        return timeline.reading.size - (len(timeline.reading.items) - len(waiting))
    return len(waiting)


def waits_long(timeline: QueueTimeline) -> bool:
    """Return whether something waits for 5 minutes or more; True where only snapshots exist."""
    if timeline.reading is None:
        return True
    return any(
        item.queued_at and timeline.now - item.queued_at >= timeline.opens_after
        for item in _waiting(timeline)
    )


def front(timeline: QueueTimeline) -> tuple[QueueItem, ...]:
    """The items at the head of the queue that the loop will not take."""
    front: list[QueueItem] = []
    for item in timeline.reading.items if timeline.reading else ():
        if item.status == "queued" or not item.in_order:
            break
        front.append(item)
    return tuple(front)


def leaked(timeline: QueueTimeline, item: QueueItem) -> bool:
    """Say whether an item counts in the size though no worker will ever take it."""
    if item.status in ("queued", "processing"):
        return False
    if item.status == "expired":
        gone = item.expires_at or timeline.since_in_status(item)
        return timeline.now - gone >= EXPIRED_HELD
    return len(timeline.readings) == 1 or timeline.now - timeline.since_in_status(item) >= LEAK_HELD


def quiet_since(timeline: QueueTimeline) -> datetime | None:
    """Since when nothing turned over, as far as logs and readings together show; None: unknown."""
    moved, filled = timeline.last_change, _filled_since(timeline)
    times = [moved] if moved else []
    if timeline.logs_readable:
        times.append(timeline.last_turnover or timeline.watched_since)
        if not timeline.alive and timeline.last_sign:
            times.append(timeline.last_sign)
    elif not moved:
        times += [timeline.since_in_status(item) for item in _processing(timeline)]
        if len(timeline.readings) > 1:
            times.append(timeline.readings[0].at)
    return max((*times, filled)) if times and filled else max(times, default=None)


def _filled_since(timeline: QueueTimeline) -> datetime | None:
    """Since when there was something in the queue."""
    if timeline.reading is not None:
        times = [item.queued_at for item in timeline.reading.items if item.queued_at]
        if times and min(times) > timeline.now + CLOCK_SKEW:
            return timeline.readings[0].at
        return min(times, default=None)
    filled = None
    for snapshot in reversed(timeline.snapshots):
        if not snapshot.size:
            break
        filled = snapshot.at
    return filled


def lasts(timeline: QueueTimeline, since: datetime | None) -> bool:
    """Whether it lasts long enough to be said."""
    return since is not None and timeline.now - since >= timeline.opens_after


def stopped_after(timeline: QueueTimeline, moment: datetime) -> bool:
    """Say whether the queue processor stopped after a moment."""
    return any(sign.kind is SignKind.STOPPED and sign.at >= moment for sign in timeline.signs)


def sizes(timeline: QueueTimeline) -> list[tuple[datetime, int]]:
    """Return the sizes seen over time, from Redis first."""
    if timeline.readings:
        return [(reading.at, reading.size) for reading in timeline.readings]
    return [(snapshot.at, snapshot.size) for snapshot in timeline.snapshots]
