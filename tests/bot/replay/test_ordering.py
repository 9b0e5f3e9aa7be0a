from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import LogEvent, Role
from bot.replay.ordering import LONGEST_STRETCH, in_order

START = datetime(2026, 3, 4, 8, tzinfo=UTC)
FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _event(at: datetime | None) -> LogEvent:
    return LogEvent(at=at, service="s", container="c", role=Role.OTHER, level="info", event="e")


def _at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def _ordered(*times: datetime | None) -> list[datetime | None]:
    return [event.at for event in in_order(_event(at) for at in times)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((_at(0), FUTURE, _at(1), _at(2)), [_at(0), _at(0), _at(1), _at(2)]),
        ((FUTURE, _at(0), _at(1)), [_at(0), _at(0), _at(1)]),
        ((_at(0), _at(1), FUTURE), [_at(0), _at(1), _at(1)]),
        ((_at(60), _at(0), _at(61), _at(1)), [_at(0), _at(0), _at(0), _at(1)]),
        ((_at(0), _at(600), _at(601)), [_at(0), _at(600), _at(601)]),
        ((_at(0), _at(2), _at(1.5), _at(3)), [_at(0), _at(2), _at(2), _at(3)]),
        ((_at(100), _at(101), _at(0), _at(102)), [_at(0), _at(0), _at(0), _at(102)]),
        ((None, _at(0), None), [_at(0)]),
        ((FIRST, _at(0), _at(1)), [FIRST, _at(0), _at(1)]),
        ((_at(0), LAST, _at(1)), [_at(0), _at(0), _at(1)]),
    ],
    ids=[
        "one line dated ahead",
        "the first line dated ahead",
        "the last line dated ahead",
        "naive lines an hour ahead of the others",
        "a night without a word",
        "two streams that mix",
        "lines ahead of one that comes later",
        "lines without a time",
        "a line at the beginning of time",
        "a line at the end of time",
    ],
)
def test_times_that_slip_take_the_time_reached(
    times: tuple[datetime | None, ...], expected: list[datetime]
) -> None:
    assert _ordered(*times) == expected


def test_an_older_piece_after_a_newer_one_is_not_told_again() -> None:
    newer = [_at(60 + number / 10) for number in range(2 * LONGEST_STRETCH)]
    assert _ordered(*newer, *(_at(number) for number in range(10))) == newer


def test_a_stretch_of_a_clock_that_was_ahead_is_moved_back_as_a_whole() -> None:
    """A host's clock was 25 minutes ahead until it was set right: no line after it is lost."""
    before, right = [_at(number / 600) for number in range(600)], [_at(6 + n) for n in range(40)]
    fast = [_at(26 + number / 600) for number in range(1_800)]
    told: list[timedelta] = []
    late: list[object] = []
    events = (_event(at) for at in (*before, *fast, *right))
    found = [one.at for one in in_order(events, late.append, ahead=lambda _, by: told.append(by))]
    assert not late
    assert found[-len(right) :] == right
    assert timedelta(minutes=22) < told[0] < timedelta(minutes=26)
    moved = [one for one in found[len(before) : -len(right)] if one]
    assert moved == [at - told[0] for at in fast]


def test_an_older_piece_after_a_jump_is_no_clock_that_was_ahead() -> None:
    first, later = (
        [_at(number / 10) for number in range(100)],
        [_at(60 + n / 10) for n in range(900)],
    )
    assert _ordered(*first, *later, *first) == [*first, *later]


@given(st.lists(st.datetimes(timezones=st.just(UTC)) | st.sampled_from([FIRST, START, LAST])))
def test_the_order_never_steps_back(given: list[datetime]) -> None:
    times = [at for at in _ordered(*given) if at]
    assert times == sorted(times)


@given(st.lists(st.integers(min_value=0, max_value=86_400), min_size=1))
def test_what_is_in_order_stays_as_it_is(seconds: list[int]) -> None:
    times = [START + timedelta(seconds=n) for n in sorted(seconds)]
    assert _ordered(*times) == times
