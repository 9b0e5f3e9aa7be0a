"""What can be broken in the demo's services: by its script, by the page and by HTTP."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import UsageError

FREEZE, REJECT, STOP_CJ, FINALISATION = "freeze", "reject", "stop_cj", "finalisation"
RATE_LIMIT, OVERLOAD = "provider_429", "provider_529"
BATCH, HEAL = "batch", "heal"
STATUS = {RATE_LIMIT: 429, OVERLOAD: 529}


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """One thing that can go wrong: what the button says, and what is to be seen then."""

    name: str
    title: str
    about: str
    is_moment: bool = False


KINDS = (
    IncidentKind(FREEZE, "Freeze the queue",
         "The worker restarts and leaves an item of the running batch behind"),
    IncidentKind(REJECT, "Reject a callback",
         "A runner dies of an answer without its essays", is_moment=True),
    IncidentKind(RATE_LIMIT, "Provider says 429", "The model's provider refuses every request"),
    IncidentKind(OVERLOAD, "Provider says 529", "The model's provider is overloaded"),
    IncidentKind(STOP_CJ, "Stop CJ", "Answers are published, and CJ takes none of them"),
    IncidentKind(FINALISATION, "Fail a finalisation",
         "The grades of the running batch cannot be stored"),
)  # fmt: skip
MOMENTS = (
    IncidentKind(BATCH, "Start a batch", "30 comparisons, done in about a minute", is_moment=True),
    IncidentKind(
        HEAL, "Heal everything", "What waits goes on, and the alerts resolve", is_moment=True
    ),
)
_KNOWN = {kind.name: kind for kind in (*KINDS, *MOMENTS)}


class Incidents:
    """What is broken now, and what was asked for and not done yet.

    The demo's script uses `play` and `end`, and everybody else `start` and `stop`: what a person
    decided is left alone by the script from then on. `woken` is set whenever something changes, so
    that the services need not be waited for, and `changed` is called, which the page sets.
    """

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.asked: list[str] = []
        self._decided: set[str] = set()
        self.woken = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None

    def start(self, name: str) -> None:
        """Break something, or ask for a moment's thing. Raises UsageError on an unknown name."""
        kind = _kind(name)
        if name == HEAL:
            self._decided |= {one.name for one in KINDS if not one.is_moment}
        elif not kind.is_moment:
            self._decided.add(name)
        self._start(kind)

    def stop(self, name: str) -> None:
        """Mend one thing. Raises UsageError on an unknown name."""
        self._decided.add(_kind(name).name)
        self._stop(name)

    def play(self, name: str) -> None:
        """Break something by the script, unless a person decided about it."""
        if name not in self._decided:
            self._start(_kind(name))

    def end(self, name: str) -> None:
        """Mend what the script broke, unless a person decided about it."""
        if name not in self._decided:
            self._stop(name)

    def _start(self, kind: IncidentKind) -> None:
        if kind.name == HEAL:
            self.on.clear()
        elif not kind.is_moment:
            self.on -= set(STATUS) if kind.name in STATUS else set()
            self.on.add(kind.name)
        self.asked.append(kind.name)
        self._tell()

    def _stop(self, name: str) -> None:
        self.on.discard(name)
        self._tell()

    def _tell(self) -> None:
        self.woken.set()
        self.changed()

    def take(self) -> list[str]:
        """Return what was asked for since the last call."""
        asked, self.asked = self.asked, []
        self.woken.clear()
        return asked

    def shown(self) -> list[dict[str, Any]]:
        """Return every kind with its state, for the page."""
        return [
            {
                "name": kind.name,
                "title": kind.title,
                "about": kind.about,
                "moment": kind.is_moment,
                "on": kind.name in self.on,
            }
            for kind in (*KINDS, *MOMENTS)
        ]

    @property
    def status(self) -> int | None:
        """The HTTP status with which the model's provider refuses; None when it answers."""
        return next((STATUS[name] for name in STATUS if name in self.on), None)


def _kind(name: str) -> IncidentKind:
    if name not in _KNOWN:
        raise UsageError(f"There is no such incident; there are {', '.join(_KNOWN)}.")
    return _KNOWN[name]
