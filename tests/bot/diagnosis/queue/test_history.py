"""The queue's past as a chart: from what was sampled and logged, with gaps where nobody looked."""

from datetime import timedelta

from bot.diagnosis.queue.history import Level, levels_of, queue_chart
from bot.diagnosis.queue.log_events import LoopSign, SignKind
from bot.domain.alert import Sample
from tests.support.fakes.sources import at

NOW = at("2025-11-19T00:30:00")
STUCK = at("2025-11-18T23:48:25")


def _levels(*minutes: int, size: int = 1) -> list[Level]:
    return [Level(NOW - timedelta(minutes=one), size) for one in minutes]


def test_an_hour_is_shown_with_gaps_where_nobody_measured() -> None:
    chart = queue_chart(_levels(30, 20, 0), (), NOW)
    assert chart is not None
    assert len(chart.labels) == 60
    assert [value for value in chart.series[0].values if value is not None] == [1.0] * 3
    assert chart.window is None
    assert (chart.labels[0], chart.labels[-1]) == ("59 min ago", "30 s ago")


def test_dispatches_are_counted_in_items_and_the_window_is_the_alerts() -> None:
    signs = [
        LoopSign(at("2025-11-18T23:48:23"), SignKind.DISPATCH, bundle_size=8),
        LoopSign(at("2025-11-18T23:48:39"), SignKind.DISPATCH, bundle_size=2),
        LoopSign(at("2025-11-18T23:50:00"), SignKind.HEARTBEAT),
    ]
    chart = queue_chart(_levels(41, 10, 0), signs, NOW, since=STUCK)
    assert chart is not None
    assert sum(value or 0 for value in chart.series[1].values) == 10
    assert chart.window is not None
    assert chart.window[1] == 59
    assert "2 dispatches were logged, the last 41 min ago" in chart.alt
    assert "Stuck for 41 min." in chart.alt


def test_dispatches_that_nobody_could_read_are_not_drawn_as_none() -> None:
    chart = queue_chart(_levels(30, 0), None, NOW)
    assert chart is not None
    assert [series.name for series in chart.series] == ["size"]
    assert "No dispatch" not in chart.alt
    assert "Dispatches are not known: the logs were not read." in chart.alt


def test_one_number_is_no_history() -> None:
    assert queue_chart(_levels(0), (), NOW) is None
    assert queue_chart([], (), NOW) is None


def test_what_began_long_ago_is_shown_from_before_it_began() -> None:
    since = NOW - timedelta(hours=3)
    chart = queue_chart(_levels(180, 0), (), NOW, since=since)
    assert chart is not None
    assert chart.labels[0] == "193 min ago"


def test_samples_tell_sizes_from_redis_or_from_a_fresh_snapshot() -> None:
    stale, fresh = NOW - timedelta(hours=1), NOW - timedelta(seconds=20)
    samples = [
        Sample(NOW, {"reading": {"size": 7}}),
        Sample(NOW, {"reading": None, "snapshots": [{"at": fresh.isoformat(), "size": 3}]}),
        Sample(NOW, {"reading": None, "snapshots": [{"at": stale.isoformat(), "size": 4}]}),
        Sample(NOW, {"reading": {"size": "many"}, "snapshots": [{"at": "x", "size": 1}]}),
        Sample(NOW, {}),
    ]
    assert [level.size for level in levels_of(samples)] == [7, 3]
