"""The time that one answer may take, and how its sources share what is left of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an answer must be complete, in seconds on `clock`, which is monotonic."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """Return the deadline that is `seconds` from now."""
        return cls(clock() + seconds, clock)

    def left(self) -> float:
        """Return the seconds that are left, 0 once it has passed."""
        return max(0.0, self.at - self.clock())

    def next_timeout(self, at_most: float = inf) -> float:
        """Return the seconds that the next source gets: half of what is left, or `at_most`.

        With half, a source that hangs leaves time for those after it, however many there are.
        Sources that are read at the same time get the same.
        """
        return min(self.left() / 2, at_most)
