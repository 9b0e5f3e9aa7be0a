"""Draws one chart: JSON on stdin, PNG on stdout. Run as `python -m bot.charts`, never imported.

The picture is read on a phone, in Slack's light and dark mode: a card of its own with a mid-dark
ground, large type and colours that also part for colour-blind readers (Okabe and Ito).
"""

import json
import sys
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

GROUND, INK, GRID = "#1f2733", "#f2f4f7", "#445063"
COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00")
WINDOW = "#d55e00"
# What was lost of a whole, as the funnel of a batch names it.
LOST, RED = "lost", "#ff6b6b"
WIDTH_INCHES, HEIGHT_INCHES, DPI = 6.0, 4.0, 180
MAX_TICKS = 6
MAX_INPUT = 200_000


def main() -> int:
    """Draw what stdin describes; a malformed chart is an error, with nothing on stdout."""
    chart = json.loads(sys.stdin.buffer.read(MAX_INPUT))
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI, facecolor=GROUND)
    axes = figure.subplots()
    _style(axes)
    lying = chart["kind"] == "bar"
    (_bars if lying else _lines)(axes, chart)
    axes.set_title(_plain(chart["title"]), color=INK, fontsize=15, loc="left", pad=12)
    name = axes.set_xlabel if lying else axes.set_ylabel
    name(_plain(chart["y_label"]), color=INK, fontsize=12)
    _legend(axes, -0.2 if lying else -0.12)
    figure.tight_layout(pad=1.0)
    figure.savefig(sys.stdout.buffer, format="png", facecolor=GROUND)
    return 0


def _plain(text: str) -> str:
    """Keep matplotlib from reading outside text as mathematics."""
    return text.replace("$", r"\$")


def _style(axes: Axes) -> None:
    axes.set_facecolor(GROUND)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=12)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GRID)


def _lines(axes: Axes, chart: dict[str, Any]) -> None:
    labels, places = chart["labels"], range(len(chart["labels"]))
    if chart["window"]:
        first, last = chart["window"]
        axes.axvspan(first - 0.5, last + 0.5, color=WINDOW, alpha=0.28, linewidth=0, label="alert")
    for number, series in enumerate(chart["series"]):
        colour = COLOURS[number % len(COLOURS)]
        values = [float("nan") if value is None else value for value in series["values"]]
        name = _plain(series["name"])
        if series["summed"]:
            shown = [(p, v) for p, v in zip(places, values, strict=True) if v > 0]
            if shown:
                axes.vlines(
                    *zip(*((p, 0, v) for p, v in shown), strict=True), color=colour, linewidth=3
                )
                axes.plot(*zip(*shown, strict=True), "o", color=colour, markersize=6, label=name)
        else:
            axes.plot(places, values, color=colour, linewidth=2.6, drawstyle="steps-post",
                      marker=".", markersize=5, label=name)  # fmt: skip
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    step = max(1, -(-len(labels) // MAX_TICKS))
    axes.set_xticks(list(places)[::step], [_plain(label) for label in labels[::step]])


def _bars(axes: Axes, chart: dict[str, Any]) -> None:
    """Draw lying bars: long names stay readable on a narrow screen.

    What was lost goes on, in red, where the bar of what is left ends.
    """
    labels = chart["labels"]
    lost = [one for one in chart["series"] if one["name"] == LOST]
    shown = [one for one in chart["series"] if one not in lost]
    height = 0.8 / max(1, len(shown))
    for number, series in enumerate(shown):
        places = [place + (number - (len(shown) - 1) / 2) * height for place in range(len(labels))]
        colour = COLOURS[number % len(COLOURS)]
        values = _numbers(series)
        bars = axes.barh(places, values, height * 0.9, color=colour, label=_plain(series["name"]))
        if not lost:
            axes.bar_label(bars, [_told(one) for one in values], color=INK, fontsize=12, padding=4)
    for series in lost:
        values = _numbers(series)
        left = _numbers(shown[0]) if shown else [0.0] * len(values)
        bars = axes.barh(range(len(labels)), values, height * 0.9, left=left, color=RED, label=LOST)
        told = [f"{_told(kept)} (-{_told(one)})" if one else _told(kept)
                for kept, one in zip(left, values, strict=True)]  # fmt: skip
        axes.bar_label(bars, told, color=INK, fontsize=12, padding=4)
    axes.set_yticks(range(len(labels)), [_plain(label) for label in labels])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.margins(x=0.15)
    axes.set_xlim(left=0)


def _numbers(series: dict[str, Any]) -> list[float]:
    return [0.0 if value is None else value for value in series["values"]]


def _told(value: float) -> str:
    return f"{value:,.10g}"


def _legend(axes: Axes, below: float) -> None:
    handles, names = axes.get_legend_handles_labels()
    if len(names) > 1:
        axes.legend(
            handles, names, loc="upper center", bbox_to_anchor=(0.5, below), ncols=len(names),
            frameon=False, labelcolor=INK, fontsize=12,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
