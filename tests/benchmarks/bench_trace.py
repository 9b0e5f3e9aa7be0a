"""Where an id is, in 8 containers' logs: the bot's two ways against what people do by hand."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.figure import MIB, Row, Scale, timed
from tests.benchmarks.fleet import Fleet, fleet
from tests.benchmarks.logs import TRACED

MAX_PEAK_MB = 150


def run(scale: Scale) -> list[Row]:
    """Measure all four side by side, then growth with size."""
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
    turns = [(timed(lambda: _docker_logs_grep(ships)), search(ships, "", 1)) for _ in range(3)]
    by_hand = statistics.median(hand for hand, _ in turns)
    slow = statistics.median(api["seconds"][0] for _, api in turns)
    fast = statistics.median(direct["seconds"])
    assert {api["events"] for _, api in turns} == {direct["events"]}
    assert direct["events"] > 0
    name = f"trace, {size} in 8 containers"
    grep = f"{name}: grep -F on the files"
    hand = f"{name}: docker logs \\| grep -F, one by one"
    return [
        Row(grep, floor, "s"),
        Row(
            f"{name}: direct", fast, "s", fast / floor, "grep", "≤ 1.5 × grep",
            fast <= 1.5 * floor,
        ),
        Row(hand, by_hand, "s", by_hand / fast, "direct", "≥ 30 × direct", by_hand >= 30 * fast),
        Row(
            f"{name}: API", slow, "s", slow / by_hand, "by hand", "≤ 1 × by hand",
            slow <= by_hand,
        ),
    ]  # fmt: skip


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


def _docker_logs_grep(ships: Fleet) -> None:
    env = {**os.environ, "DOCKER_HOST": ships.engine.url}
    for name in ships.names:
        subprocess.run(
            f"docker logs {name} 2>&1 | grep -F {TRACED}",
            shell=True, check=True, env=env, capture_output=True,
        )  # fmt: skip
