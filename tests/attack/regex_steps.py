"""Counts the steps of a backtracking matcher, so that a pattern's growth needs no clock.

Walks the tree of `re._parser` as the engine of `re` does: greedy, leftmost, backtracking. A bound
of a repeat that is greater than MOST_REPEATS counts as that: bounded repeats are constants, and
what is sought is growth without bound. Lookarounds, groups and anchors are followed; of a
back reference only the length is not known, so it matches nothing.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MOST_REPEATS = 6
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    ops.CATEGORY_DIGIT: str.isdigit,
    ops.CATEGORY_NOT_DIGIT: lambda char: not char.isdigit(),
    ops.CATEGORY_SPACE: str.isspace,
    ops.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    ops.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    ops.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}
Node = tuple[Any, Any]
Next = Callable[[int], bool]


class TooManySteps(Exception):
    """A match took more steps than allowed."""


def kept(ends: list[int], end: int) -> bool:
    """Keep where a match ended, and take it."""
    ends.append(end)
    return True


class StepCounter:
    """Searches a text by one pattern and counts how often a node was tried."""

    def __init__(self, pattern: re.Pattern[str] | re.Pattern[bytes], most: int) -> None:
        self._tree = _tree(pattern)
        self._flags, self._most = pattern.flags, most
        self._seen: dict[int, Callable[[str], bool]] = {}
        self.steps = 0
        self.found: list[tuple[int, int]] = []
        self._text = ""

    def match(self, text: str) -> int:
        """Return the steps of a match at the beginning of `text`."""
        self._text = text
        self._run(self._tree, 0, 0, lambda stop: True)
        return self.steps

    def search_all(self, text: str) -> int:
        """Return the steps of finding every match in `text`."""
        self._text, at = text, 0
        while at <= len(text):
            end: list[int] = []
            found = self._run(self._tree, 0, at, partial(kept, end))
            if found:
                self.found.append((at, end[-1]))
            at = max(end[-1], at + 1) if found else at + 1
        return self.steps

    def _run(self, nodes: list[Node], index: int, at: int, then: Next) -> bool:
        while index < len(nodes):
            self.steps += 1
            if self.steps > self._most:
                raise TooManySteps
            op, given = nodes[index]
            single = self._single(nodes[index])
            if single is not None:
                self._looked(at)
                if at >= len(self._text) or not single(self._text[at]):
                    return False
                at, index = at + 1, index + 1
                continue
            if op is ops.AT:
                if not self._anchor(given, at):
                    return False
                index += 1
                continue
            return self._compound(op, given, at, partial(self._on, nodes, index + 1, then))
        return then(at)

    def _on(self, nodes: list[Node], index: int, then: Next, at: int) -> bool:
        return self._run(nodes, index, at, then)

    def _compound(self, op: Any, given: Any, at: int, then: Next) -> bool:
        if op is ops.SUBPATTERN:
            return self._run(list(given[3]), 0, at, then)
        if op is ops.BRANCH:
            return any(self._run(list(one), 0, at, then) for one in given[1])
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            low, high, body = given
            high = high if high == ops.MAXREPEAT else min(high, max(low, MOST_REPEATS))
            single = self._single(body[0]) if len(body) == 1 else None
            low = min(low, MOST_REPEATS) if high != ops.MAXREPEAT else low
            if single is not None:
                return self._chars(single, (low, high), at, then, lazy=op is ops.MIN_REPEAT)
            return self._repeat(list(body), (low, high), at, then, lazy=op is ops.MIN_REPEAT)
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            direction, body = given
            start = at if direction > 0 else at - body.getwidth()[0]
            found = start >= 0 and self._run(list(body), 0, start, lambda end: True)
            return then(at) if found == (op is ops.ASSERT) else False
        if op is ops.ATOMIC_GROUP:
            end: list[int] = []
            return self._run(list(given), 0, at, partial(kept, end)) and then(end[-1])
        return False

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
        most = len(self._text) - at if high == ops.MAXREPEAT else min(high, len(self._text) - at)
        count = 0
        if lazy:
            while True:
                if count >= low and then(at + count):
                    return True
                self._step()
                self._looked(at + count)
                if count >= most or not single(self._text[at + count]):
                    return False
                count += 1
        while count < most and single(self._text[at + count]):
            count += 1
            self._step()
        self._looked(at + count)
        while count >= low:
            if then(at + count):
                return True
            count -= 1
            self._step()
        return False

    def _repeat(
        self, body: list[Node], bounds: tuple[int, int], at: int, then: Next, *, lazy: bool
    ) -> bool:
        """Repeat a group without recursion a round, so that long texts fit Python's stack."""
        low, high = bounds
        ends, at_round = [at], at
        while len(ends) <= high:
            end: list[int] = []
            self._step()
            if not self._run(body, 0, at_round, partial(kept, end)):
                break
            if end[-1] == at_round:
                break
            at_round = end[-1]
            ends.append(at_round)
            if lazy and len(ends) > low and then(at_round):
                return True
        for count in range(len(ends) - 1, low - 1, -1):
            self._step()
            if then(ends[count]):
                return True
        return False

    def _looked(self, at: int) -> None:
        """Hear of a place that was looked at."""

    def _step(self) -> None:
        self.steps += 1
        if self.steps > self._most:
            raise TooManySteps

    def _single(self, node: Node) -> Callable[[str], bool] | None:
        """Return whether a character fits a node of one character, None for other nodes."""
        key = id(node)
        if key not in self._seen:
            made = _single(node)
            if made is None:
                return None
            self._seen[key] = made
        return self._seen[key]

    def _anchor(self, kind: Any, at: int) -> bool:
        text = self._text
        if kind in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
            return at == 0 or (bool(self._flags & re.M) and text[at - 1] == "\n")
        if kind in (ops.AT_END, ops.AT_END_STRING):
            return at == len(text) or (bool(self._flags & re.M) and text[at] == "\n")
        word = _CATEGORIES[ops.CATEGORY_WORD]
        before = at > 0 and word(text[at - 1])
        after = at < len(text) and word(text[at])
        return (before != after) == (kind is ops.AT_BOUNDARY)


