"""A chart as facts: what is drawn, not how; every renderer draws it in its own way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_SERIES = 12


class ChartKind(StrEnum):
    """How values are shown: a line over time, or a bar for each category."""

    LINE = "line"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of values, one for each label; None where it was not measured.

    `summed` is for counts of events: merged points add up, where a level keeps its peak.
    """

    name: str
    values: tuple[float | None, ...]
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of numbers; `alt` says in words what it shows, for whoever does not see it.

    `window` is the first and last position (among `labels`) of the time that an alert is about.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    alt: str
    kind: ChartKind = ChartKind.LINE
    y_label: str = ""
    window: tuple[int, int] | None = None


def drawable(chart: Chart) -> bool:
    """Say whether there is anything to draw: a label, and a finite number."""
    return bool(chart.labels) and any(
        is_number(value) for series in chart.series for value in series.values
    )


def is_number(value: float | None) -> bool:
    """Say whether a value can be drawn."""
    return value is not None and math.isfinite(value)


def thinned(chart: Chart, most: int) -> Chart:
    """Return the chart with at most `most` labels: neighbours are merged, none is left out."""
    count = len(chart.labels)
    if count <= most:
        return chart
    step = math.ceil(count / most)
    starts = range(0, count, step)
    window = chart.window and (chart.window[0] // step, chart.window[1] // step)
    return replace(
        chart,
        labels=tuple(chart.labels[start] for start in starts),
        series=tuple(
            replace(
                series,
                values=tuple(_merged(series.values[s : s + step], series.summed) for s in starts),
            )
            for series in chart.series
        ),
        window=window,
    )


def _merged(values: Sequence[float | None], summed: bool) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return None
    return sum(known) if summed else max(known)
