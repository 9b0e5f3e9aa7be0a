"""Charts as text: levels over time, bars, what nobody measured."""

import pytest

from bot.cli.sparkline import LINE_CELLS, chart_lines
from bot.domain.chart import Chart, ChartKind, Series


def test_a_level_over_time_is_a_sparkline_with_its_span() -> None:
    chart = Chart("Queue", ("23:00", "23:01", "23:02"), (Series("size", (0, 4, 8)),), "grows")
    assert chart_lines(chart) == ["Queue", "size  ▁▅█  0 to 8", "      23:00 … 23:02"]


def test_what_nobody_measured_is_a_blank() -> None:
    chart = Chart("Queue", ("a", "b", "c"), (Series("size", (1, None, float("nan"))),), "")
    assert chart_lines(chart)[1] == "size  █    1 to 1"


def test_many_points_keep_their_peak_in_few_cells() -> None:
    values = tuple(9.0 if one == 777 else 1.0 for one in range(1_000))
    chart = Chart("Queue", tuple(map(str, range(1_000))), (Series("size", values),), "")
    line = chart_lines(chart)[1]
    assert line.count("█") == 1
    assert len(line) < LINE_CELLS + 30


def test_categories_are_bars() -> None:
    chart = Chart(
        "Funnel", ("sent", "stored"), (Series("pairs", (100, 50)),), "", kind=ChartKind.BAR
    )
    _, sent, stored = chart_lines(chart)
    assert sent == f"sent    {'█' * 24} 100"
    assert stored == f"stored  {'█' * 12} 50"


def test_two_series_of_bars_are_told_apart() -> None:
    series = (Series("left", (1,)), Series("right", (None,)))
    lines = chart_lines(Chart("x", ("step",), series, "", kind=ChartKind.BAR))
    assert lines[1].endswith("1 left")
    assert lines[2] == "      not measured right"


@pytest.mark.parametrize("values", [(), (None,)])
def test_nothing_to_draw_is_no_chart(values: tuple[float | None, ...]) -> None:
    labels = tuple("a" for _ in values)
    assert chart_lines(Chart("x", labels, (Series("y", values),), "")) == []


def test_counts_over_time_are_a_row_of_marks_each_though_they_are_drawn_as_bars() -> None:
    series = (Series("well", (1, 0), summed=True), Series("did not", (0, 1), summed=True))
    lines = chart_lines(Chart("x", ("2 d ago", "last 24 h"), series, "", kind=ChartKind.BAR))
    assert [line.split()[-3:] for line in lines[1:3]] == [["0", "to", "1"]] * 2
    assert lines[3].strip() == "2 d ago … last 24 h"
