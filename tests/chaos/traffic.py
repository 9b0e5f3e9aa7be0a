"""Healthy days and every kind of fault in simulated traffic, as rows of the chaos table."""

import asyncio
from collections import Counter

from tests.chaos.table import Row
from tests.traffic import warnings
from tests.traffic.measure import MODES, healthy_day, measured
from tests.traffic.stories import STORIES
from tests.traffic.warnings import TROUBLES


async def run(*, runs: int = 200, hours: float = 24) -> list[Row]:
    """Measure delays, misses and wrong names; and what healthy hours say.

    No clock counts in it but the simulated one, so it takes what time others leave.
    """
    return await asyncio.to_thread(_rows, runs, hours)


def _rows(runs: int, hours: float) -> list[Row]:
    rows = []
    for kind in STORIES:
        line, _ = measured(kind, runs)
        _, times, misses, wrong, delays = line.cells
        said = f"{times}, {misses}, {wrong}; {delays}"
        is_right = not (line.misses or line.wrong)
        rows.append(Row(kind, "runs, misses, wrong names; delay", said, is_right))
    false: Counter[str] = Counter()
    for mode in MODES:
        told = healthy_day(mode, hours)
        rows.append(Row(f"{hours:g} healthy h, {mode}", "alerts", str(len(told)), not told))
        false.update(one["detector"] for one in told if one["event"] == "open")
    return [*rows, *_warnings(max(1, runs // 20), false, hours * len(MODES))]


def _warnings(runs: int, false: Counter[str], hours: float) -> list[Row]:
    """Return for each warning how often it was right and early, and how often it was false."""
    rows = []
    for trouble in TROUBLES:
        line = warnings.measured(trouble.detector, runs)
        came, hits, late, leads, vain = line.cells[1:]
        count = false[trouble.detector]
        said = f"{came}, {hits}, {late}; {leads}; {vain}; {count} in {hours:g} h"
        what = "came about, hits, late; lead; in vain of healed; false in healthy h"
        rows.append(Row(trouble.detector, what, said, count == 0))
    return rows
