"""Detectors that fail: each waits longer and longer before it is tried again, and is told of."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alert import (
    Condition,
    Judgement,
    Sight,
)
from bot.domain.report import Confidence, Severity

LONGEST_REST = 20


@dataclass(slots=True)
class _Rest:
    """A failing detector: how often it failed in a row, and how many ticks it still rests."""

    failures: int
    ticks: int
    reason: str
    since: datetime


class Rests:
    """The detectors that failed when they were tried last."""

    def __init__(self) -> None:
        self._resting: dict[str, _Rest] = {}

    def awake(self, name: str) -> bool:
        """Say whether a detector is to be tried in this tick; each asking is one tick."""
        rest = self._resting.get(name)
        if rest is None:
            return True
        rest.ticks -= 1
        return rest.ticks < 0

    def failed(self, name: str, reason: str, now: datetime) -> None:
        """Let a detector rest, twice as long each time."""
        before = self._resting.get(name)
        failures = before.failures + 1 if before else 1
        since = before.since if before else now
        self._resting[name] = _Rest(failures, min(2**failures, LONGEST_REST), reason, since)

    def succeeded(self, name: str) -> None:
        """Forget that a detector failed."""
        self._resting.pop(name, None)

    def reasons(self) -> dict[str, str]:
        """Return why each resting detector failed."""
        return {name: rest.reason for name, rest in self._resting.items()}

    def judged(self) -> Judgement:
        """Return the resting detectors as alerts."""
        return Judgement(
            Sight.CLEAR,
            conditions=tuple(_failed(name, rest) for name, rest in self._resting.items()),
        )


def _failed(name: str, rest: _Rest) -> Condition:
    return Condition(
        subject=name,
        rule="failed-detector",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=f"Detector {name} fails since {rest.since:%H:%M} UTC ({rest.reason}): what it "
        "watches is not watched. Look at the bot's log.",
        since=rest.since,
        known=rest.reason,
        count=0,
        next=("Look at the bot's log for the traceback.",),
    )
