"""Failures in a row with no answer between them, and how many requests were given up over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._state import moment

# So many requests given up in a row open an alert, and after so many failures it is severe.
MIN_FAILURES, MIN_GIVEN_UP = 3, 5


@dataclass(frozen=True, slots=True)
class FailureStreak:
    """A run of real failures; `at` is the last one, None before any."""

    failures: int = 0
    given_up: int = 0
    at: datetime | None = None

    @property
    def gave_up_work(self) -> bool:
        """Whether the work was given up over it."""
        return self.failures >= MIN_FAILURES and self.gave_up_bundle

    @property
    def gave_up_bundle(self) -> bool:
        """Whether a bundle or more of requests was given up over it, after however few failures."""
        return self.failures > 0 and self.given_up >= MIN_GIVEN_UP

    def with_failure(self, at: datetime, longest: timedelta) -> "FailureStreak":
        """Return the run with one more failure; a new run when the last was too long ago."""
        goes_on = self.at is not None and abs(at - self.at) <= longest
        before = self if goes_on else FailureStreak()
        return FailureStreak(before.failures + 1, before.given_up, at)

    def with_given_up(self, at: datetime, longest: timedelta) -> "FailureStreak":
        """Return the run with one request more that was given up over it."""
        goes_on = self.at is not None and abs(at - self.at) <= longest
        return replace(self, given_up=self.given_up + 1) if goes_on else FailureStreak()

    def to_json(self) -> Mapping[str, Any]:
        """Return what `from_json` takes, as JSON values."""
        at = self.at.isoformat() if self.at else None
        return {"failures": self.failures, "given_up": self.given_up, "at": at}

    @classmethod
    def from_json(cls, values: Any) -> "FailureStreak":
        """Return what `to_json` returned; a run without failures for anything else."""
        if not isinstance(values, Mapping):
            return cls()
        return cls(int(values["failures"]), int(values["given_up"]), moment(values["at"]))


def onset_of(looks: Sequence[tuple[datetime, bool, bool]], pause: timedelta) -> datetime | None:
    """Return when the newest outbreak began: after a longer pause in which something was answered.

    Each look, oldest first, says when it was, whether something failed and whether something was
    answered.
    """
    begun: datetime | None = None
    answered = False
    for at, failed, done in reversed(looks):
        if not failed:
            answered = answered or done
            continue
        if begun is not None and answered and begun - at > pause:
            break
        begun, answered = at, False
    return begun
