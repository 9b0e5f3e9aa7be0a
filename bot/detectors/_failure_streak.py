"""Failures in a row with no answer between them, and how many requests were given up over them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._state import moment

# So many failures in a row, and so many requests given up over them, are no accident.
HOPELESS, LOST = 3, 5


@dataclass(frozen=True, slots=True)
class Streak:
    """A run of real failures; `at` is the last one, None before any."""

    failures: int = 0
    given_up: int = 0
    at: datetime | None = None

    @property
    def is_hopeless(self) -> bool:
        """Whether the work was given up over it."""
        return self.failures >= HOPELESS and self.given_up >= LOST

    def failed(self, at: datetime, longest: timedelta) -> "Streak":
        """Return the run with one more failure; it begins anew when the last is too long ago."""
        goes_on = self.at is not None and abs(at - self.at) <= longest
        before = self if goes_on else Streak()
        return Streak(before.failures + 1, before.given_up, at)

    def gave_up(self, at: datetime, longest: timedelta) -> "Streak":
        """Return the run with one request more that was given up over it."""
        goes_on = self.at is not None and abs(at - self.at) <= longest
        return replace(self, given_up=self.given_up + 1) if goes_on else Streak()

    def left(self) -> Mapping[str, Any]:
        """Return what `read` takes, as JSON values."""
        at = self.at.isoformat() if self.at else None
        return {"failures": self.failures, "given_up": self.given_up, "at": at}

    @classmethod
    def read(cls, left: Any) -> "Streak":
        """Return what `left` told; a run without failures when it told nothing."""
        if not isinstance(left, Mapping):
            return cls()
        return cls(int(left["failures"]), int(left["given_up"]), moment(left["at"]))
