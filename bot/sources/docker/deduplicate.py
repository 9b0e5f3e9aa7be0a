"""Drops lines that an Engine repeats when it rotates a log that is followed.

Engines before 23 can send the last lines before a rotation once more. A stamp has nanoseconds and
grows along a stream, so a line that came a moment ago, byte for byte, is the same line.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

REMEMBERED = 1_024


class Deduplicator:
    """Remembers the last lines of one stream, by their hashes."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._recent: deque[int] = deque(maxlen=remembered)
        self._last = b""

    def new(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return the lines, each with its stamp in front, that did not come before."""
        if all(before < line for before, line in pairwise((self._last, *lines))):
            fresh = list(lines)
        else:
            fresh = self._unknown(lines)
        if fresh:
            self._last = max(self._last, fresh[-1])
            self._recent.extend(map(hash, fresh))
        return fresh

    def _unknown(self, lines: Sequence[bytes]) -> list[bytes]:
        seen = set(self._recent)
        fresh = []
        for line in lines:
            if hash(line) not in seen:
                seen.add(hash(line))
                fresh.append(line)
        return fresh
