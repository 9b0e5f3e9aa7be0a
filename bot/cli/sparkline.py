"""Draws a chart as lines of text: a sparkline for a level over time, bars for categories. Pure."""

from collections.abc import Iterator, Sequence

from bot.domain.chart import Chart, ChartKind, Series, drawable, is_number, thinned

LEVELS = "▁▂▃▄▅▆▇█"
BAR = "█"
BAR_CELLS = 24
LINE_CELLS = 60
NAME_CELLS = 28
MOST_BARS = 40


def chart_lines(chart: Chart) -> list[str]:
    """Return a chart's lines, its title first; none when there is nothing to draw."""
    if not drawable(chart):
        return []
    # Counts over time are a row of marks each, which needs less room than a bar for each time.
    over_time = chart.kind is ChartKind.LINE or all(one.summed for one in chart.series)
    return [chart.title, *(_sparks if over_time else _bars)(chart)]


def _sparks(chart: Chart) -> Iterator[str]:
    small = thinned(chart, LINE_CELLS)
    width = max(len(_name(one)) for one in small.series)
    for one in small.series:
        known = _known(one.values)
        if known:
            span = f"{min(known):g} to {max(known):g}"
            yield f"{_name(one):<{width}}  {_spark(one.values, max(known))}  {span}"
    yield f"{'':<{width}}  {small.labels[0]} … {small.labels[-1]}"


def _spark(values: Sequence[float | None], top: float) -> str:
    """Return one cell a value, from zero up to `top`; what was not measured is blank."""
    return "".join(_cell(value, top) for value in values)


def _cell(value: float | None, top: float) -> str:
    if value is None or not is_number(value):
        return " "
    share = max(0.0, value) / top if top > 0 else 0.0
    return LEVELS[min(len(LEVELS) - 1, round(share * (len(LEVELS) - 1)))]


def _bars(chart: Chart) -> Iterator[str]:
    top = max((value for one in chart.series for value in _known(one.values)), default=0.0)
    several = len(chart.series) > 1
    names = [_clipped(label) for label in chart.labels[:MOST_BARS]]
    width = max(len(name) for name in names)
    for number, name in enumerate(names):
        for one in chart.series:
            value = one.values[number] if number < len(one.values) else None
            told = f"{value:g}" if value is not None and is_number(value) else "not measured"
            whose = f" {_name(one)}" if several else ""
            yield f"{name:<{width}}  {_bar(value, top)}{told}{whose}"
            name = ""
    if len(chart.labels) > MOST_BARS:
        yield f"and {len(chart.labels) - MOST_BARS} more"


def _bar(value: float | None, top: float) -> str:
    if value is None or not is_number(value) or value <= 0 or top <= 0:
        return ""
    return BAR * max(1, round(value / top * BAR_CELLS)) + " "


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and is_number(value)]


def _name(series: Series) -> str:
    return _clipped(series.name)


def _clipped(text: str) -> str:
    return text if len(text) <= NAME_CELLS else f"{text[: NAME_CELLS - 1]}…"