def _single(node: Node) -> Callable[[str], bool] | None:
    op, given = node
    if op is ops.LITERAL:
        return lambda char: ord(char) == given
    if op is ops.NOT_LITERAL:
        return lambda char: ord(char) != given
    if op is ops.ANY:
        return lambda char: char != "\n"
    if op is not ops.IN:
        return None
    fits = [_member(one) for one in given if one[0] is not ops.NEGATE]
    negated = given[0][0] is ops.NEGATE
    return lambda char: any(fit(char) for fit in fits) != negated


def _member(member: Node) -> Callable[[str], bool]:
    op, given = member
    if op is ops.RANGE:
        return lambda char: given[0] <= ord(char) <= given[1]
    if op is ops.CATEGORY:
        return _CATEGORIES[given]
    return lambda char: ord(char) == given


@cache
def _tree(pattern: re.Pattern[str] | re.Pattern[bytes]) -> list[Node]:
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    return list(_parser.parse(text, pattern.flags & ~re.UNICODE & ~re.LOCALE))


def literals(pattern: re.Pattern[str] | re.Pattern[bytes]) -> set[str]:
    """Return what a pattern is made of: its runs of literals, and a character of each set."""
    return set(_runs(_tree(pattern)))


def _runs(nodes: list[Node]) -> Iterator[str]:
    """Yield runs of a sequence, those of its groups, and the first characters that sets take."""
    whole = ""
    for op, given in nodes:
        if op is ops.LITERAL:
            whole += chr(given)
        elif op in (ops.IN, ops.ANY, ops.NOT_LITERAL):
            fits = _single((op, given))
            whole += next((char for char in "a0 ./-=:\"'\n\\" if fits and fits(char)), "")
        elif op is ops.BRANCH:
            for one in given[1]:
                yield from _runs(list(one))
        elif op is ops.SUBPATTERN:
            yield from _runs(list(given[3]))
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            inner = list(_runs(list(given[2])))
            yield from inner
            whole += inner[-1][:4] if inner and given[0] else ""
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            yield from _runs(list(given[1]))
    if whole:
        yield whole
