"""What a match of an id costs beyond the scan, in lines and in tracebacks, and grep's time.

The scan of a word that is nowhere is taken off, so that the cost of a match is told alone; it is
processor time, whatever else the machine computes. Grep and the bot take turns on the same file.
"""

import gc
import random
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC
from pathlib import Path

from bot.__main__ import OBJECTS_PER_SEARCH
from bot.domain.log import LogQuery, Role
from bot.sources.docker.codec import JsonFileLines
from bot.sources.log_format.codec import Codec, PlainLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.file import snapshot
from bot.sources.log_search.merge import merged
from bot.sources.log_search.search import search_segment
from bot.sources.log_search.segment import Segment
from tests.benchmarks.figure import MIB, Row, Scale
from tests.benchmarks.logs import TIME, TRACED, event, wrapped

NOWHERE = "00000000-dead-4bad-8bad-000000000000"
MATCHES = 1_500
MOST_MICROSECONDS = 60
MOST_RATIO = 1.5
FRAMES = 30
_QUERY = LogQuery(any_of=(TRACED,), max_events=100_000)
_NONE = LogQuery(any_of=(NOWHERE,), max_events=100_000)


def run(scale: Scale) -> list[Row]:
    """Measure lines and tracebacks, as the Engine writes them and as plain files."""
    gc.set_threshold(OBJECTS_PER_SEARCH)  # as the command line does
    rows: list[Row] = []
    for shape, lines_of in (("lines", _line), ("tracebacks", _traceback)):
        for carrier, codec, carried in (
            ("json-file", JsonFileLines(UTC), wrapped),
            ("plain files", PlainLines(UTC), _plain),
        ):
            with tempfile.TemporaryDirectory(prefix="bb-search-") as folder:
                path = Path(folder) / "service.log"
                size = _fill(path, scale.trace_bytes // 2, lines_of, carried)
                name = f"search, {MATCHES:,} matches in {shape}, {size / MIB:.0f} MiB, {carrier}"
                rows += _rows(name, path, codec, scale.repeats)
    return rows


def _rows(name: str, path: Path, codec: Codec, repeats: int) -> Sequence[Row]:
    _cost(lambda: _grep(path))  # the page cache is warm for everybody
    turns = [
        (
            _cost(lambda: _grep(path)),
            _cost(lambda: _search(path, codec, _QUERY)),
            _cost(lambda: _search(path, codec, _NONE)),
        )
        for _ in range(repeats)
    ]
    a_match = min(full[1] for _, full, _ in turns) - min(none[1] for _, _, none in turns)
    grep, full = (statistics.median(turn[way][1] for turn in turns) for way in (0, 1))
    cost = a_match / MATCHES * 1e6
    return [
        Row(
            f"{name}: a match beyond the scan", cost, "CPU µs", None, "",
            f"≤ {MOST_MICROSECONDS} µs", cost <= MOST_MICROSECONDS,
        ),
        Row(
            f"{name}: the search", full, "CPU s", full / grep, "grep",
            f"≤ {MOST_RATIO} × grep", full <= MOST_RATIO * grep,
        ),
    ]  # fmt: skip


def _search(path: Path, codec: Codec, query: LogQuery) -> None:
    with closing(Segment(snapshot(path).parts, codec)) as segment:
        found = search_segment(segment, query, lambda: LineParser("cj", "cj", Role.CJ, UTC))
    shown = len(merged([found]).events)
    assert shown == (MATCHES if query is _QUERY else 0), shown


def _grep(path: Path) -> None:
    # Not into /dev/null: grep would notice, and stop at the first match.
    subprocess.run(["grep", "-F", TRACED, str(path)], check=True, capture_output=True)


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds of the clock and of processor time, of this process and what it waits for."""
    began, clock = _used(), time.perf_counter()
    work()
    return time.perf_counter() - clock, _used() - began


def _used() -> float:
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _fill(
    path: Path, size: int, lines_of: Callable[[random.Random], list[str]],
    carried: Callable[[str], bytes],
) -> int:  # fmt: skip
    """Write a log with `MATCHES` events that hold the id, evenly spread; return its size."""
    random_ = random.Random(3)
    plain = b"".join(carried(event(random_)) for _ in range(1_000))
    lines = plain.splitlines(keepends=True)
    each = max(1, size // MATCHES // (len(plain) // len(lines)))
    around = lines * (2 + each // len(lines))
    with path.open("wb") as file:
        for number in range(MATCHES):
            at = number * each % len(lines)
            file.write(b"".join(around[at : at + each]))
            file.write(b"".join(map(carried, lines_of(random_))))
        file.write(lines[0])
    return path.stat().st_size


def _line(random_: random.Random) -> list[str]:
    return [event(random_, f"Request {TRACED} completed successfully")]


def _traceback(random_: random.Random) -> list[str]:
    """Return an error whose last line names the id, far behind its beginning."""
    frames = [
        line
        for n in range(FRAMES)
        for line in (f'  File "/app/services/m{n}.py", line {n}, in run', "    await work()")
    ]
    return [
        f"{TIME} [error    ] Failed to finalise [cj.worker] batch={random_.randrange(99)}",
        "Traceback (most recent call last):",
        *frames,
        f"ValueError: request {TRACED} is of no batch",
    ]


def _plain(line: str) -> bytes:
    return f"{line}\n".encode()
