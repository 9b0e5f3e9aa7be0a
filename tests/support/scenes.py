"""Batches and watches of detector tests, and how a detector is run over a stretch of time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.alerts.policy.window import extended
from bot.border.outside import raw
from bot.domain.alert import Condition, Judgement, Window
from bot.domain.batch import BatchHeader, BatchRows, BatchSummary, PairCounts
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Service
from bot.domain.queue import QueueItem, QueueReading
from bot.ports import Detector, Sources
from tests.support.fakes.sources import SERVICES, FakeDatabase, FakeLogs, FakeQueue, context
from tests.support.leads import alert_leads_to_nothing, fails_of
from tests.support.watches import GivenWatch

NOW = datetime(2025, 11, 19, 0, 30, tzinfo=UTC)
NAMES = {one.role: one.name for one in SERVICES}
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
    seen = []
    for watch in watches:
        seen.append(watch)
        sample = await detector.sample(watch)
        keep = timedelta(seconds=detector.window_seconds + 300)
        window = extended(window, sample, keep)
        judgement = detector.judge(window, watch.now)
    assert judgement is not None
    if judgement.conditions:
        await _follow(detector.name, judgement, seen)
    return judgement


async def _follow(name: str, judgement: Judgement, seen: Sequence[GivenWatch]) -> None:
    """Follow each command that its alerts offer, on what the detector saw."""
    sources, services = sources_shown(seen)
    asked = context(sources, seen[-1].now, options={"services": services})
    for condition in judgement.conditions:
        fails_of(await alert_leads_to_nothing(name, condition, asked))


def _written(event: LogEvent) -> LogEvent:
    """Return an event as a service's log holds it, whose line names its level."""
    text = event.text or f"{event.at} [{event.level}] {raw(event.event)}"
    return replace(event, service=NAMES.get(event.role, event.service), text=text)


def sources_shown(seen: Sequence[GivenWatch]) -> tuple[Sources, tuple[Service, ...]]:
    """Return sources that hold what watches showed, and the services whose lines they had."""
    last = seen[-1]
    followed = [one.logs for one in seen if isinstance(one.logs, Followed)]
    events = {id(event): _written(event) for one in followed for event in one.events}.values()
    lived = (Service(one.service, one.container, one.role) for one in events)
    services = tuple(dict.fromkeys([*SERVICES, *lived]))
    rows = [
        BatchRows(one.header, one.pairs, projections=one.projections)
        for one in (last.batches if isinstance(last.batches, Sequence) else ())
    ]
    logs = FakeLogs(list(events), services, seen[0].since) if events else None
    queue = FakeQueue(last.reading) if isinstance(last.reading, QueueReading) else None
    return Sources(database=FakeDatabase(rows) if rows else None, logs=logs, queue=queue), services


def told(judgement: Judgement, pick: Callable[[Condition], Any] = lambda c: c.rule) -> list[Any]:
    """Return one thing of each condition, in order."""
    return [pick(condition) for condition in judgement.conditions]
