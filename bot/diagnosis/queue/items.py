"""Which items of a queue matter, and since when; the questions that the rules ask a scene."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diagnosis.queue.log_events import SignKind, Snapshot
from bot.diagnosis.queue.timeline import CLOCK_SKEW, SAME_BUNDLE, Scene
from bot.domain.queue import QueueItem

LEAK_HELD = timedelta(minutes=2)
EXPIRED_HELD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Stuck:
    """An item that its loop left behind, since when, and when the loop was seen after that."""

    item: QueueItem
    since: datetime
    proofs: tuple[datetime, ...]


def orphans(scene: Scene) -> tuple[Stuck, ...]:
    """Return the items in processing that the loop has left behind, oldest first."""
    found = []
    for item in _processing(scene):
        since = scene.since_in_status(item)
        proofs = _left_behind(scene, item, since)
        if proofs and scene.now - since >= scene.opens_after:
            found.append(Stuck(item, since, proofs))
    return tuple(sorted(found, key=lambda one: one.since))


def _left_behind(scene: Scene, item: QueueItem, since: datetime) -> tuple[datetime, ...]:
    """When the loop was seen at something else after it took the item; a restart counts double."""
    later = since + SAME_BUNDLE
    proofs = list(scene.came_back_after(later))
    proofs += [s.at for s in scene.signs if s.kind is SignKind.RESTART and s.at > since] * 2
    proofs += [
        other.processing_started_at
        for other in _processing(scene)
        if other is not item
        and other.processing_started_at is not None
        and other.processing_started_at > later
    ]
    return tuple(proofs)


def stuck_run(scene: Scene) -> tuple[Snapshot, ...]:
    """The newest snapshots in a row that each show something not queued."""
    run: list[Snapshot] = []
    for snapshot in reversed(scene.snapshots):
        if not snapshot.not_queued:
            break
        run.append(snapshot)
    return tuple(reversed(run))


def held(scene: Scene) -> tuple[datetime, int, tuple[QueueItem, ...]] | None:
    """What the loop holds now: since when, how many, and which items where Redis tells."""
    begun = scene.unfinished
    if scene.reading is None:
        return (begun.at, max(1, begun.bundle_size or 1), ()) if begun else None
    items = busy(scene)
    if not items:
        return None
    taken = max(scene.since_in_status(item) for item in items)
    size = len(items)
    if begun and begun.at >= taken - SAME_BUNDLE:
        size = max(size, begun.bundle_size or 1)
    return taken, size, items


def busy(scene: Scene) -> tuple[QueueItem, ...]:
    """Items in processing that are not known to be left behind."""
    left = {one.item.queue_id for one in orphans(scene)}
    return tuple(item for item in _processing(scene) if item.queue_id not in left)


def _processing(scene: Scene) -> tuple[QueueItem, ...]:
    items = scene.reading.items if scene.reading else ()
    return tuple(item for item in items if item.status == "processing")


def _waiting(scene: Scene) -> tuple[QueueItem, ...]:
    items = scene.reading.items if scene.reading else ()
    return tuple(
        item
        for item in items
        if item.status == "queued"
        and item.in_order
        and not (item.expires_at and item.expires_at <= scene.now)
    )


def waiting_count(scene: Scene) -> int:
    """Return how many items wait to be taken; by the last snapshot where Redis is not read."""
    if scene.reading is None:
        return scene.snapshot.queued if scene.snapshot else 0
    waiting = _waiting(scene)
    if waiting and scene.reading.truncated:
        # Of what waits only the first are kept, of what does not all that matters.
        return scene.reading.size - (len(scene.reading.items) - len(waiting))
    return len(waiting)


def waits_long(scene: Scene) -> bool:
    """Say whether something waits for 5 minutes or more; snapshots do not tell, so they may."""
    if scene.reading is None:
        return True
    return any(
        item.queued_at and scene.now - item.queued_at >= scene.opens_after
        for item in _waiting(scene)
    )


def front(scene: Scene) -> tuple[QueueItem, ...]:
    """The items at the head of the queue that the loop will not take."""
    front: list[QueueItem] = []
    for item in scene.reading.items if scene.reading else ():
        if item.status == "queued" or not item.in_order:
            break
        front.append(item)
    return tuple(front)


def leaked(scene: Scene, item: QueueItem) -> bool:
    """Say whether an item counts in the size though no worker will ever take it."""
    if item.status in ("queued", "processing"):
        return False
    if item.status == "expired":
        gone = item.expires_at or scene.since_in_status(item)
        return scene.now - gone >= EXPIRED_HELD
    return len(scene.readings) == 1 or scene.now - scene.since_in_status(item) >= LEAK_HELD


def quiet_since(scene: Scene) -> datetime | None:
    """Since when nothing turned over, as far as logs and readings together show; None: unknown."""
    moved, filled = scene.last_change, _filled_since(scene)
    times = [moved] if moved else []
    if scene.logs_readable:
        times.append(scene.last_turnover or scene.watched_since)
        if not scene.alive and scene.last_sign:
            times.append(scene.last_sign)
    elif not moved:
        times += [scene.since_in_status(item) for item in _processing(scene)]
        if len(scene.readings) > 1:
            times.append(scene.readings[0].at)
    return max((*times, filled)) if times and filled else max(times, default=None)


def _filled_since(scene: Scene) -> datetime | None:
    """Since when there was something in the queue."""
    if scene.reading is not None:
        times = [item.queued_at for item in scene.reading.items if item.queued_at]
        if times and min(times) > scene.now + CLOCK_SKEW:
            return scene.readings[0].at
        return min(times, default=None)
    filled = None
    for snapshot in reversed(scene.snapshots):
        if not snapshot.size:
            break
        filled = snapshot.at
    return filled


def lasts(scene: Scene, since: datetime | None) -> bool:
    """Whether it lasts long enough to be said."""
    return since is not None and scene.now - since >= scene.opens_after


def stopped_after(scene: Scene, moment: datetime) -> bool:
    """Say whether the queue processor stopped after a moment."""
    return any(sign.kind is SignKind.STOPPED and sign.at >= moment for sign in scene.signs)


def sizes(scene: Scene) -> list[tuple[datetime, int]]:
    """Return the sizes seen over time, from Redis first."""
    if scene.readings:
        return [(reading.at, reading.size) for reading in scene.readings]
    return [(snapshot.at, snapshot.size) for snapshot in scene.snapshots]
