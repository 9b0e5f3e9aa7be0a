"""Healthy days and every kind of fault in simulated traffic, as rows of the chaos table."""

import asyncio

from tests.chaos.table import Row
from tests.traffic.measure import MODES, healthy_day, measured
from tests.traffic.stories import STORIES


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
        rows.append(Row(kind, "runs, misses, wrong names; delay", said, line.misses == 0))
    for mode in MODES:
        told = healthy_day(mode, hours)
        rows.append(Row(f"{hours:g} healthy h, {mode}", "alerts", str(len(told)), not told))
    return rows
