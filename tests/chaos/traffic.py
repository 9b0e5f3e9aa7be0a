"""Healthy days and every kind of fault in simulated traffic, as rows of the chaos table."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from tests.chaos.table import Row, shown
from tests.traffic import warnings
from tests.traffic.measure import MODES, healthy_day, measured
from tests.traffic.stories import STORIES
from tests.traffic.warnings import TROUBLES


async def run(*, runs: int = 100, warned: int = 20, hours: float = 24) -> list[Row]:
    """Measure delays, misses and wrong names; what is warned of; and what healthy hours say.

    `runs` is how often each fault happens, `warned` how often what a warning is for. No clock
    counts in it but the simulated one, so it takes what time others leave.
    """
    return await asyncio.to_thread(lambda: [shown(row) for row in _rows(runs, warned, hours)])


def _rows(runs: int, warned: int, hours: float) -> Iterator[Row]:
    false: Counter[str] = Counter()
    for mode in MODES:
        told = healthy_day(mode, hours)
        yield Row(f"{hours:g} healthy h, {mode}", "alerts", str(len(told)), not told)
        false.update(one["detector"] for one in told if one["event"] == "open")
    yield from _warnings(warned, false, hours * len(MODES))
    for kind in STORIES:
        line, _ = measured(kind, runs)
        _, times, misses, wrong, delays = line.cells
        said = f"{times}, {misses}, {wrong}; {delays}"
        is_right = not (line.misses or line.wrong)
        yield Row(kind, "runs, misses, wrong names; delay", said, is_right)


def _warnings(runs: int, false: Counter[str], hours: float) -> Iterator[Row]:
    """Yield for each warning how often it was right and early, and how often it was false."""
    for trouble in TROUBLES:
        line = warnings.measured(trouble.detector, runs)
        came, hits, late, leads, lasting, vain, after = line.cells[1:]
        count = false[trouble.detector]
        said = (
            f"{came}, {hits}, {late}; {leads}; {lasting}; {vain}, {after}; {count} in {hours:g} h"
        )
        what = (
            "came about, hits, late; lead; told of not come; in vain of healed, told after; "
            "false in healthy h"
        )
        yield Row(trouble.detector, what, said, count == 0)
