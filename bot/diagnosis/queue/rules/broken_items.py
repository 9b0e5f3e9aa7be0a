"""Rules on items that are broken themselves: left behind, or failing again and again; pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.queue.items import LEAK_HELD, answered_run, lasts, leaked
from bot.diagnosis.queue.log_events import SignKind
from bot.diagnosis.queue.open_requests import ANSWERED
from bot.diagnosis.queue.timeline import LEAKED, POISON, QueueTimeline, QueueVerdict
from bot.diagnosis.queue.wording import (
    DEFAULT_PREFIX,
    item_lines,
    log_lines,
    named,
    removal_steps,
)
from bot.domain.queue import QueueItem
from bot.domain.report import Confidence, Severity
from bot.domain.words import words
from bot.text.wording import many

POISON_RETRIES = 2
PER_REQUEST = "per_request"
WHY_ANSWERED = (
    "Its request was answered, its entry was not removed: it only counts in the size until it "
    "expires."
)
# In a mode that is not known now, nothing is said of a bundle.
_WHY = {
    "serial_bundle": "In serial_bundle mode one failing request sends its whole bundle back, so "
    "one of them may drag the others along.",
    PER_REQUEST: "It fails each time, and no other request is given back.",
}


def leaked_item(timeline: QueueTimeline) -> QueueVerdict | None:
    """An entry that counts in the queue's size and that no worker will ever take."""
    reading = timeline.reading
    if reading is None:
        return _answered_by_snapshots(timeline)
    items = tuple(item for item in reading.items if leaked(timeline, item))
    if not items:
        return None
    lost = tuple(item for item in items if item.status != ANSWERED)
    if not lost:
        return _answered(timeline, timeline.since_in_status(items[0]), len(items), items)
    items = lost
    once = len(timeline.readings) == 1
    status = items[0].status
    since = timeline.since_in_status(items[0])
    return QueueVerdict(
        rule=LEAKED,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM if once else Confidence.HIGH,
        since=since,
        what=words(named(items[0], len(items) - 1), f" left in the queue as {status}."),
        why="Its entry stands in the order and its data is gone: the request is lost, and gets no "
        "callback."
        if status == "leaked"
        else f"A {status} item is never taken again; it counts in the size until its TTL passes.",
        items=items,
        evidence=item_lines(timeline, items[:3]),
        next=removal_steps(timeline, items),
    )


def _answered_by_snapshots(timeline: QueueTimeline) -> QueueVerdict | None:
    run = answered_run(timeline)
    if not run or not timeline.logs_readable or not lasts(timeline, run[0].at):
        return None
    if run[-1].without_worker:
        return None
    return _answered(timeline, run[0].at, run[-1].answered)


def _answered(
    timeline: QueueTimeline, since: datetime, count: int, items: tuple[QueueItem, ...] = ()
) -> QueueVerdict:
    """Entries that were not removed when their request was answered."""
    return QueueVerdict(
        rule=LEAKED,
        severity=Severity.WARN,
        since=since,
        what=words(f"{many(count, 'answered item')} left behind in the queue."),
        why=WHY_ANSWERED,
        items=items,
        count=count,
        evidence=(*item_lines(timeline, items[:3]), *log_lines(timeline, answered_run(timeline))),
        next=(
            "Nothing is lost: let it expire. Ten at the front would block the others.",
            f"Look at the front: redis-cli ZRANGE {timeline.prefix or DEFAULT_PREFIX}:requests 0 9",
        ),
    )


def poison_item(timeline: QueueTimeline) -> QueueVerdict | None:
    """The same item fails, goes back into the queue and fails again."""
    items = tuple(
        item
        for item in (timeline.reading.items if timeline.reading else ())
        if item.retry_count >= POISON_RETRIES
        and item.status in ("queued", "processing")
        and _keeps_failing(timeline, item)
    )
    if not items or (timeline.mode == PER_REQUEST and _others_fail(timeline, items)):
        return None
    worst = max(items, key=lambda item: item.retry_count)
    alone = timeline.logs_readable and not _answered_since(timeline, worst)
    sure = worst.retry_count > POISON_RETRIES and not alone
    return QueueVerdict(
        rule=POISON,
        severity=Severity.WARN if alone else Severity.ERROR,
        confidence=Confidence.HIGH if sure else Confidence.LOW if alone else Confidence.MEDIUM,
        since=worst.queued_at,
        what=words(
            named(worst),
            f" came back {many(worst.retry_count, 'time')}; {many(len(items), 'item')} with "
            f"{POISON_RETRIES} retries or more.",
        ),
        why=_WHY.get(timeline.mode, "It fails each time; its error lines tell why.")
        + (" Nothing else was answered meanwhile, so the provider may fail altogether." * alone),
        items=(worst, *(item for item in items if item is not worst)),
        evidence=item_lines(timeline, items[:3]),
        next=(f"/trace {worst.queue_id}",),
    )


def _others_fail(timeline: QueueTimeline, items: Sequence[QueueItem]) -> bool:
    """Whether requests that share no bundle with it are given back too: the provider fails then."""
    mine = items[0].queue_id
    here = timeline.reading.items if timeline.reading else ()
    again = {item.queue_id for item in here if item.retry_count}
    since = min((item.queued_at for item in items if item.queued_at), default=timeline.now)
    again |= {
        sign.queue_id
        for sign in timeline.signs
        if sign.kind is SignKind.FAILED and sign.queue_id and sign.at >= since
    }
    return bool(again - {mine})


def _keeps_failing(timeline: QueueTimeline, item: QueueItem) -> bool:
    """Whether an item was given back so often for a while; in an outage each has its short turn."""
    since = timeline.now
    for reading in reversed(timeline.readings):
        seen = next((one for one in reading.items if one.queue_id == item.queue_id), None)
        if seen is None or seen.retry_count < POISON_RETRIES:
            break
        since = reading.at
    return len(timeline.readings) == 1 or timeline.now - since >= LEAK_HELD


def _answered_since(timeline: QueueTimeline, item: QueueItem) -> bool:
    """Whether anything was answered since an item was queued."""
    finished = [sign.at for sign in timeline.signs if sign.kind is SignKind.FINISHED]
    return item.queued_at is not None and any(at > item.queued_at for at in finished)
