"""Judges simulated traffic by every detector, tick by tick, and measures what was told when."""

import logging
import os
import random
import signal
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from statistics import median
from typing import Any

from bot.registry import detectors
from bot.replay.run import DetectorTable, _finished
from bot.settings import detector_settings
from tests.support.watches import GivenWatch
from tests.traffic.stories import PATIENCE, STORIES, WARM
from tests.traffic.town import TICK, Town

MODES = ("serial_bundle", "per_request", "batch_api")
SHAPES = ("json", "console", "mixed")
WITNESSES = ("all", "logs", "redis", "metrics")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One story lived through: after how many seconds it was told, and by what name first."""

    delay: float | None
    right: bool
    told: str
    others: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of fault over many towns; delays in seconds."""

    kind: str
    runs: int
    misses: int
    wrong: int
    delays: tuple[float, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        delays = self.delays or (float("nan"),)
        spread = f"{min(delays):.0f} / {median(delays):.0f} / {max(delays):.0f} s"
        return self.kind, str(self.runs), str(self.misses), str(self.wrong), spread


class Watchtower:
    """All detectors over one town, or those that are asked for."""

    def __init__(self, town: Town, only: Collection[str] = ()) -> None:
        made = {
            name: kind(detector_settings(name, kind.Settings))
            for name, kind in detectors().items()
            if not only or name in only
        }
        self.town = town
        self._table = DetectorTable(made, "traffic", TICK.total_seconds())

    def tick(self) -> list[dict[str, Any]]:
        """Let a tick pass and return what would be said."""
        town = self.town
        since, logs = town.now, town.pass_tick()
        watch = GivenWatch(
            town.now,
            since,
            "traffic",
            logs,
            town.reading(),
            owners={},
            batches=town.open_batches(),
            sessions=town.sessions,
            outbox=town.outbox,
            services=town.health(),
            engine=town.containers(),
            others=town.fronts(),
        )
        samples = {
            name: _finished(one.sample(watch)) for name, one in self._table.detectors.items()
        }
        return list(self._table.events(samples, town.now))


def healthy(mode: str, hours: float, seed: int, only: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what was said during healthy hours; nothing should be."""
    town = Town(seed, mode, SHAPES[seed % len(SHAPES)], WITNESSES[seed % len(WITNESSES)])
    tower = Watchtower(town, only)
    return [event for _ in range(int(hours * 240)) for event in tower.tick()]


def healthy_day(mode: str, hours: float, only: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what was said during healthy hours in six towns, with every witness and log format."""
    with _pool(2) as pool:
        told = pool.map(healthy, [mode] * 6, [hours / 6] * 6, range(6), [only] * 6)
        return [event for events in told for event in events]


def lived(kind: str, seed: int) -> Outcome:
    """Live through one story in a town of its own."""
    story, dice = STORIES[kind], random.Random(seed)
    # Everything is read in half of the towns, and less in the others.
    witness = dice.choice([*(["all"] * max(1, len(story.others))), *story.others])
    modes = story.witnesses[witness].modes
    town = Town(seed, dice.choice(modes), dice.choice(SHAPES), witness)
    where = f"seed {seed}, {town.mode}, {witness}, {town.shape}, bundle {town.bundle}"
    tower = Watchtower(town)
    for _ in range(int(WARM / TICK) + dice.randrange(50)):
        before = tower.tick()
        if before:
            return Outcome(None, False, f"before: {before[0]['key']}", (), where)
    story.begin(town)
    began, others = town.now, list[str]()
    while town.now - began < PATIENCE:
        story.each(town)
        for event in tower.tick():
            if event["event"] not in ("open", "update"):
                continue
            if story.is_told_by(event["detector"], event["title"], witness):
                delay = (datetime.fromisoformat(event["at"]) - began).total_seconds()
                return Outcome(delay, not others, event["title"], tuple(others), where)
            true_too = story.is_true_too(event["detector"], witness)
            if event["event"] == "open" and not true_too:
                others.append(f"{event['detector']}: {event['title'][:90]}")
    return Outcome(None, False, "", tuple(others), where)


def measured(kind: str, runs: int, processes: int = 2) -> tuple[Line, list[Outcome]]:
    """Live through a story many times."""
    seeds = [_seed(kind, number) for number in range(runs)]
    if processes > 1:
        with _pool(processes) as pool:
            outcomes = list(pool.map(lived, [kind] * runs, seeds, chunksize=8))
    else:
        outcomes = [lived(kind, seed) for seed in seeds]
    delays = tuple(one.delay for one in outcomes if one.delay is not None)
    wrong = sum(one.delay is not None and not one.right for one in outcomes)
    return Line(kind, runs, runs - len(delays), wrong, delays), outcomes


def _pool(processes: int) -> ProcessPoolExecutor:
    # A fork of a process whose other threads hold drivers open can die of what they left behind.
    return ProcessPoolExecutor(processes, get_context("forkserver"), initializer=_quiet)


def _quiet() -> None:
    """Make ready a worker process that does not outlive a parent who was killed, nor hurries."""
    os.nice(5)
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _seed(kind: str, number: int) -> int:
    return sum(kind.encode()) * 1_000 + number


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table."""
    rows = ["| fault | runs | misses | wrong names | delay min / median / max |"]
    rows.append("|---|---:|---:|---:|---|")
    return "\n".join([*rows, *(f"| {' | '.join(line.cells)} |" for line in lines)])
