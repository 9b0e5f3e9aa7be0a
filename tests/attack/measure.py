"""Carries every plant through every way out and counts; times the hostile inputs."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

from bot.border.passing import let_out
from bot.border.shapes import is_id
from tests.attack import corpus
from tests.attack.readers import READERS
from tests.attack.ways import quick_ways, searched, ways_out

MOST_SECONDS = 2.0
STEP = 50
# An id of a known shape stays where nothing near it says whose it is: a secret that has such a
# shape and stands there alone cannot be told from it. Why an id is needed in each of the places:
_QUOTED = "services quote ids in their messages: correlations, batches, requests"
_WHOLE = "a message or label may be one id, with no key around it"
WITHOUT_A_KEY = {
    "log-redis-members": "members of the queue are ids of requests, by which one is followed",
    "log-extra-datetime": "key='…' stands before ids of messages and of entries in Redis",
    "log-extra-exc": "an error's message that is an id alone is that of what failed",
    "log-extra-lambda": "an argument without a name: " + _QUOTED,
    "log-unknown-quoted": _QUOTED,
    "log-unknown-squoted": _QUOTED,
    "log-unknown-backtick": _QUOTED,
    "log-unknown-paren": _QUOTED,
    "log-unknown-pw-hint": "what makes it a secret comes behind it, and in no fixed words",
    "log-shape-string": _WHOLE,
    "log-shape-dup": _WHOLE + "; /logs shows no message that is one id",
    "log-shape-ecs": _WHOLE,
    "log-shape-otel": _WHOLE,
    "log-cut-value-only": "both ends are cut off, so nothing says what the text was",
    "topic-key": "the key of a topic's message is the id of what it is about",
    "row-cj-batch-uploads-user-id": "no query reads the column, and the role may not: see rights",
    "row-cj-batch-uploads-org-id": "no query reads the column, and the role may not: see rights",
}


@dataclass
class Leak:
    """One plant that showed: where it lay, by which way it came out, and what of it."""

    place: str
    plant: str
    way: str
    promise: str
    shown: str


def is_id_without_a_key(place: corpus.Row, plant: corpus.Row) -> bool:
    """Say whether a plant is one id and lies where no key says whose."""
    return place["id"] in WITHOUT_A_KEY and is_id(plant["text"])


@dataclass
class Outcome:
    """What was tried and what came of it, by where the text lay."""

    planted: Counter[str] = field(default_factory=Counter)
    by_every_way: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)
    ids_kept: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Self) -> Self:
        self.planted += other.planted
        self.by_every_way += other.by_every_way
        self.leaks += other.leaks
        self.ids_kept += other.ids_kept
        return self


def attack(per_place: int | None, every_way: int, workers: int = 1) -> Outcome:
    """Lay each plant in each place that fits (at most `per_place` of them) and look for it.

    All pass the border and the parser; `every_way` of them in each place go by every way out.
    """
    asks = [(number, per_place, every_way) for number in range(len(corpus.places()))]
    if workers < 2:
        return _told(map(_place, asks), len(asks))
    with ProcessPoolExecutor(workers) as pool:
        return _told(pool.map(_place, asks, chunksize=4), len(asks))


def _told(found: Iterable[Outcome], count: int) -> Outcome:
    """Add outcomes up, and say on stderr what leaked and how far it has come."""
    outcome = Outcome()
    for number, one in enumerate(found, start=1):
        outcome += one
        for leak in {(leak.place, leak.plant): leak for leak in one.leaks}.values():
            sys.stderr.write(f"{leak.place} {leak.plant} by {leak.way}: {leak.shown}\n")
        if number % STEP == 0:
            sys.stderr.write(f"{number} of {count} places\n")
    return outcome


def _place(ask: tuple[int, int | None, int]) -> Outcome:
    number, per_place, every_way = ask
    place, outcome = corpus.places()[number], Outcome()
    fitting = list(corpus.cases_of(number, place, per_place))
    step = max(1, len(fitting) // every_way) if every_way else len(fitting) + 1
    for at, (plant, raw) in enumerate(fitting):
        whole = at % step == step - 1
        outcome.planted[place["where"]] += 1
        outcome.by_every_way[place["where"]] += whole
        found = dict((ways_out if whole else quick_ways)(place["where"], raw))
        leaks = [
            Leak(place["id"], plant["id"], way, place["promise"], str(shown[0]))
            for way, text in found.items()
            if (shown := corpus.leaks(text, plant))
        ]
        if is_id_without_a_key(place, plant):
            outcome.ids_kept[place["id"]] += bool(leaks)
        else:
            outcome.leaks += leaks
    return outcome


def mean() -> Outcome:
    """Carry each whole line by every way out, wherever it may lie."""
    outcome = Outcome()
    for line in corpus.mean():
        for where in ("log", "row", "queue", "topic"):
            outcome.planted["lines"] += 1
            outcome.by_every_way["lines"] += 1
            outcome.leaks += [
                Leak(f"lines-{where}", line["id"], way, "named", str(shown[0]))
                for way, text in ways_out(where, line["text"])
                if (shown := corpus.leaks(text, line))
            ]
    return outcome


def over_redacted() -> list[tuple[str, str]]:
    """Return (line, part) for each part of a line that should show and does not.

    By the border alone, and by `/logs` as a terminal and JSON show it.
    """
    return [
        (row["id"], part)
        for row in corpus.keep()
        for part in row["must_show"]
        if part not in let_out(row["text"], 100_000).text or part not in searched(row["text"])
    ]


def slow() -> list[tuple[float, str]]:
    """Return the processor seconds of each hostile input in what reads its kind, worst first."""
    found = []
    for item in corpus.slow():
        calls = READERS[item["where"]]
        value = corpus.build(item)
        if value is not None:
            found.append((max(_seconds(call, value) for call in calls), item["id"]))
    return sorted(found, reverse=True)


def _seconds(call: Callable[[Any], object], value: object) -> float:
    before = time.process_time()
    call(value)
    return time.process_time() - before
