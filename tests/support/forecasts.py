"""Watches over something that is about to go wrong, for tests of warnings."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.domain.batch import PairCounts
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.followed import Followed
from bot.domain.log import LogEvent
from bot.domain.queue import QueueItem, QueueReading
from tests.support.fakes.sources import LPS, event
from tests.support.scenes import NOW, TICK, batch
from tests.support.watches import GivenWatch

EVENT_TYPE = "huleedu.cj_assessment.completed.v1"
LIFE = timedelta(hours=4)


def over(minutes: float, make: Callable[[datetime], GivenWatch]) -> Iterable[GivenWatch]:
    """Yield a watch for each tick of so many minutes until now."""
    ticks = int(timedelta(minutes=minutes) / TICK)
    return (make(NOW - TICK * number) for number in reversed(range(ticks + 1)))


def watched(at: datetime, **given: object) -> GivenWatch:
    """Return a tick's watch over given values."""
    return GivenWatch(at, at - TICK, **given)  # type: ignore[arg-type]


def outbox(waited: float, *, grown: int = 0, tries: int = 0) -> Iterable[GivenWatch]:
    """Return an outbox whose oldest event has waited so many seconds, with so many more since."""
    since = NOW - timedelta(seconds=waited)

    def at(now: datetime) -> GivenWatch:
        share = max(0.0, 1 - (NOW - now).total_seconds() / waited)
        count, tried = 1 + int(grown * share), int(tries * share)
        group = OutboxGroup(EVENT_TYPE, count, since, now, count, since, tried)
        return watched(now, outbox=(group,) if now >= since else ())

    return over(6, at)


def front(waited: timedelta, *, moves: float = 0.0, minutes: float = 14) -> Iterable[GivenWatch]:
    """Return a queue whose front has waited so long, and moves by `moves` seconds a second."""

    def at(now: datetime) -> GivenWatch:
        queued = NOW - waited - (NOW - now) * moves
        items = (
            QueueItem("q0", "processing", queued, ttl=LIFE, cj_batch_id="34"),
            *(QueueItem(f"q{n}", "queued", queued, ttl=LIFE, cj_batch_id="34") for n in (1, 2)),
        )
        return watched(now, reading=QueueReading(now, 3, items))

    return over(minutes, at)


def slowed(
    *, before: float, late: float, pending: int = 100, age: timedelta = timedelta(hours=1)
) -> Iterable[GivenWatch]:
    """Return a batch that answered so many a minute, and for 21 minutes now only `late`."""
    begun, slow = NOW - age, NOW - timedelta(minutes=21)

    def at(now: datetime) -> GivenWatch:
        fast = (min(now, slow) - begun) / timedelta(minutes=1) * before
        after = max(0.0, (now - slow) / timedelta(minutes=1)) * late
        done = int(fast + after)
        pairs = PairCounts(
            total=done + pending,
            essay_a=done,
            pending=pending,
            first_submitted_at=begun,
            pending_first_submitted_at=begun,
        )
        return watched(now, batches=(batch(34, pairs=pairs, created_at=begun),))

    return over(24, at)


def failed(errors: int, answered: int, budget: int | None = 40, **header: object) -> GivenWatch:
    """Return a batch under way of which so many failed."""
    pairs = PairCounts(total=40, essay_a=answered - errors, error=errors, pending=40 - answered)
    return watched(NOW, batches=(batch(34, pairs=pairs, total_budget=budget, **header),))


def retried(
    *tries: tuple[float, int, int],
    done: int = 0,
    answered: tuple[float, int] = (0, 0),
    end: str = "Request {} completed successfully, correlation_id: y",
) -> Iterable[GivenWatch]:
    """Return a log in which requests are given back: (minutes ago, at which try, how many).

    `answered` of them end, (minutes ago, how many); `done` others are answered a minute ago.
    """
    lines = [
        event(
            NOW - timedelta(minutes=minutes),
            f"Requeueing request {number} for retry ({tried}/3)",
            LPS,
        )
        for minutes, tried, count in tries
        for number in range(count)
    ]
    text = "Request x completed successfully, correlation_id: y"
    lines += [event(NOW - timedelta(minutes=1), text, LPS) for _ in range(done)]
    over_at = NOW - timedelta(minutes=answered[0])
    lines += [event(over_at, end.format(number), LPS) for number in range(answered[1])]

    def at(now: datetime) -> GivenWatch:
        mine: list[LogEvent] = [
            one for one in lines if one.at is not None and now - TICK < one.at <= now
        ]
        return watched(now, logs=Followed(tuple(mine)))

    return over(12, at)
