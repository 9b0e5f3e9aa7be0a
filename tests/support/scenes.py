"""Batches and watches of detector tests, and how a detector is run over a stretch of time."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.alerts.policy.window import extended
from bot.domain.alert import Condition, Judgement, Window
from bot.domain.batch import BatchHeader, BatchSummary, PairCounts
from bot.domain.queue import QueueItem, QueueReading
from bot.ports import Detector
from tests.support.watches import GivenWatch

NOW = datetime(2025, 11, 19, 0, 30, tzinfo=UTC)
TICK = timedelta(seconds=15)
UUID = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def batch(number: int = 34, **changes: Any) -> BatchSummary:
    """Return an open batch that was active just now; pair counts are given as `pairs`."""
    pairs = changes.pop("pairs", PairCounts(total=10, essay_a=10, last_completed_at=ago(seconds=5)))
    values: dict[str, Any] = {
        "status": "PERFORMING_COMPARISONS",
        "state": "WAITING_CALLBACKS",
        "created_at": ago(hours=2),
        "last_activity_at": ago(seconds=5),
        **changes,
    }
    return BatchSummary(BatchHeader(number, UUID, UUID, **values), pairs)


def pending(count: int, since: datetime, **changes: Any) -> PairCounts:
    """Return pairs of which `count` wait since a moment."""
    return PairCounts(
        total=10, essay_a=10 - count, pending=count, pending_first_submitted_at=since, **changes
    )


def queue(*statuses: str, batch: int = 34) -> QueueReading:
    """Return a queue that holds an item of a batch in each status."""
    items = tuple(
        QueueItem(f"q{n}", status, cj_batch_id=str(batch)) for n, status in enumerate(statuses)
    )
    return QueueReading(NOW, len(items), items)


async def judged(
    detector: Detector, watch: GivenWatch, *, minutes: float = 6, until: datetime = NOW
) -> Judgement:
    """Show a detector the same for a while, and return what it concludes at the end."""
    ticks = int(timedelta(minutes=minutes) / TICK)
    times = (until - TICK * n for n in reversed(range(ticks + 1)))
    return await played(detector, (replace(watch, now=at, since=at - TICK) for at in times))


async def played(detector: Detector, watches: Iterable[GivenWatch]) -> Judgement:
    """Show a detector one watch after the other, and return what it concludes at the end."""
    window: Window | None = None
    judgement: Judgement | None = None
    for watch in watches:
        sample = await detector.sample(watch)
        keep = timedelta(seconds=detector.window_seconds + 300)
        window = extended(window, sample, keep)
        judgement = detector.judge(window, watch.now)
    assert judgement is not None
    return judgement


def told(judgement: Judgement, pick: Callable[[Condition], Any] = lambda c: c.rule) -> list[Any]:
    """Return one thing of each condition, in order."""
    return [pick(condition) for condition in judgement.conditions]
