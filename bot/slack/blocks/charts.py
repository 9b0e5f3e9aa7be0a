"""Charts as Slack's own data_visualization blocks, and as lines of text where those are refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.chart import MAX_SERIES, Chart, ChartKind, Series, drawable, is_number, thinned
from bot.slack.blocks.elements import Block, context, preformatted
from bot.slack.blocks.mrkdwn import literal, mrkdwn

CHART = "data_visualization"
MAX_CHARTS = 2
MAX_CATEGORIES = 20
TITLE_CHARS = 50
NAME_CHARS = 20
SPARK_CELLS = 12
AXIS_CHARS = 50
ALT_CHARS = 600
BAR_CELLS = 12
SPARKS = "▁▂▃▄▅▆▇█"
IN_ALERT = "in alert"


def chart_blocks(chart: Chart) -> Iterator[Block]:
    """Yield the chart, and what it shows in words: Slack's block has no alternative text."""
    if not drawable(chart):
        return
    block = visualization(chart)
    if block:
        yield block
    yield context(mrkdwn(chart.alt, ALT_CHARS) or mrkdwn(chart.title, TITLE_CHARS))


def visualization(chart: Chart) -> Block | None:
    """Return Slack's block; None when the first series has too few numbers to say anything.

    Slack wants one number for each category of each series, so a category without a measurement
    is left out, and the alert's window becomes a series of its own.
    """
    small = thinned(chart, MAX_CATEGORIES)
    if not small.series:
        return None
    shown = [*small.series[: MAX_SERIES - 1], *_window(small)]
    places = [place for place, value in enumerate(shown[0].values) if is_number(value)]
    if len(places) < (1 if chart.kind is ChartKind.BAR else 2):
        return None
    labels = _unique(literal(small.labels[place], NAME_CHARS) or "-" for place in places)
    names = _unique(literal(series.name, NAME_CHARS) or "-" for series in shown)
    return {
        "type": CHART,
        "title": literal(chart.title, TITLE_CHARS) or "Chart",
        "chart": {
            "type": "bar" if chart.kind is ChartKind.BAR else "line",
            "series": [
                {"name": name, "data": _points(labels, places, series)}
                for name, series in zip(names, shown, strict=True)
            ],
            "axis_config": {
                "categories": labels,
                **({"y_label": literal(chart.y_label, AXIS_CHARS)} if chart.y_label else {}),
            },
        },
    }


def as_text(block: Mapping[str, Any]) -> Block:
    """Return a chart block as text: a bar for each category, or a row of marks for a line."""
    chart = block.get("chart") or {}
    series = chart.get("series") or []
    lines = [str(block.get("title") or "Chart")]
    lines += _bar_lines(series) if chart.get("type") == "bar" else _spark_lines(series)
    return preformatted(lines)


def _points(labels: Sequence[str], places: Sequence[int], series: Series) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": _number(series.values[place])}
        for label, place in zip(labels, places, strict=True)
    ]


def _number(value: float | None) -> float | int:
    if value is None or not is_number(value):
        return 0
    return int(value) if value == int(value) else round(value, 3)


def _window(chart: Chart) -> Iterator[Series]:
    if chart.window is None or not chart.series:
        return
    first, last = chart.window
    known = [v for v in chart.series[0].values if v is not None and is_number(v)]
    top = max(known, default=1) or 1
    yield Series(
        IN_ALERT,
        tuple(float(top) if first <= place <= last else 0.0 for place in range(len(chart.labels))),
    )


def _unique(names: Iterator[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, candidate = 2, name
        while candidate in found:
            mark = f" {number}"
            candidate = f"{name[: NAME_CHARS - len(mark)]}{mark}"
            number += 1
        found.append(candidate)
    return found


def _bar_lines(series: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    data = [(one["name"], point) for one in series for point in one["data"]]
    most = max((point["value"] for _, point in data), default=0) or 1
    width = max((len(point["label"]) for _, point in data), default=1)
    for name, point in data:
        cells = round(BAR_CELLS * max(0, point["value"]) / most)
        told = f"{point['label'].ljust(width)} {'█' * cells} {point['value']:,}"
        yield f"{told} {name}" if len(series) > 1 else told


def _thinned(values: Sequence[float]) -> list[float]:
    """Return values as so many as a phone shows on a line, the highest of each few."""
    step = -(-len(values) // SPARK_CELLS) or 1
    return [max(values[n : n + step]) for n in range(0, len(values), step)]


def _spark_lines(series: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max((len(one["name"]) for one in series), default=1)
    for one in series:
        values = [point["value"] for point in one["data"]]
        top = max(values, default=0)
        told = _thinned(values)
        marks = "".join(SPARKS[round((len(SPARKS) - 1) * max(0, v) / (top or 1))] for v in told)
        last = "" if one["name"] == IN_ALERT else f" most {top:,}, last {values[-1]:,}"
        yield f"{one['name'].ljust(width)} {marks}{last}"
    points = series[0]["data"] if series else []
    if points:
        yield f"from {points[0]['label']} to {points[-1]['label']}"
