"""Where events of a log begin and end, looked up step by step."""

from collections.abc import Iterator

from bot.sources.log_format.codec import heads, looked_back
from bot.sources.log_search.segment import NEAR_BYTES, REACH_BYTES, Segment


class SteppedSegment(Segment):
    """A log whose events are looked up step by step."""

    def event_start(self, offset: int, *, events: int = 0) -> int:
        """Return where the event begins that holds `offset`, or `events` events before it."""
        floor = max(0, offset - REACH_BYTES * (1 + min(events, 8)))
        end, found, size = self.line_end(offset, self.size), 0, NEAR_BYTES
        while end > floor:
            start = self.line_start(max(floor, end - size))
            for at in reversed(self._heads(start, end)):
                found += 1
                if found > events:
                    return at
            end, size = start, size * 2
        return self.line_start(floor)

    def event_end(self, offset: int, end: int, *, events: int = 0) -> int:
        """Return where the event that begins at `offset` ends, or `events` events after it."""
        ceiling = min(end, offset + REACH_BYTES * (1 + min(events, 8)))
        position, found, size = self.line_end(offset, end), 0, NEAR_BYTES
        while position < ceiling:
            stop = self.line_end(min(position + size, ceiling) - 1, end)
            for at in self._heads(position, stop):
                found += 1
                if found > events:
                    return at
            position, size = stop, size * 2
        return position

    def raws(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the physical lines of [start, end) without their newline."""
        lines = self.read(start, end).split(b"\n")
        if lines and not lines[-1]:
            lines.pop()
        return iter(lines)

    def _heads(self, start: int, end: int) -> list[int]:
        """Return where events begin in the whole lines of [start, end)."""
        before = looked_back(self.read, start) if self.codec.cuts_lines else b""
        return [start + at for at in heads(self.read(start, end), self.codec, before)]
