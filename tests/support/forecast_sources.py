"""Sources that come to look worse as a clock goes on, for alerts that warn before it breaks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.batch import BatchHeader, BatchRows, BatchSummary, PairCounts
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.queue import QueueItem, QueueReading
from bot.ports import Sources
from tests.support.fakes.alerts import Clock
from tests.support.fakes.sources import FakeDatabase, FakeQueue

UUID = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"
EVENT_TYPE = "huleedu.cj_assessment.completed.v1"
LIFE = timedelta(hours=4)
MINUTE = timedelta(minutes=1)


@dataclass
class LivingDatabase(FakeDatabase):
    """A database whose only batch is as it is at the clock's moment."""

    clock: Callable[[], datetime] = datetime.now
    at: Callable[[datetime], BatchRows] | None = None

    def _now(self) -> None:
        if self.at is not None:
            self.batches = (self.at(self.clock()),)

    async def open_batches(self, *, limit: int = 500) -> Sequence[BatchSummary]:
        self._now()
        return await super().open_batches(limit=limit)

    async def unpublished(self) -> Sequence[OutboxGroup]:
        self._now()
        return await super().unpublished()


@dataclass
class LivingQueue(FakeQueue):
    """A queue as it is at the clock's moment."""

    clock: Callable[[], datetime] = datetime.now
    at: Callable[[datetime], QueueReading] | None = None

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        assert self.at is not None
        return self.at(self.clock())


def forecast_sources(clock: Clock) -> dict[str, Sources]:
    """Return what each warning gets to see from the clock's moment on."""
    start = clock()

    def under_way(
        now: datetime, pairs: PairCounts, *groups: OutboxGroup, budget: int | None = None
    ) -> BatchRows:
        header = BatchHeader(
            34, UUID, UUID, "PERFORMING_COMPARISONS", "WAITING_CALLBACKS",
            start - timedelta(hours=1), last_activity_at=now, total_budget=budget,
        )  # fmt: skip
        return BatchRows(header, pairs, outbox=groups)

    def slowing(now: datetime) -> BatchRows:
        begun = start - timedelta(hours=1)
        done = 360 + int((now - start) / MINUTE * 0.3)
        return under_way(now, PairCounts(
            total=done + 100, essay_a=done, pending=100, last_completed_at=now,
            first_submitted_at=begun, pending_first_submitted_at=now - MINUTE,
        ))  # fmt: skip

    def unreachable(now: datetime) -> BatchRows:
        return under_way(now, PairCounts(
            total=40, essay_a=11, error=9, pending=20, last_completed_at=now,
            first_submitted_at=start, pending_first_submitted_at=now - MINUTE,
        ), budget=40)  # fmt: skip

    def growing(now: datetime) -> BatchRows:
        waited = now - start
        group = OutboxGroup(EVENT_TYPE, 9, start, now, 1 + int(waited / MINUTE), start)
        is_stuck = waited < timedelta(seconds=200)
        pairs = PairCounts(total=10, essay_a=10, last_completed_at=now)
        return under_way(now, pairs, *((group,) if is_stuck else ()))

    def front(now: datetime) -> QueueReading:
        queued = start - timedelta(hours=3, minutes=20) + (now - start) / 2
        turn = int((now - start) / MINUTE)
        items = tuple(
            QueueItem(
                f"q{turn + place}", "queued" if place else "processing", queued,
                processing_started_at=None if place else now, ttl=LIFE, cj_batch_id="34",
            )
            for place in range(3)
        )  # fmt: skip
        return QueueReading(now, len(items), items)

    def database(at: Callable[[datetime], BatchRows]) -> Sources:
        return Sources(database=LivingDatabase(clock=clock, at=at))

    return {
        "batch_slowing": database(slowing),
        "budget_unreachable": database(unreachable),
        "outbox_growing": database(growing),
        "queue_expiring": Sources(queue=LivingQueue(clock=clock, at=front)),
    }
