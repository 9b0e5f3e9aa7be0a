"""What leaves the queue is answered, given back or expired; what is not was lost, however few."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.stuck_queue.unanswered_items import UnansweredItems
from bot.domain.alert import Condition
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from tests.support.kafka_lines import queue_id
from tests.support.queue_lines import line, snapshot
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

# Which items are in Redis at each tick, and what is logged at it.
Tick = tuple[tuple[int, ...], tuple[str, ...]]
ALL = (1, 2, 3, 4)
TAKEN_BY_CJ = f"Processing LLM comparison callback for request {queue_id(2)}"


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


LOST = "left-unanswered LLM queue: {} of batch 34 left the queue unanswered"


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


async def _while_the_log_is_away(*, gone_for: int, told: tuple[str, ...]) -> list[Condition]:
    """Return what is said of two items that leave while CJ's log alone is followed.

    The provider's is back after `gone_for` ticks, and then holds these lines.
    """
    names = {"cj": Role.CJ, "llm": Role.LLM_PROVIDER}
    detector, watches = UnansweredItems(QuietSettings()), []
    for n in range(gone_for + 6):
        at = NOW + n * TICK
        back = n >= gone_for
        llm = at if back else NOW - timedelta(minutes=10)
        events = tuple(line(at, text) for text in told) if n == gone_for else ()
        cj = said(at, TAKEN_BY_CJ, level="info", role=Role.CJ)
        logs = Followed((*events, *((cj,) if n == 2 else ())), names,
                        reached={"cj": at, "llm": llm})  # fmt: skip
        items = (_item(1, None), _item(2, None)) if n < 2 else ()
        watches.append(
            GivenWatch(at, at - TICK, logs=logs, reading=QueueReading(at, len(items), items))
        )
    return [one for one in (await played(detector, watches)).conditions
            if one.rule != "source-unreadable"]  # fmt: skip


@pytest.mark.parametrize("gone_for", [4, 40])
async def test_what_left_while_the_log_was_away_is_named_when_it_is_back(gone_for: int) -> None:
    (one,) = await _while_the_log_is_away(gone_for=gone_for, told=())
    assert (one.rule, one.severity.value, one.count) == ("not-accounted-for", "info", 0)
    assert str(one.headline) == "1 item of the LLM queue is not accounted for"  # CJ took the other
    assert one.since == NOW + 2 * TICK


async def test_what_the_log_tells_when_it_is_back_was_answered() -> None:
    assert not await _while_the_log_is_away(gone_for=4, told=(done(1),))


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


REQUEST = "9c41f7b2-58de-4a36-b1f0-2ab525a2c00{}"
OWN = "2f719e26-a76d-5b73-8a27-f83f52c1e401"


def asked(at: datetime, number: int, batch: str) -> list[LogEvent]:
    """What both services log of one request: its batch, its two ids, and that it is queued."""
    request = REQUEST.format(number)
    wave = f"DEBUG: Created tracking_map with 1 entries for batch {batch}"
    using = f"DEBUG: Using tracking_map correlation ID {request} for task ('a', 'b')"
    taken = "Request queued for processing - results will be delivered via callback"
    ids = {"correlation_id": request, "queue_id": queue_id(number)}
    of_wave, of_batch = {"correlation_id": OWN}, {"batch_correlation_id": OWN}
    return [
        *((by_cj(at, wave, of_wave), by_cj(at, using, of_batch)) if batch else ()),
        line(at, f"Queued request {queue_id(number)} with priority 5, TTL 14400s"),
        by_cj(at, taken, ids),
    ]


def by_cj(at: datetime, text: str, fields: dict[str, str]) -> LogEvent:
    told = said(at, text, level="info", role=Role.CJ)
    return replace(told, fields=fields, text=f"{text} {fields}")


async def by_lines(
    batches: tuple[str, ...], *more: LogEvent, owners: dict[UUID, int] | None = None
) -> Condition:
    """Return the alert of items, each of these batches, that lines alone show to be lost."""
    watches = []
    for n in range(8):
        at = NOW + n * TICK
        events = [one for number, batch in enumerate(batches) for one in asked(at, number, batch)]
        shots = [snapshot(at, 0)] if n and not n % 2 else []
        logs = (*(events if not n else []), *shots, *(one for one in more if one.at == at))
        watches.append(GivenWatch(at, at - TICK, logs=Followed(logs), owners=owners))
    (condition,) = (await played(UnansweredItems(QuietSettings()), watches)).conditions
    return condition


@pytest.mark.parametrize(
    ("batches", "owners", "place", "batch"),
    [
        (("27", "27"), None, "2 items of batch 27 left", "27"),
        # Two waves of one request are of two batches.
        (("26", "27", "27", "27"), None, "4 items of batches 26 and 27 left", ""),
        (("", ""), {UUID(REQUEST.format(n)): 27 for n in range(2)}, "2 items of batch 27 left",
         "27"),
        (("", "27"), None, "2 items, some of batch 27, left", ""),
        (("", ""), None, "2 items left", ""),
    ],
)  # fmt: skip
async def test_lines_tie_a_lost_item_to_its_request_and_lines_or_rows_to_its_batch(
    batches: tuple[str, ...], owners: dict[UUID, int] | None, place: str, batch: str
) -> None:
    condition = await by_lines(batches, owners=owners)
    assert place in str(condition.title)
    assert place in str(condition.headline)
    assert (condition.batch, condition.correlation_id) == (batch, REQUEST.format(0))
    step = f"/batch investigate {batch}" if batch else f"/trace {REQUEST.format(0)}"
    assert str(condition.next[0]) == step


async def test_what_was_swept_is_shown_by_the_line_that_says_so_and_lasts_since_then() -> None:
    swept = line(NOW + TICK, "Cleaned up 2 orphaned queue entries")
    condition = await by_lines(("27", "27"), swept)
    assert condition.since == swept.at
    assert [str(one.text) for one in condition.evidence] == [str(swept.event)]
    assert str(condition.why).startswith("Redis had lost them")


async def test_another_process_goes_on_with_whose_items_are() -> None:
    first, second = (UnansweredItems(QuietSettings()) for _ in range(2))
    logs = Followed(tuple(asked(NOW, 1, "27")))
    second.resume((await first.sample(GivenWatch(NOW, NOW - TICK, logs=logs)),))
    for n in (2, 4):
        at = NOW + n * TICK
        sample = await second.sample(GivenWatch(at, at - TICK, logs=Followed((snapshot(at, 0),))))
    (example,) = sample.data["groups"]["llm_provider"]["examples"]
    assert example["extra"]["batch"] == "27"
