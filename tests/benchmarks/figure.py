"""What a benchmark reports, and how it measures."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure. `ratio` is against the row that `against` names; `met` None: no goal."""

    name: str
    measure: float
    unit: str
    ratio: float | None = None
    against: str = ""
    goal: str = ""
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much work a run does: `small` proves that the benchmarks run, `full` what they claim."""

    name: str
    trace_bytes: int
    growth_bytes: tuple[int, ...]
    follow_lines: int
    parse_lines: int
    repeats: int


MIB = 1 << 20
SCALES = {
    "small": Scale("small", 64 * MIB, (16 * MIB, 64 * MIB), 640_000, 5_000, 3),
    "full": Scale(
        "full", 1024 * MIB, (64 * MIB, 256 * MIB, 1024 * MIB, 4096 * MIB), 4_000_000, 10_000, 5
    ),
}


def timed(call: Callable[[], object], repeats: int = 1) -> float:
    """Return the median seconds of a call."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)
