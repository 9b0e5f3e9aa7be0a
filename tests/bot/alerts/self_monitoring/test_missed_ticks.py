from datetime import UTC, datetime, timedelta

import pytest

from bot.alerts.self_monitoring.missed_ticks import Gap, gap_between, judge_missed_ticks
from bot.domain.words import Time, words

NOW = datetime(2025, 11, 19, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "lived", "is_gap"),
    [
        (4, None, False),  # a restart
        (15, None, True),  # the process was away
        (15, 900.0, True),  # the process stood still
        (60, 15.0, False),  # the clock was set forward
        (-60, 15.0, False),  # the clock was set back
    ],
)
def test_a_gap_is_time_without_ticks_and_not_a_stepped_clock(
    minutes: int, lived: float | None, is_gap: bool
) -> None:
    found = gap_between(NOW - timedelta(minutes=minutes), NOW, lived)
    assert (found is not None) is is_gap


def test_a_gap_is_said_for_a_while_and_then_over() -> None:
    gap = Gap(NOW - timedelta(minutes=40), NOW)
    (condition,) = judge_missed_ticks(gap, NOW + timedelta(minutes=1)).conditions
    assert (
        "between 2025-11-18T23:20:00+00:00 and 2025-11-19T00:00:00+00:00 (40 min)"
        in condition.title
    )
    over = judge_missed_ticks(gap, NOW + timedelta(minutes=15))
    assert (over.conditions, over.closing) == (
        (),
        {"ticks": words("on time", Time(NOW, " since "))},
    )
    assert judge_missed_ticks(None, NOW).conditions == ()


@pytest.mark.parametrize("left", [None, {}, {"begin": "x", "end": "y"}, {"begin": None}, 7])
def test_what_was_left_is_read_again_and_anything_else_is_none(left: object) -> None:
    gap = Gap(NOW - timedelta(minutes=40), NOW)
    assert Gap.from_json(gap.to_json()) == gap
    assert Gap.from_json(left) is None
