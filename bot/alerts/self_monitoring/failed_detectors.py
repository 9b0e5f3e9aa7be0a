"""Detectors that fail: each is backed off exponentially, and is an alert; pure."""

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
from bot.domain.words import when, words

FAILED_DETECTOR = "failed_detector"
LONGEST_BACKOFF = 20


@dataclass(slots=True)
class _Backoff:
    """A failing detector: how often it failed in a row, and for how many ticks it is skipped."""

    failures: int
    ticks: int
    reason: str
    since: datetime


class FailedDetectors:
    """The detectors that failed when they were tried last."""

    def __init__(self) -> None:
        self._backoffs: dict[str, _Backoff] = {}

    def is_due(self, name: str) -> bool:
        """Say whether a detector is to be tried in this tick; each asking is one tick."""
        backoff = self._backoffs.get(name)
        if backoff is None:
            return True
        backoff.ticks -= 1
        return backoff.ticks < 0

    def record_failure(self, name: str, reason: str, now: datetime) -> None:
        """Back the detector off exponentially, up to LONGEST_BACKOFF ticks."""
        before = self._backoffs.get(name)
        failures = before.failures + 1 if before else 1
        since = before.since if before else now
        self._backoffs[name] = _Backoff(failures, min(2**failures, LONGEST_BACKOFF), reason, since)

    def record_success(self, name: str) -> None:
        """Forget that a detector failed."""
        self._backoffs.pop(name, None)

    def reasons(self) -> dict[str, str]:
        """Return why each failed detector failed."""
        return {name: one.reason for name, one in self._backoffs.items()}

    def to_json(self) -> Mapping[str, Any]:
        """Return what `judge_failed_detectors` takes, as JSON values."""
        return {
            name: {"reason": one.reason, "since": one.since.isoformat()}
            for name, one in self._backoffs.items()
        }


def judge_failed_detectors(failed: Mapping[str, Any]) -> Judgement:
    """Conclude which detectors fail, from what `FailedDetectors.to_json` returned.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    conditions = (
        _condition(name, str(one["reason"]), datetime.fromisoformat(one["since"]))
        for name, one in failed.items()
    )
    return Judgement(Sight.CLEAR, conditions=tuple(conditions))


def _condition(name: str, reason: str, since: datetime) -> Condition:
    return Condition(
        subject=name,
        rule="failed-detector",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            f"Detector {name} fails",
            when(since, " since "),
            f" ({reason}): what it watches is not watched. Look at the bot's log.",
        ),
        since=since,
        headline=words("The detector ", name.replace("_", " "), " fails: it watches nothing"),
        known=reason,
        count=0,
        next=("Look at the bot's log for the traceback.",),
    )
