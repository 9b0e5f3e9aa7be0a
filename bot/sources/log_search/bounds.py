"""Finds where events of a log begin and end, from a stretch of it that is kept at hand."""

from collections.abc import Callable, Iterator

from bot.sources.log_format.codec import LOOK_BACK_BYTES, heads, heads_of, looked_back
from bot.sources.log_search.segment import NEAR_BYTES, REACH_BYTES, Segment

# Many small reads cost more than one that is larger.
BEFORE_BYTES, AFTER_BYTES = 8 << 10, 2 << 10
# Looking back costs as much as it is to the event's beginning, and no more of what is at hand.
BACK_BYTES = BEFORE_BYTES - NEAR_BYTES
# Where what is looked up lies close together, each read reaches further back than the last.
MOST_BEFORE_BYTES = 256 << 10
_GROWTH = 8


def _unknown(start: int, end: int) -> bool:
    return False


class Bounds:
    """Looks events up in one log as it is now; `short` says that a stretch has no long line.

    Where that is known nothing need be looked back at: no line was cut there.
    """

    def __init__(self, segment: Segment, short: Callable[[int, int], bool] = _unknown) -> None:
        self._segment = segment
        self._short = short
        self._start = self._end = 0
        self._held = b""
        self._before = BEFORE_BYTES

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of [start, end)."""
        if end - start > BEFORE_BYTES:
            return self._segment.read(start, end)
        if not (self._start <= start and end <= self._end):
            self._hold(start, end)
            if not (self._start <= start and end <= self._end):
                return self._segment.read(start, end)
        return self._held[start - self._start : end - self._start]

    def event_start(self, offset: int, *, events: int = 0) -> int:
        """Return where the event begins that holds `offset`, or `events` events before it."""
        floor = max(0, offset - REACH_BYTES * (1 + min(events, 8)))
        end, found, size = self._line_end(offset, self._segment.size), 0, BACK_BYTES
        if not events and self._is_head(begin := self._line_start(offset), end):
            return begin
        while end > floor:
            start = self._line_start(max(floor, end - size))
            for at in self._heads(start, end, backwards=True):
                found += 1
                if found > events:
                    return at
            end, size = start, size * _GROWTH
        return self._segment.line_start(floor)

    def event_end(self, offset: int, end: int, *, hit: int, events: int = 0) -> int:
        """Return where the event that begins at `offset` ends, or `events` events after it.

        Up to the line of `hit` no other begins.
        """
        ceiling = min(end, offset + REACH_BYTES * (1 + min(events, 8)))
        position, found, size = self._line_end(max(offset, hit), end), 0, NEAR_BYTES
        near = position if events else self._line_end(position, end)
        if position < min(near, ceiling) and self._is_head(position, near):
            return position
        while position < ceiling:
            stop = self._line_end(min(position + size, ceiling) - 1, end)
            for at in self._heads(position, stop):
                found += 1
                if found > events:
                    return at
            position, size = stop, size * _GROWTH
        return position

    def _hold(self, start: int, end: int) -> None:
        """Keep what is around a stretch at hand, within its file: another may be packed."""
        is_near = self._start - BEFORE_BYTES <= start < self._start
        self._before = min(2 * self._before, MOST_BEFORE_BYTES) if is_near else BEFORE_BYTES
        for part in self._segment.parts:
            if part.offset <= start and end <= part.end:
                first = max(part.offset, start - self._before)
                last = min(part.end, end + AFTER_BYTES)
                self._held = part.read(first - part.offset, last - part.offset)
                self._start, self._end = first, first + len(self._held)
                return

    def _line_start(self, offset: int) -> int:
        """Return where the line begins that holds `offset`."""
        if self._start < offset <= self._end:
            newline = self._held.rfind(b"\n", 0, offset - self._start)
            if newline >= 0:
                return self._start + newline + 1
        return self._segment.line_start(offset)

    def _line_end(self, offset: int, end: int) -> int:
        """Return where the next line begins after the one that holds `offset`, at most `end`."""
        if offset < end and not self._start <= offset < self._end:
            self._hold(offset, offset + 1)
        if self._start <= offset < min(end, self._end):
            newline = self._held.find(b"\n", offset - self._start, end - self._start)
            if newline >= 0:
                return self._start + newline + 1
        return self._segment.line_end(offset, end)

    def _is_head(self, start: int, end: int) -> bool:
        """Say whether an event surely begins at a line, as nearly all do, seen at one look."""
        codec = self._segment.codec
        if codec.cuts_lines and not self._short(max(0, start - LOOK_BACK_BYTES), end):
            return False
        return codec.starts_event(self.read(start, end))

    def _heads(self, start: int, end: int, *, backwards: bool = False) -> Iterator[int]:
        """Yield where events begin in the whole lines of [start, end)."""
        codec, block = self._segment.codec, self.read(start, end)
        if codec.cuts_lines and not self._short(max(0, start - LOOK_BACK_BYTES), end):
            found = heads(block, codec, looked_back(self._segment.read, start))
            yield from (start + at for at in (reversed(found) if backwards else found))
            return
        yield from (start + at for at in heads_of(block, codec, backwards=backwards))
