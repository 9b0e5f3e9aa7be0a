"""Carries every plant through every way out and counts; times the hostile inputs."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.border.passing import let_out
from bot.diagnosis.logs import MAX_SHOWN
from bot.domain.mute import Mute
from bot.sources.redis.item import item_of
from tests.attack import corpus
from tests.attack.ways import events_of, ways_out

MOST_SECONDS = 2.0


@dataclass
class Leak:
    """One plant that showed: where it lay, by which way it came out, and what of it."""

    place: str
    plant: str
    way: str
    promise: str
    shown: str


@dataclass
class Outcome:
    """What was tried and what came of it."""

    planted: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)


def attack(per_place: int | None) -> Outcome:
    """Lay each plant in each place that fits (at most `per_place` of them) and look for it."""
    outcome = Outcome()
    for place, plant, raw in corpus.cases(per_place=per_place):
        outcome.planted[place["where"]] += 1
        found = dict(ways_out(place["where"], raw))
        if corpus.leaks("\n".join(found.values()), plant):
            outcome.leaks += [
                Leak(place["id"], plant["id"], way, place["promise"], str(shown[0]))
                for way, text in found.items()
                if (shown := corpus.leaks(text, plant))
            ]
    return outcome


def over_redacted() -> list[tuple[str, str]]:
    """Return (line, part) for each part of a line that should show and does not."""
    return [
        (row["id"], part)
        for row in corpus.keep()
        for part in row["must_show"]
        if part not in let_out(row["text"], 100_000).text
    ]


def slow() -> list[tuple[float, str]]:
    """Return the processor seconds of each hostile input in what reads its kind, worst first."""
    found = []
    for item in corpus.slow():
        calls = _READERS.get(item["where"], ())
        value = corpus.build(item) if calls else None
        if value is not None:
            found.append((max(_seconds(call, value) for call in calls), item["id"]))
    return sorted(found, reverse=True)


def _seconds(call: Callable[[Any], object], value: object) -> float:
    before = time.process_time()
    call(value)
    return time.process_time() - before


def _read_line(value: str | bytes, head: str) -> None:
    """Read a line as `/logs` does: parse all of it, show the newest events."""
    newest = deque(events_of(head + _text(value)), maxlen=MAX_SHOWN)
    assert all(f"{event.event}{event.error}{event.logger}" is not None for event in newest)


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _match(value: str) -> None:
    Mute(value).matches("stuck_queue/prod/" + "a" * 40)


_LINES = (
    lambda value: _read_line(value, ""),
    lambda value: _read_line(value, "2026-02-10 09:29:32 [error    ] "),
    lambda value: _read_line(value, '{"event": "'),
    lambda value: let_out(_text(value)),
)
_READERS: dict[str, Sequence[Callable[[Any], object]]] = {
    "log line": _LINES,
    "command": _LINES[-1:],
    "setting": _LINES[-1:],
    "glob": (_match,),
    "redis": (lambda value: item_of("q", value),),
}
