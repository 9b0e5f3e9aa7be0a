"""How a queue's state is said: evidence lines and the safe manual steps."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.queue.log_events import BEGINNINGS, Snapshot
from bot.diagnosis.queue.timeline import (
    HEAD_BLOCKED,
    HUNG,
    LEAKED,
    NOT_DRAINING,
    ORPHANED,
    POISON,
    QUEUE_UNREADABLE,
    QueueTimeline,
)
from bot.domain.evidence import LOGS, QUEUE, EvidenceLine
from bot.domain.ids import short_id
from bot.domain.queue import QueueItem
from bot.domain.report import Table
from bot.domain.words import Id, Span, Text, Words, joined, when, words
from bot.text.wording import many, part_of

DEFAULT_PREFIX = "llm_provider_service:queue"
SHOWN_ITEMS = 10


def item_lines(timeline: QueueTimeline, items: Sequence[QueueItem]) -> tuple[EvidenceLine, ...]:
    """Return an evidence line for each item."""
    return tuple(
        EvidenceLine(QUEUE, timeline.reading.at if timeline.reading else None, item_words(item))
        for item in items
    )


def item_words(item: QueueItem) -> Text:
    """Return one item in a line: ids, status, times and retries; never its text."""
    parts: list[Text] = [words("item ", Id(item.queue_id), f" {item.status}")]
    if item.processing_started_at:
        parts.append(words("taken", when(item.processing_started_at, " at ")))
    elif item.queued_at:
        parts.append(words("queued", when(item.queued_at, " at ")))
    parts.append(f"retries {item.retry_count}")
    parts += [words("correlation ", Id(item.correlation_id))] if item.correlation_id else []
    parts += [f"CJ batch {item.cj_batch_id}"] if item.cj_batch_id else []
    return joined(", ", parts)


def named(item: QueueItem, others: int = 0) -> Words:
    """Return an item with its batch, and how many there are besides, as a sentence's subject."""
    batch = f" of CJ batch {item.cj_batch_id}" if item.cj_batch_id else ""
    return words("Item ", Id(item.queue_id), batch, f" and {others} more" if others else "")


def log_lines(timeline: QueueTimeline, run: Sequence[Snapshot] = ()) -> tuple[EvidenceLine, ...]:
    """Return the log lines that convince: the run's first snapshot, the last, the last dispatch."""
    lines: list[EvidenceLine] = []
    if run:
        lines.append(_snapshot_line(run[0], "first such snapshot"))
    if timeline.snapshot:
        lines.append(_snapshot_line(timeline.snapshot, "last snapshot"))
    beginnings = [s for s in timeline.signs if s.kind in BEGINNINGS]
    if beginnings:
        last = beginnings[-1]
        lines.append(
            EvidenceLine(LOGS, last.at, f"last dispatch, {many(last.bundle_size or 1, 'item')}")
        )
    return tuple(lines)


def _snapshot_line(snapshot: Snapshot, told: str) -> EvidenceLine:
    return EvidenceLine(
        LOGS, snapshot.at, f"{told}: size {snapshot.size}, queued {snapshot.queued}"
    )


def queue_headline(rule: str, batch: str, answered: int = 0) -> str:
    """Return what is wrong with the queue, in words, and for whom.

    `answered` is how many items stand in it though they were answered, where that is all.
    """
    if answered:
        return f"LLM queue holds {many(answered, 'answered item')}, left behind: nobody waits"
    who = f"batch {batch} waits for an item" if batch.isdecimal() else "an item waits"
    told = {
        ORPHANED: f"stuck: {who} that no worker holds",
        HUNG: "stuck: its worker does not come back from an item",
        LEAKED: "holds what cannot be read: an item with half its data",
        POISON: f"stuck: {who} that fails each time it is tried",
        HEAD_BLOCKED: "stuck: items at its front block all others",
        NOT_DRAINING: "only grows: more comes in than is answered",
        QUEUE_UNREADABLE: "cannot be read: neither empty nor healthy is known",
    }
    return f"LLM queue {told.get(rule, 'stuck: nothing in it moves')}"


REMOVE = "Take it out of the queue by hand, and ask for the comparison again."


def removal_steps(timeline: QueueTimeline, items: Sequence[QueueItem]) -> tuple[Text, ...]:
    """What to look at first, then the safe manual step; never done by the bot."""
    prefix = timeline.prefix or DEFAULT_PREFIX
    id = items[0].queue_id if items else "<queue_id>"
    return (
        REMOVE,
        f"/trace {items[0].correlation_id or id}" if items else "/queue",
        f"Look (no text is shown): redis-cli ZSCORE {prefix}:requests {id}",
        f"To take it out by hand: redis-cli ZREM {prefix}:requests {id} and "
        f"redis-cli HDEL {prefix}:data {id}. CJ gets no callback.",
    )


def expiry_words(item: QueueItem) -> Text:
    """Say when an item leaves by itself."""
    if item.expires_at is None:
        return "It expires unanswered"
    return words("It expires unanswered", when(item.expires_at, " at "))


def lasting(timeline: QueueTimeline, since: datetime | None) -> Text:
    """Return how long something lasts by now."""
    return words(Span(timeline.now - since)) if since else "an unknown time"


def tables(timeline: QueueTimeline, now: datetime) -> tuple[Table, ...]:
    """Return the items in Redis as a table; none where it was not read, or is empty."""
    items = timeline.reading.items if timeline.reading else ()
    if not items:
        return ()
    size = len(items) if timeline.size is None else timeline.size
    return (
        Table(
            columns=("item", "status", "batch", "age", "retries"),
            rows=tuple(_row(item, now) for item in items[:SHOWN_ITEMS]),
            caption=f"{part_of(min(len(items), SHOWN_ITEMS), size, 'item')}, in queue order",
        ),
    )


def _row(item: QueueItem, now: datetime) -> tuple[Text, ...]:
    age = words(Span(now - item.queued_at)) if item.queued_at else "?"
    batch = item.cj_batch_id or item.bos_batch_id or "?"
    return (short_id(item.queue_id), item.status, batch, age, str(item.retry_count))
