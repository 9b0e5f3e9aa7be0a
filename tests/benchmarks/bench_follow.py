"""What it costs to follow 8 containers at full speed, or what they wrote while nobody read."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.fleet import Fleet, fleet
from tests.benchmarks.logs import CONTAINERS, block

WANTED_EVERY = 1_000
BLOCK_LINES = 2_000
GOAL = 200_000


def run(scale: Scale) -> list[Row]:
    """Follow the files with the prefilter, at the goal's rate, without it, and by the API."""
    rows: list[Row] = []
    with fleet() as ships:
        rows += _files(ships, scale.follow_lines, "with needles", needles=True, rate=0)
        rows += _files(ships, scale.follow_lines, "at 200,000 lines/s", needles=True, rate=GOAL)
        rows += _files(ships, scale.follow_lines // 20, "everything parsed", needles=False, rate=0)
        rows += _api(ships, scale.follow_lines // 4)
    return rows


def _files(ships: Fleet, lines: int, name: str, *, needles: bool, rate: int) -> list[Row]:
    for path in ships.files:
        path.write_bytes(b"")
    blocks = [block(BLOCK_LINES, n, wanted_every=WANTED_EVERY) for n in range(CONTAINERS)]
    rounds = max(1, lines // (BLOCK_LINES * CONTAINERS))
    total = rounds * BLOCK_LINES * CONTAINERS
    follower = _Follower(ships.engine.url, str(ships.folder), total // WANTED_EVERY, needles)
    _write(ships.files, blocks, rounds, rate)
    return _rows(f"follow files, 8 containers, {name}", total, follower.told(), needles, rate)


def _api(ships: Fleet, lines: int) -> list[Row]:
    """Catch up with what stands in the logs through the Engine's API, which sets the pace."""
    blocks = [block(BLOCK_LINES, n, wanted_every=WANTED_EVERY) for n in range(CONTAINERS)]
    rounds = max(1, lines // (BLOCK_LINES * CONTAINERS))
    total = rounds * BLOCK_LINES * CONTAINERS
    for path in ships.files:
        path.write_bytes(b"")
    _write(ships.files, blocks, rounds, rate=0)
    told = _Follower(ships.engine.url, "", total // WANTED_EVERY, needles=True).told()
    core, *others = _rows("follow by the API, 8 containers", total, told, needles=True, rate=0)
    sent = total / told["seconds"]
    goal = "more than the Engine sends"
    return [replace(core, goal=goal, met=core.measure > sent), *others]


def _write(files: list[Path], blocks: list[bytes], rounds: int, rate: int) -> None:
    """Append to all files by turns, at `rate` lines/s over all (0: as fast as the disk takes)."""
    opened = [path.open("ab", buffering=0) for path in files]
    began = time.perf_counter()
    for number in range(rounds):
        for file, lines in zip(opened, blocks, strict=True):
            file.write(lines)
        due = (number + 1) * BLOCK_LINES * CONTAINERS / rate if rate else 0
        time.sleep(max(0, began + due - time.perf_counter()))
    for file in opened:
        file.write(block(1))  # the last event is complete when another begins
        file.close()


def _rows(name: str, lines: int, told: dict[str, Any], needles: bool, rate: int) -> list[Row]:
    lost = told["lost"] + (lines // WANTED_EVERY - told["wanted"])
    per_core = lines / told["cpu"]
    goal = f"≥ {GOAL:,} lines/s" if needles else ""
    note = f"{told['needles']} needles, peak {told['peak_mb']:.0f} MB"
    return [
        Row(f"{name}: per core", per_core, "lines/s", None, "", goal,
            per_core >= GOAL if needles else None, note),
        Row(f"{name}: wall", lines / told["seconds"], "lines/s", None),
        Row(f"{name}: cost", told["cpu"] / lines * 1e6, "CPU s/M lines", None),
        Row(f"{name}: lost", lost, "lines", None, "", *(("0", lost == 0) if rate else ())),
    ]  # fmt: skip


class _Follower:
    """A following process."""

    def __init__(self, url: str, folder: str, awaited: int, needles: bool) -> None:
        argv = [sys.executable, "-m", "tests.benchmarks.following", url, folder, str(awaited)]
        self._process = subprocess.Popen(
            [*argv, "yes" if needles else "no"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        self._process.wait(300)
        return found
