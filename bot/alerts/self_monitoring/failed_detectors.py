"""Detectors that fail: each waits longer and longer before it is tried again, and is told of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.alert import (
    Condition,
    Judgement,
    Sight,
)
from bot.domain.report import Confidence, Severity

FAILED_DETECTOR = "failed_detector"
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

    def left(self) -> Mapping[str, Any]:
        """Return what `failed` takes, as JSON values."""
        return {
            name: {"reason": rest.reason, "since": rest.since.isoformat()}
            for name, rest in self._resting.items()
        }


def failed(resting: Mapping[str, Any]) -> Judgement:
    """Conclude which detectors fail, from what `Rests.left` told.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    conditions = (
        _failed(name, str(rest["reason"]), datetime.fromisoformat(rest["since"]))
        for name, rest in resting.items()
    )
    return Judgement(Sight.CLEAR, conditions=tuple(conditions))


def _failed(name: str, reason: str, since: datetime) -> Condition:
    return Condition(
        subject=name,
        rule="failed-detector",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=f"Detector {name} fails since {since:%H:%M} UTC ({reason}): what it "
        "watches is not watched. Look at the bot's log.",
        since=since,
        known=reason,
        count=0,
        next=("Look at the bot's log for the traceback.",),
    )
