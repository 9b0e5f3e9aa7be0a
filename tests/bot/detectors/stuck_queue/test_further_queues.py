"""A further queue is stuck when the same item stands at its front for long."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.alerts.policy.window import extended
from bot.detectors.stuck_queue.further_queues import FurtherQueues, FurtherQueuesSettings
from bot.domain.alert import Judgement, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.queue import QueueFront
from tests.support.fakes.sources import at
from tests.support.watches import GivenWatch

START = at("2025-11-19T00:30:00")
TICK = timedelta(seconds=15)
Look = list[QueueFront] | Missing | None


async def judged(looks: Sequence[Look | int]) -> Judgement:
    """Judge after one look a tick; a number stands for ticks without any."""
    detector = FurtherQueues(FurtherQueuesSettings())
    window: Window | None = None
    now: datetime = START
    for look in looks:
        if isinstance(look, int):
            now += look * TICK
            continue
        sample = await detector.sample(GivenWatch(now, now - TICK, others=look))
        window = extended(window, sample, timedelta(seconds=detector.window_seconds))
        now += TICK
    assert window is not None
    return detector.judge(window, now - TICK)


def front(id: str, status: str = "processing") -> list[QueueFront]:
    return [QueueFront("a:queue", id, status), QueueFront("b:queue")]


async def test_the_same_front_for_five_minutes_is_frozen() -> None:
    found = await judged([front("q1") for _ in range(21)])
    (condition,) = found.conditions
    assert (condition.subject, condition.rule) == ("a:queue", "queue-frozen")
    assert condition.since == START
    assert "/queue status a:queue" in condition.title


@pytest.mark.parametrize(
    "looks",
    [
        [front("q1") for _ in range(20)],
        [front(f"q{n}") for n in range(60)],
        [front("q1", status="queued" if n < 10 else "processing") for n in range(25)],
        [*(front("q1") for _ in range(30)), front("q2")],
        [*(front("q1") for _ in range(30)), []],
        [None for _ in range(30)],
    ],
    ids=["not yet", "turns over", "was taken up", "moved", "emptied", "not configured"],
)
async def test_a_queue_that_moves_or_is_young_is_not_frozen(looks: list[Look]) -> None:
    found = await judged(looks)
    assert (found.sight, found.conditions) == (Sight.CLEAR, ())


async def test_a_pause_of_the_bot_is_no_motion_of_the_queue() -> None:
    paused = timedelta(minutes=15) / TICK
    looks: list[Look | int] = [*(front("q1") for _ in range(25)), int(paused), front("q1")]
    found = await judged(looks)
    assert (found.conditions, set(found.held)) == ((), {"a:queue"})
    assert (await judged([*looks[:-1], front("q2"), front("q3")])).held == {}


async def test_a_redis_that_cannot_be_read_is_told_and_proves_no_motion() -> None:
    gone = Missing("llm_queue", "Redis cannot be reached")
    assert (await judged([front("q1"), gone])).sight is Sight.UNREADABLE
    looks = [front("q1") if n % 3 else gone for n in range(1, 24)]
    assert len((await judged(looks)).conditions) == 1
