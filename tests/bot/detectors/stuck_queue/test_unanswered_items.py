"""What leaves the queue is answered, given back or expired; what is not was lost, however few."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.stuck_queue.unanswered_items import UnansweredItems
from bot.domain.alert import Condition
from bot.domain.evidence import Missing
from bot.domain.log import Followed
from bot.domain.queue import QueueItem, QueueReading
from tests.support.kafka_lines import queue_id
from tests.support.queue_lines import line
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch

# Which items are in Redis at each tick, and what is logged at it.
Tick = tuple[tuple[int, ...], tuple[str, ...]]
ALL = (1, 2, 3, 4)


def done(number: int) -> str:
    return f"Request {queue_id(number)} completed successfully, correlation_id: c"


async def judged(*ticks: Tick, lost_lines: int = 0, ttl: timedelta | None = None) -> list[str]:
    found = await conditions(*ticks, lost_lines=lost_lines, ttl=ttl)
    return [one.rule + " " + str(one.title).split(" since ")[0] for one in found]


async def conditions(
    *ticks: Tick, lost_lines: int = 0, ttl: timedelta | None = None
) -> tuple[Condition, ...]:
    watches = []
    for n, (numbers, texts) in enumerate(ticks):
        at = NOW + n * TICK
        items = tuple(_item(number, ttl) for number in numbers)
        logs = Followed(tuple(line(at, text) for text in texts), lost=lost_lines)
        heard = replace(logs, events=(*logs.events, line(at, "Queue processor stats")))
        reading = QueueReading(at, len(items), items)
        watches.append(GivenWatch(at, at - TICK, logs=heard, reading=reading))
    return (await played(UnansweredItems(QuietSettings()), watches)).conditions


def _item(number: int, ttl: timedelta | None) -> QueueItem:
    queued: datetime = NOW - timedelta(minutes=1)
    return QueueItem(queue_id(number), "queued", queued, ttl=ttl, cj_batch_id="34",
                     correlation_id=f"c{number}")  # fmt: skip


LOST = "left-unanswered LLM queue: {} left the queue unanswered"


@pytest.mark.parametrize(
    ("ticks", "said"),
    [
        # All at once: a flush.
        ([(ALL, ()), ((), ()), ((), ())], [LOST.format("4 items")]),
        # One beside others that were answered.
        ([(ALL, ()), ((2,), (done(1), done(3))), ((2,), ())], [LOST.format("1 item")]),
        # Answered: before, beside or after it leaves.
        ([((1,), (done(1),)), ((), ()), ((), ())], []),
        ([((1,), ()), ((), (done(1),)), ((), ())], []),
        ([((1,), ()), ((), ()), ((), (done(1),))], []),
        # Gone at one look alone proves nothing.
        ([((1,), ()), ((), ())], []),
        # Given back: the same id is there again.
        ([((1,), ()), ((), ()), ((1,), ())], []),
        ([((1,), ()), ((), (f"Requeueing request {queue_id(1)} for retry (1/3)",)), ((), ())], []),
        ([((1,), ()), ((), (f"Request {queue_id(1)} has expired, c",)), ((), ())], []),
    ],
)
async def test_items_are_held_by_their_ids(ticks: list[Tick], said: list[str]) -> None:
    assert await judged(*ticks) == said


async def test_logs_with_a_gap_account_for_nothing() -> None:
    (condition,) = await conditions((ALL, ()), ((), ()), ((), ()), lost_lines=3)
    assert (condition.rule, condition.severity.value) == ("not-accounted-for", "info")


@pytest.mark.parametrize("logs", [None, Missing("logs", "refused"), Followed(())])
async def test_without_the_providers_log_what_leaves_says_nothing(
    logs: Followed | Missing | None,
) -> None:
    watches = []
    for n, items in enumerate([(_item(1, None),), (), (), ()]):
        at = NOW + n * TICK
        reading = QueueReading(at, len(items), items)
        watches.append(GivenWatch(at, at - TICK, logs=logs, reading=reading))
    found = (await played(UnansweredItems(QuietSettings()), watches)).conditions
    assert {one.rule for one in found} <= {"source-unreadable"}


async def test_a_redis_that_comes_back_empty_has_lost_its_items() -> None:
    watches = []
    for n in range(6):
        at = NOW + n * TICK
        logs = Followed((line(at, "Queue processor stats"),))
        items = (_item(1, None), _item(2, None)) if n < 2 else ()
        reading = QueueReading(at, len(items), items)
        # At the third tick one ends while Redis is away.
        if n == 2:
            logs = replace(logs, events=(*logs.events, line(at, done(2))))
        seen = Missing("llm_queue", "connection refused") if n in (2, 3) else reading
        watches.append(GivenWatch(at, at - TICK, logs=logs, reading=seen))
    (condition,) = (await played(UnansweredItems(QuietSettings()), watches)).conditions
    assert (condition.rule, condition.correlation_id) == ("left-unanswered", "c1")


@pytest.mark.parametrize(("answered", "rules"), [(True, []), (False, ["left-unanswered"])])
async def test_while_the_logs_of_before_are_being_read_no_item_is_missed(
    answered: bool, rules: list[str]
) -> None:
    watches = []
    for n in range(7):
        at = NOW + n * TICK
        items = (_item(1, None),) if n < 1 else ()
        said = [line(at, done(1))] if n == 4 and answered else []
        logs = Followed((line(at, "Queue processor stats"), *said), behind=n in (1, 2, 3))
        reading = QueueReading(at, len(items), items)
        watches.append(GivenWatch(at, at - TICK, logs=logs, reading=reading))
    found = (await played(UnansweredItems(QuietSettings()), watches)).conditions
    assert [one.rule for one in found] == rules


async def test_what_its_time_to_live_removes_is_another_alert_s() -> None:
    ticks: list[Tick] = [((1,), ()), ((), ()), ((), ())]
    assert await judged(*ticks, ttl=timedelta(minutes=1, seconds=10)) == []


async def test_it_names_the_batch_and_a_comparison() -> None:
    (condition,) = await conditions((ALL, ()), ((), ()), ((), ()))
    assert (condition.batch, condition.correlation_id) == ("34", "c1")
    assert told(await played(UnansweredItems(QuietSettings()), [GivenWatch(NOW, NOW - TICK)])) == []


async def test_a_later_loss_is_news_of_its_own() -> None:
    both = [(ALL, ()), ((3, 4), ()), ((3, 4), ())]
    later = [*both, *[((3, 4), ())] * 12, ((), ()), ((), ())]
    (first,), (second,) = await conditions(*both), await conditions(*later)
    assert first.known != second.known
    assert ", the last at " in second.title
    assert ", the last at " not in first.title
