"""Steps over one literal repeated a million times, without walking each repetition.

A text of one repeated literal looks the same from each place that lies a whole literal further on.
So what was tried at one place, and looked neither behind the text's beginning nor at its end, takes
as many steps at each such place: the counter adds those, and walks only what is new. It counts
what `StepCounter` would.
"""

import re
from collections.abc import Callable
from functools import partial
from re import _constants as ops  # type: ignore[attr-defined]
from typing import Any

from tests.attack.regex_steps import Next, Node, StepCounter, TooManySteps, kept

# More than any pattern looks behind a place.
MOST_BEHIND = 64
Tried = tuple[int, int]


class RepeatCounter(StepCounter):
    """Counts the steps of a pattern over `literal` repeated to `size` characters."""

    def __init__(
        self, pattern: re.Pattern[str] | re.Pattern[bytes], most: int, literal: str, size: int
    ) -> None:
        super().__init__(pattern, most)
        self._literal, self._period = literal, len(literal)
        self._text = (literal * (size // len(literal) + 1))[:size]
        self._far = 0

    def count(self, *, anchored: bool) -> int:
        """Return the steps of a match at the beginning, or of finding every match."""
        if anchored:
            self._run(self._tree, 0, 0, lambda stop: True)
            return self.steps
        self._search()
        return self.steps

    def _search(self) -> None:
        at, seen = 0, dict[int, tuple[int, int]]()
        farthest = 0
        while at <= len(self._text):
            end: list[int] = []
            place = at
            found, reach = self._reached(
                at, partial(self._run, self._tree, 0, place, partial(kept, end))
            )
            farthest = max(farthest, reach - at) if seen else reach - at
            if reach >= len(self._text):
                seen.clear()
                farthest = 0
            after = max(end[-1], at + 1) if found else at + 1
            at = self._leapt(after, seen, farthest)

    def _leapt(self, at: int, seen: dict[int, tuple[int, int]], farthest: int) -> int:
        """Return where to go on from `at`: as far ahead as the same would only happen again."""
        kind = at % self._period
        if at < MOST_BEHIND or kind not in seen:
            if at >= MOST_BEHIND:
                seen[kind] = (at, self.steps)
            return at
        before, steps = seen[kind]
        width = at - before
        times = max(0, (len(self._text) - farthest - width - at) // width)
        self._add(times * (self.steps - steps))
        seen.clear()
        return at + times * width

    def _reached(self, at: int, call: Callable[[], bool]) -> tuple[bool, int]:
        """Return what a call returns, and how far into the text it looked."""
        before, self._far = self._far, at
        made = call()
        reach, self._far = self._far, max(before, self._far)
        return made, reach

    def _add(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self._most:
            raise TooManySteps

    def _looked(self, at: int) -> None:
        self._far = max(self._far, at)

    def _chars(
        self,
        single: Callable[[str], bool],
        bounds: tuple[int, int],
        at: int,
        then: Next,
        *,
        lazy: bool,
    ) -> bool:
        low, high = bounds
        if high != ops.MAXREPEAT:
            return super()._chars(single, bounds, at, then, lazy=lazy)
        fits = [single(char) for char in self._literal]
        run = 0
        while run < self._period and fits[(at + run) % self._period]:
            run += 1
        most = len(self._text) - at
        run = most if run == self._period else min(run, most)
        self._looked(at + run)
        if lazy:
            return self._tried(at + low, at + run, 1, then) if run >= low else False
        self._add(run)
        return self._tried(at + run, at + low, -1, then) if run >= low else False

    def _tried(self, first: int, last: int, way: int, then: Next) -> bool:
        """Try `then` from `first` to `last`; where it fails all through a literal, leap."""
        at, failed, since = first, 0, self.steps
        while (at <= last) if way > 0 else (at >= last):
            place = at
            found, reach = self._reached(place, partial(then, place))
            if found:
                return True
            self._add(1)
            is_inside = reach < len(self._text) and at >= MOST_BEHIND
            failed, since = (failed + 1, since) if is_inside else (0, self.steps)
            at += way
            if failed == self._period:
                left = abs(last - at) + 1 if (last - at) * way >= 0 else 0
                margin = max(reach - place, 1) if way > 0 else MOST_BEHIND
                times = max(0, (left - margin - self._period) // self._period)
                self._add(times * (self.steps - since))
                at += way * times * self._period
                failed, since = 0, self.steps
        return False

    def _repeat(
        self, body: list[Node], bounds: tuple[int, int], at: int, then: Next, *, lazy: bool
    ) -> bool:
        low, high = bounds
        if lazy or high != ops.MAXREPEAT:
            return super()._repeat(body, bounds, at, then, lazy=lazy)
        ends, seen = [at], dict[int, tuple[int, int]]()
        while True:
            end: list[int] = []
            self._add(1)
            place = ends[-1]
            found, reach = self._reached(
                place, partial(self._run, body, 0, place, partial(kept, end))
            )
            if not found or end[-1] == place:
                break
            ends.append(end[-1])
            self._rounds(ends, seen, reach - place)
        return self._back(ends, low, then)

    def _back(self, ends: list[int], low: int, then: Next) -> bool:
        """Try `then` behind each round, the last first; where it keeps failing alike, leap."""
        count, seen = len(ends) - 1, dict[int, tuple[int, int]]()
        while count >= low:
            self._add(1)
            place = ends[count]
            found, reach = self._reached(place, partial(then, place))
            if found:
                return True
            kind = place % self._period
            if reach >= len(self._text) or place < MOST_BEHIND:
                seen.clear()
            elif kind in seen:
                before, steps = seen[kind]
                rounds = before - count
                times = max(0, (count - low - MOST_BEHIND) // rounds)
                if ends[count - times * rounds] % self._period == kind:
                    self._add(times * (self.steps - steps))
                    count -= times * rounds
                seen.clear()
            else:
                seen[kind] = (count, self.steps)
            count -= 1
        return False

    def _rounds(self, ends: list[int], seen: dict[int, tuple[int, int]], width: int) -> None:
        """Add the rounds that only repeat what was seen since the same place in the literal."""
        at = ends[-1]
        kind = at % self._period
        if at < MOST_BEHIND or kind not in seen:
            if at >= MOST_BEHIND:
                seen[kind] = (len(ends) - 1, self.steps)
            return
        first, steps = seen[kind]
        step = at - ends[first]
        times = max(0, (len(self._text) - width - step - at) // step)
        if times:
            self._add(times * (self.steps - steps))
            pattern = [one - ends[first] for one in ends[first + 1 :]]
            base = at
            for turn in range(times):
                ends.extend(base + turn * step + one for one in pattern)
            self._looked(ends[-1])
        seen.clear()

    def _anchor(self, kind: Any, at: int) -> bool:
        self._looked(at)
        return super()._anchor(kind, at)
