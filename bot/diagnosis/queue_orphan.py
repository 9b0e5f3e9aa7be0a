"""An item marked as being worked on, which nobody works on: by Redis, or by snapshots alone."""

from datetime import timedelta

from bot.diagnosis.queue_items import (
    orphans,
    stuck_run,
)
from bot.diagnosis.queue_scene import (
    QueueVerdict,
    Scene,
)
from bot.diagnosis.queue_words import (
    DEFAULT_PREFIX,
    NO_CALLBACK,
    counted,
    expiry_words,
    item_lines,
    lasting,
    log_lines,
    named,
    removal_steps,
)
from bot.domain.report import Confidence, Severity

ESCALATES_AFTER = timedelta(minutes=10)


def orphaned_item(scene: Scene) -> QueueVerdict | None:
    """The item is marked as being worked on, and the loop that took it has long gone on."""
    if scene.reading is None:
        return _orphan_by_snapshots(scene)
    stuck = orphans(scene)
    if not stuck:
        return None
    first = stuck[0]
    many = len(stuck) > 1
    return QueueVerdict(
        rule="orphaned-item",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if len(first.proofs) > 1 else Confidence.MEDIUM,
        since=first.since,
        what=f"{named(first.item, len(stuck) - 1)} {'are' if many else 'is'} in processing for "
        f"{lasting(scene, first.since)} while the loop goes on without {'them' if many else 'it'}.",
        why="The worker restarted or broke off while it held the item; nothing hands it back. "
        f"{expiry_words(first.item)}; {NO_CALLBACK}.",
        items=tuple(one.item for one in stuck),
        evidence=(*item_lines(scene, [one.item for one in stuck[:3]]), *log_lines(scene)),
        next=removal_steps(scene, [one.item for one in stuck]),
    )


def _orphan_by_snapshots(scene: Scene) -> QueueVerdict | None:
    run = stuck_run(scene)
    if not run or not scene.alive or not scene.logs_readable:
        return None
    since = max(run[0].at, scene.last_turnover or run[0].at)
    after = [snapshot for snapshot in run if snapshot.at >= since]
    if scene.now - since < scene.opens_after or len(after) < 3:
        return None
    last, count = run[-1], min(snapshot.not_queued for snapshot in after)
    return QueueVerdict(
        rule="orphaned-item",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if scene.now - since >= ESCALATES_AFTER else Confidence.MEDIUM,
        since=since,
        what=f"{counted(count)} in the queue that nobody works on for {lasting(scene, since)}: "
        f"size {last.size}, queued {last.queued}, and the loop is idle.",
        why="Snapshots are written at the top of the loop, never inside a bundle: while they keep "
        "coming nobody holds the item. Its worker restarted or broke off; the item leaves only "
        f"when its TTL (4 h) passes, and {NO_CALLBACK}.",
        evidence=log_lines(scene, run),
        next=(
            f"Find the item: redis-cli ZRANGE {scene.prefix or DEFAULT_PREFIX}:requests 0 9",
            "Set LLM_QUEUE_REDIS_URL so that batchbot can name the item and its batch.",
        ),
    )
