"""A chart is made smaller by merging neighbours: levels keep their peak, counts add up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.chart import Chart, Series, drawable, thinned
from tests.support.charts import QUEUE


def test_merged_levels_keep_their_peak_and_counts_add_up() -> None:
    chart = Chart(
        "t",
        ("a", "b", "c", "d", "e"),
        (
            Series("level", (1.0, None, 6.0, 4.0, 5.0)),
            Series("count", (1.0, 2.0, None, 4.0, None), summed=True),
        ),
        "alt",
        window=(2, 4),
    )
    small = thinned(chart, 3)
    assert small.labels == ("a", "c", "e")
    assert [series.values for series in small.series] == [(1.0, 6.0, 5.0), (3.0, 4.0, None)]
    assert small.window == (1, 2)


@given(st.integers(1, 80))
def test_no_count_is_lost(most: int) -> None:
    small = thinned(QUEUE, most)
    assert len(small.labels) <= most
    assert sum(value or 0 for value in small.series[1].values) == 10
    assert all(len(series.values) == len(small.labels) for series in small.series)


def test_a_chart_without_numbers_is_not_drawable() -> None:
    assert drawable(QUEUE)
    assert not drawable(replace(QUEUE, labels=()))
    assert not drawable(replace(QUEUE, series=(Series("x", (None, float("nan"))),)))
