"""An item in processing that no worker holds: by Redis, or by logs alone."""

from datetime import datetime, timedelta

from bot.diagnosis.queue.items import (
    orphans,
    stuck_run,
    waiting_count,
)
from bot.diagnosis.queue.log_events import BROKEN_END, SignKind
from bot.diagnosis.queue.losses import MOST, LossKind
from bot.diagnosis.queue.timeline import (
    ORPHANED,
    QueueTimeline,
    QueueVerdict,
)
from bot.diagnosis.queue.wording import (
    DEFAULT_PREFIX,
    expiry_words,
    item_lines,
    lasting,
    log_lines,
    named,
    removal_steps,
)
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.queue import QueueItem
from bot.domain.report import Confidence, Severity
from bot.domain.words import Id, Words, when, words
from bot.text.wording import many

ESCALATES_AFTER = timedelta(minutes=10)
TAKES_NOTHING = timedelta(seconds=60)


def orphaned_item(timeline: QueueTimeline) -> QueueVerdict | None:
    """The item is marked as being worked on, and the loop that took it has long gone on."""
    if timeline.reading is None:
        return _orphan_by_snapshots(timeline) or _orphan_by_restart(timeline)
    stuck = orphans(timeline)
    if not stuck:
        return None
    first = stuck[0]
    many = len(stuck) > 1
    return QueueVerdict(
        rule=ORPHANED,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if len(first.proofs) > 1 else Confidence.MEDIUM,
        since=first.since,
        what=words(
            named(first.item, len(stuck) - 1),
            f" {('are' if many else 'is')} held by no worker for ",
            lasting(timeline, first.since),
            ".",
        ),
        why=words(
            "Its worker restarted or broke off, and nothing hands it back. ",
            expiry_words(first.item),
            ".",
        ),
        items=tuple(one.item for one in stuck),
        evidence=(*item_lines(timeline, [one.item for one in stuck[:3]]), *log_lines(timeline)),
        next=removal_steps(timeline, [one.item for one in stuck]),
    )


def _orphan_by_snapshots(timeline: QueueTimeline) -> QueueVerdict | None:
    run = stuck_run(timeline)
    if not run or not timeline.alive or not timeline.logs_readable:
        return None
    since, worked = run[0].at, timeline.last_turnover
    goes_on = worked is not None and worked > since
    opens_after = ESCALATES_AFTER if goes_on and _expires(timeline, since) else timeline.opens_after
    if timeline.now - since < opens_after or len(run) < 3:
        return None
    # Those that came to it later count as soon as they too stood for so long.
    early = sum(timeline.now - shot.at >= opens_after for shot in run)
    count = min(shot.without_worker for shot in run[early - 1 :])
    return QueueVerdict(
        rule=ORPHANED,
        severity=Severity.ERROR,
        confidence=_confidence(timeline, since),
        since=since,
        what=words(
            f"{many(count, 'item')} without a worker for ",
            lasting(timeline, since),
            _meanwhile(timeline, worked if goes_on else None),
        ),
        why="Its worker broke off, or Redis kept it when it was done: unless it was answered, its "
        "batch gets no callback.",
        count=count,
        evidence=log_lines(timeline, run),
        next=_find_steps(timeline),
    )


def _meanwhile(timeline: QueueTimeline, worked: datetime | None) -> Words:
    """Say what the loop did since; `worked` is when it last took or ended something after that."""
    if worked is None:
        return words("; the loop is idle.")
    waiting = waiting_count(timeline)
    if not waiting or timeline.now - worked < TAKES_NOTHING:
        return words("; the loop works on.")
    return words(f"; none of {waiting} taken", when(worked, " since "), ".")


def _confidence(timeline: QueueTimeline, since: datetime) -> Confidence:
    """Return how sure logs alone make an orphan: the longer it lasts, the surer."""
    lasts = timeline.now - since >= ESCALATES_AFTER
    return Confidence.HIGH if lasts else Confidence.MEDIUM


def _expires(timeline: QueueTimeline, since: datetime) -> bool:
    """Whether items expire: until the provider's clean-up, every 5 minutes, they count too."""
    gone = (SignKind.EXPIRED, SignKind.CLEANED)
    return any(sign.kind in gone and sign.at >= since for sign in timeline.signs)


def _orphan_by_restart(timeline: QueueTimeline) -> QueueVerdict | None:
    """A single request was begun, and the worker restarted before its end was logged."""
    if not timeline.logs_readable or timeline.writes_snapshots:
        return None
    gate = max(timeline.opens_after, timeline.hang_gate(1))
    lost = [
        loss
        for loss in timeline.observations[-1].losses
        if loss.kind is LossKind.BROKEN_OFF and timeline.now - loss.at >= gate
    ]
    if not lost:
        return None
    first, since = lost[0], lost[0].at
    least = "at least " if len(lost) == MOST else ""
    more = f" and {least}{len(lost) - 1} more" if len(lost) > 1 else ""
    return QueueVerdict(
        rule=ORPHANED,
        severity=Severity.ERROR,
        confidence=_confidence(timeline, since),
        since=since,
        what=words(
            "Item ",
            Id(first.queue_id),
            f"{more} begun",
            when(since, " at "),
            ": a restart, no end.",
        ),
        why="A worker that starts anew takes only what waits: this stays for 4 h, and its batch "
        "gets no callback.",
        items=tuple(QueueItem(loss.queue_id, "processing") for loss in lost),
        evidence=tuple(
            EvidenceLine(
                LOGS, loss.at, f"item {loss.queue_id} begun, no end logged", lacks=BROKEN_END
            )
            for loss in lost[:3]
        ),
        next=(f"/trace {first.queue_id}", *_find_steps(timeline)),
    )


def _find_steps(timeline: QueueTimeline) -> tuple[str, ...]:
    return (
        f"Find the item: redis-cli ZRANGE {timeline.prefix or DEFAULT_PREFIX}:requests 0 9",
        "Set LLM_QUEUE_REDIS_URL so that batchbot can name the item and its batch.",
    )
