"""Which entries of the queue were answered and only stand in it still, by the lines on them."""

from datetime import timedelta

import pytest

from bot.diagnosis.queue.log_events import signs_of
from bot.diagnosis.queue.open_requests import OpenRequests
from bot.domain.log import LogEvent
from bot.domain.queue import QueueItem, QueueReading
from tests.support.queue_lines import line, snapshot
from tests.support.scenes import NOW, TICK

IDS = [f"5352ba4c-6226-458c-aa82-{n:012}" for n in range(9)]
REQUESTS = [f"86e26627-1135-4553-bfbf-{n:012}" for n in range(9)]
HOUR = timedelta(hours=1)


def empty(tick: float = -1) -> LogEvent:
    return snapshot(NOW + TICK * tick, 0)


def asked(n: int, tick: float = 0) -> LogEvent:
    text = f"Queuing LLM request for provider anthropic, correlation_id: {REQUESTS[n]}"
    return line(NOW + TICK * tick, text)


def queued(n: int, tick: float = 0) -> LogEvent:
    return line(NOW + TICK * tick, f"Queued request {IDS[n]} with priority 5, TTL 3600s")


def bound(n: int, tick: float = 0) -> LogEvent:
    text = (
        f"Request queued successfully for provider anthropic, queue_id: {IDS[n]}, "
        f"correlation_id: {REQUESTS[n]}"
    )
    return line(NOW + TICK * tick, text)


def came(*numbers: int, tick: float = 0) -> list[LogEvent]:
    return [one(n, tick) for n in numbers for one in (asked, queued, bound)]


def done(n: int, tick: float = 1, request: int | None = None) -> LogEvent:
    of = REQUESTS[n if request is None else request]
    text = f"Request {IDS[n]} completed successfully, correlation_id: {of}"
    return line(NOW + TICK * tick, text)


def left(*events: LogEvent, sound: bool = True) -> tuple[int, int]:
    """Return how many of the last snapshot's entries wait without a worker, and were answered."""
    shot = OpenRequests().after(events).after((), sound=sound).after(
        [snapshot(NOW + 9 * TICK, 3)]
    ).snapshots[-1]  # fmt: skip
    return shot.without_worker, shot.answered


def test_what_was_answered_and_stands_in_the_queue_still_has_no_one_waiting() -> None:
    assert left(empty(), *came(0, 1, 2)) == (3, 0)
    assert left(empty(), *came(0, 1, 2), done(0), done(2)) == (1, 2)
    assert left(empty(), *came(0, 1, 2), done(0), done(1), done(2)) == (0, 3)


def test_an_entry_whose_request_was_answered_by_another_entry_is_answered() -> None:
    again = [asked(0), queued(3), bound(3)]
    both = [*came(0, 1, 2), asked(0, 0.5), queued(3, 0.5), done(3, request=0)]
    assert left(empty(), *both) == (2, 1)
    # CJ asked a second time as the provider failed after it had queued: no line ties the first.
    untied = [asked(0), queued(0), asked(1), queued(1), *again[:2], done(3, request=0)]
    assert left(empty(), *untied, done(1)) == (0, 3)


def test_nothing_is_said_to_be_answered_where_not_all_was_read() -> None:
    """Else what was in the queue before would count as answered."""
    answered = [*came(0, 1, 2), done(0), done(1), done(2)]
    assert left(*answered) == (3, 0)
    assert left(empty(), *answered, sound=False) == (3, 0)
    # Three stand in it that no line queued, and one was answered.
    assert left(empty(), *came(0), done(0)) == (2, 1)
    assert left(empty(), done(0), done(1), done(2)) == (3, 0)


def test_what_waits_is_not_counted_with_what_does_not() -> None:
    state = OpenRequests().after([empty(), *came(0, 1, 2), done(0)])
    (shot,) = state.after([snapshot(NOW + 9 * TICK, 3, 2)]).snapshots
    assert (shot.without_worker, shot.answered) == (0, 1)


@pytest.mark.parametrize(
    ("answered", "swept", "lost"),
    [((), 3, 3), ((0,), 3, 2), ((0, 1, 2), 3, 0), ((0, 1), 2, 1)],
)
def test_of_what_a_clean_up_drops_those_are_lost_that_had_no_answer(
    answered: tuple[int, ...], swept: int, lost: int
) -> None:
    at = NOW + HOUR + TICK
    clean = line(at, f"Cleaned up {swept} expired requests")
    state = OpenRequests().after([empty(), *came(0, 1, 2), *map(done, answered), clean])
    assert sum(one.count for one in state.told(signs_of([clean]))) == lost


def test_a_request_that_was_given_back_has_the_time_that_it_had() -> None:
    """Its line says the whole time to live again."""
    again = line(NOW + HOUR, f"Queued request {IDS[0]} with priority 5, TTL 3600s")
    clean = line(NOW + HOUR + TICK, "Cleaned up 1 expired requests")
    state = OpenRequests().after([empty(), *came(0, 1), done(1), again, clean])
    assert [one.count for one in state.expired] == [1]


def test_redis_shows_what_was_answered_for_as_long_as_it_is_there() -> None:
    items = (
        QueueItem(IDS[0], "processing", correlation_id=REQUESTS[0]),
        QueueItem(IDS[1], "processing", correlation_id=REQUESTS[1]),
        QueueItem(IDS[2], "queued", correlation_id=REQUESTS[0]),
    )
    reading = QueueReading(NOW, 3, items)
    state = OpenRequests().after([done(5, request=0)])
    assert [one.status for one in state.marked(reading).items] == [
        "completed", "processing", "queued",
    ]  # fmt: skip
    here = [IDS[0], REQUESTS[0]]
    others = [
        line(NOW, f"Request {n:08}-6226-458c-aa82-000000000000 completed successfully")
        for n in range(900)
    ]
    assert state.after(others, here).after((), here).marked(reading).items[0].status == "completed"
