"""`python -m tests.traffic.warnings`: what was warned of, what came about, and how long before.

A warning is a hit when what it warned of came about after it; in vain when that passed by: it was
told while the trouble lasted, and healing it averted the rest, or only after it was healed. A story
comes about by its own measure, not by an alert: requests given up, a batch ended as failed, a
request's time over, an event unsent for five minutes. The same begins once more and is healed
halfway, to see what is warned of in vain; and healthy hours, in which every warning is false.
"""

import argparse
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from bot.domain.batch.outbox import OutboxGroup
from tests.traffic.measure import MODES, SHAPES, Watchtower, _pool, healthy_day
from tests.traffic.stories import WARM
from tests.traffic.town import TICK, Town

EVENT_TYPE = "huleedu.cj_assessment.completed.v1"
LIFE = timedelta(hours=4)
LONGER = LIFE + timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a detector warns of: how it begins and goes on, when it has come about, how it heals."""

    detector: str
    begin: Callable[[Town], None]
    came_about: Callable[[Town, datetime], bool]
    heal: Callable[[Town], None]
    each: Callable[[Town, datetime], None] = lambda _town, _began: None
    patience: timedelta = timedelta(hours=1)
    heals_after: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Forecasted:
    """One trouble lived through: when it was warned of and when it came about, in seconds."""

    warned: float | None
    came: float | None


@dataclass(frozen=True, slots=True)
class WarningLine:
    """One warning over many towns; `leads` are the seconds from warning to fault.

    Of those in vain, `averted` were told before it was healed. Of those that were not healed and
    did not come about within its patience, `lasting` were warned of.
    """

    detector: str
    runs: int
    came: int
    leads: tuple[float, ...]
    late: int
    healed: int
    in_vain: int
    averted: int
    lasting: int

    @property
    def cells(self) -> tuple[str, ...]:
        leads = [one / 60 for one in self.leads]
        spread = "none"
        if leads:
            spread = f"{min(leads):.1f} / {median(leads):.1f} / {max(leads):.1f} min"
        vain = f"{self.in_vain} of {self.healed}"
        after = str(self.in_vain - self.averted)
        lasting = f"{self.lasting} of {self.runs - self.came}"
        came, hits = str(self.came), str(len(self.leads))
        return self.detector, came, hits, str(self.late), spread, lasting, vain, after


def _fails(town: Town) -> None:
    town.failing, town.least = town.dice.uniform(0.25, 0.45), 40
    town._next_batch = town.now


def _given_up(town: Town, began: datetime) -> bool:
    return any(one.errors for one in town.batches)


def _cannot_reach(town: Town) -> None:
    town.failing, town.least = 0.95, 40
    town.bundle = min(town.bundle, 8)
    town._next_batch = town.now


def _ended_badly(town: Town, began: datetime) -> bool:
    # One that was under way already ends by it, too.
    ended = (one for one in town.batches if one.state == "COMPLETED" and one.active_at >= began)
    return any(one.errors > 0.2 * one.pairs for one in ended)


def _crawls(town: Town) -> None:
    town.least, town._next_batch = 250, town.now
    town.queue.clear()
    town._taken = []
    town.pace, town.bundle = 2.5, 1
    town.live(timedelta(minutes=6))
    # About a hundred are left, which would take five hours or more.
    town.pace = town.dice.uniform(180, 260)
    town._next_batch = town.now + timedelta(days=1)


def _time_is_over(town: Town, began: datetime) -> bool:
    waits = (one for one in town.batches if one.pending and one.state == "WAITING_CALLBACKS")
    return any(town.now - one.created_at >= LIFE for one in waits)


def _recovers(town: Town) -> None:
    town.pace, town.bundle = 0.5, 8


def _heals_failing(town: Town) -> None:
    town.failing = 0.0


def _clogs(town: Town, began: datetime) -> None:
    waits = 1 + int((town.now - began) / timedelta(seconds=40))
    tries = min(5, int((town.now - began) / timedelta(seconds=70)))
    town.outbox = (OutboxGroup(EVENT_TYPE, waits, began, town.now, waits, began, tries),)


def _is_late(town: Town, began: datetime) -> bool:
    return bool(town.outbox) and town.now - began >= timedelta(minutes=5)


def _unclogs(town: Town) -> None:
    town.outbox = ()


TROUBLES = (
    Trouble("retries_rising", _fails, _given_up, _heals_failing),
    Trouble("budget_unreachable", _cannot_reach, _ended_badly, _heals_failing,
            patience=timedelta(hours=2)),
    Trouble("outbox_growing", lambda _: None, _is_late, _unclogs, each=_clogs,
            heals_after=timedelta(seconds=45)),
    Trouble("batch_slowing", _crawls, _time_is_over, _recovers, patience=LONGER,
            heals_after=timedelta(minutes=15)),
    Trouble("queue_expiring", _crawls, _time_is_over, _recovers, patience=LONGER,
            heals_after=timedelta(minutes=90)),
)  # fmt: skip


def lived(detector: str, seed: int, *, heals: bool) -> Forecasted:
    """Live through one trouble; one that heals does so before it comes about."""
    trouble = next(one for one in TROUBLES if one.detector == detector)
    dice = random.Random(seed)
    town = Town(seed, dice.choice(MODES), dice.choice(SHAPES), "all")
    tower = Watchtower(town, (detector,))
    for _ in range(int(WARM / TICK) + dice.randrange(20)):
        tower.tick()
    began = town.now
    trouble.begin(town)
    warned = came = None
    while town.now - began < trouble.patience and came is None:
        passed = town.now - began
        if not (heals and passed >= trouble.heals_after):
            trouble.each(town, began)
        elif passed - trouble.heals_after < TICK:
            trouble.heal(town)
        opened = [one for one in tower.tick() if one["event"] == "open"]
        if warned is None and any(one["detector"] == detector for one in opened):
            warned = (town.now - began).total_seconds()
        if trouble.came_about(town, began):
            came = (town.now - began).total_seconds()
    return Forecasted(warned, came)


def _broken(task: tuple[str, int]) -> Forecasted:
    return lived(*task, heals=False)


def _healed(task: tuple[str, int]) -> Forecasted:
    return lived(*task, heals=True)


def _shown(detector: str, lives: Iterable[Forecasted], runs: int) -> Iterator[Forecasted]:
    """Yield what comes, and say how far it has come: a run takes seconds to a minute."""
    for number, one in enumerate(lives, start=1):
        if number % 5 == 0 or number == runs:
            sys.stderr.write(f"{detector}: {number} of {runs}\n")
        yield one


def measured(detector: str, runs: int, processes: int = 2) -> WarningLine:
    """Live through a trouble many times, and as often through one that heals."""
    tasks = [(detector, sum(detector.encode()) * 1_000 + number) for number in range(runs)]
    if processes > 1:
        with _pool(processes) as pool:
            both = (pool.map(_broken, tasks), pool.map(_healed, tasks))
            broken, healed = (list(_shown(detector, lives, runs)) for lives in both)
    else:
        broken, healed = [_broken(one) for one in tasks], [_healed(one) for one in tasks]
    came = [one for one in broken if one.came is not None]
    leads = [
        one.came - one.warned
        for one in came
        if one.came is not None and one.warned is not None and one.came > one.warned
    ]
    spared = [one for one in healed if one.came is None]
    vain = [one.warned for one in spared if one.warned is not None]
    averted = sum(at <= _healed_after(detector) for at in vain)
    late = len(came) - len(leads)
    lasting = sum(one.came is None and one.warned is not None for one in broken)
    return WarningLine(
        detector, runs, len(came), tuple(leads), late, len(spared), len(vain), averted, lasting
    )


def _healed_after(detector: str) -> float:
    trouble = next(one for one in TROUBLES if one.detector == detector)
    return trouble.heals_after.total_seconds()


def false_alarms(hours: float) -> Counter[str]:
    """Return how often each warning was told in healthy hours of every mode."""
    names = [one.detector for one in TROUBLES]
    told: Counter[str] = Counter()
    for mode in MODES:
        events = healthy_day(mode, hours, names)
        told.update(one["detector"] for one in events if one["event"] == "open")
        sys.stderr.write(f"healthy {mode}: {dict(told)}\n")
    return told


def heading(hours: float) -> str:
    """Return the two lines that a table begins with."""
    told = f"false in {hours * len(MODES):g} healthy h"
    head = ("warning", "came about", "hits", "missed or late", "lead min / median / max",
            "told, of not come", "in vain, of healed", "told after it healed", told)  # fmt: skip
    return f"| {' | '.join(head)} |\n|---|---:|---:|---:|---|---:|---:|---:|---:|"


def row(line: WarningLine, false: Counter[str] | None) -> str:
    """Return one line as a row of a Markdown table."""
    count = "-" if false is None else str(false[line.detector])
    return f"| {' | '.join((*line.cells, count))} |"


def table(lines: Sequence[WarningLine], false: Counter[str] | None, hours: float) -> str:
    """Return the lines as a Markdown table."""
    return "\n".join([heading(hours), *(row(one, false) for one in lines)])


def main() -> None:
    """Measure and print the table; exit 1 when a warning was false in healthy hours."""
    parser = argparse.ArgumentParser(prog="python -m tests.traffic.warnings", description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="how often each trouble happens")
    parser.add_argument("--hours", type=float, default=24, help="healthy hours in each mode")
    parser.add_argument("--only", choices=[one.detector for one in TROUBLES], action="append")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    false = false_alarms(asked.hours) if asked.hours else None
    _say(heading(asked.hours))
    for name in asked.only or [one.detector for one in TROUBLES]:
        _say(row(measured(name, asked.runs), false))
    sys.exit(int(bool(false)))


def _say(text: str) -> None:
    """Print at once: the next row takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
