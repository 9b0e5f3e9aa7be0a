"""Where an id is, in 8 containers' logs: the bot's two ways against what people do by hand."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.benchmarks.figure import MIB, Row, Scale, timed
from tests.benchmarks.fleet import Fleet, fleet
from tests.benchmarks.logs import TRACED

MAX_PEAK_MB = 150


def run(scale: Scale) -> list[Row]:
    """Measure all ways side by side, then growth with size."""
    with fleet() as ships:
        size = ships.fill(scale.trace_bytes)
        rows = _compared(ships, scale, f"{size / MIB:.0f} MiB")
        return rows + [row for size in scale.growth_bytes for row in _grown(ships, size)]


def search(ships: Fleet, folder: str, repeats: int) -> dict[str, Any]:
    """Search in a process of its own."""
    argv = [sys.executable, "-m", "tests.benchmarks.searching", ships.engine.url, folder]
    told = subprocess.run([*argv, str(repeats)], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _compared(ships: Fleet, scale: Scale, size: str) -> list[Row]:
    _grep(ships)  # the page cache is warm for everybody
    floor = timed(lambda: _grep(ships), scale.repeats)
    direct = search(ships, str(ships.folder), scale.repeats)
    turns = [_turn(ships) for _ in range(3)]
    fast = statistics.median(direct["seconds"])
    assert {turn.events for turn in turns} == {direct["events"]}
    assert direct["events"] > 0
    one, beside, api = (
        statistics.median(getattr(turn, way).seconds for turn in turns)
        for way in ("one_by_one", "side_by_side", "api")
    )
    name, by_hand = f"trace, {size} in 8 containers", "docker logs \\| grep -F"
    return [
        Row(f"{name}: grep -F on the files", floor, "s"),
        Row(
            f"{name}: direct", fast, "s", fast / floor, "grep", "≤ 1.5 × grep", fast <= 1.5 * floor
        ),
        Row(
            f"{name}: {by_hand}, one by one", one, "s", one / fast, "direct", "≥ 30 × direct",
            one >= 30 * fast, _engine_share(turns, "one_by_one"),
        ),
        Row(
            f"{name}: {by_hand}, all side by side", beside, "s", beside / fast, "direct",
            note=_engine_share(turns, "side_by_side"),
        ),
        Row(
            f"{name}: API", api, "s", api / one, "one by one", "≤ 1 × one by one", api <= one,
            f"{api / beside:.2f} × side by side; {_engine_share(turns, 'api')} and stamping "
            "each line, which by hand it need not",
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Timed:
    """Seconds that one way took, and the processor seconds that the Engine spent meanwhile."""

    seconds: float
    engine_cpu: float


@dataclass(frozen=True, slots=True)
class _Turn:
    """The three ways through the Engine, one after the other, so that all meet the same load."""

    one_by_one: _Timed
    side_by_side: _Timed
    api: _Timed
    events: int


def _turn(ships: Fleet) -> _Turn:
    found: dict[str, Any] = {}
    one = _measured(ships, lambda: _by_hand(ships, at_once=1))
    beside = _measured(ships, lambda: _by_hand(ships, at_once=len(ships.names)))
    api = _measured(ships, lambda: found.update(search(ships, "", 1)))
    return _Turn(one, beside, replace(api, seconds=found["seconds"][0]), found["events"])


def _measured(ships: Fleet, call: Callable[[], object]) -> _Timed:
    before = ships.engine.cpu_seconds()
    seconds = timed(call)
    return _Timed(seconds, ships.engine.cpu_seconds() - before)


def _engine_share(turns: Sequence[_Turn], way: str) -> str:
    spent = statistics.median(getattr(turn, way).engine_cpu for turn in turns)
    return f"the Engine spent {spent:.1f} CPU s decoding"


def _grown(ships: Fleet, size: int) -> Sequence[Row]:
    size = ships.fill(size)
    floor = timed(lambda: _grep(ships), 2)
    found = search(ships, str(ships.folder), 3)
    seconds, peak = statistics.median(found["seconds"]), found["peak_mb"]
    name = f"growth, {size / MIB:.0f} MiB"
    goal = f"< {MAX_PEAK_MB} MB"
    return [
        Row(f"{name}: direct", seconds, "s", seconds / floor, "grep"),
        Row(
            f"{name}: peak memory of the whole bot", peak, "MB", None, "", goal, peak < MAX_PEAK_MB
        ),
    ]


def _grep(ships: Fleet) -> None:
    argv = ["grep", "-F", TRACED, *map(str, ships.files)]
    # Not into /dev/null: grep would notice, and stop at the first match.
    subprocess.run(argv, check=True, capture_output=True)


def _by_hand(ships: Fleet, *, at_once: int) -> None:
    env = {**os.environ, "DOCKER_HOST": ships.engine.url}
    for start in range(0, len(ships.names), at_once):
        running = [
            subprocess.Popen(
                f"docker logs {name} 2>&1 | grep -F {TRACED}",
                shell=True, env=env, stdout=subprocess.PIPE,
            )
            for name in ships.names[start : start + at_once]
        ]  # fmt: skip
        for process in running:
            process.communicate()
            assert process.returncode == 0
