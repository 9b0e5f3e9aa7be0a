"""Drops followed lines whose event holds no wanted word, before they are parsed.

Parsing costs some 20 microseconds a line, searching its bytes a tenth of one: most lines of a
busy service are of no use to any detector and are only searched.
"""

from collections.abc import Iterator, Sequence

from bot.domain.log import LogEvent
from bot.sources.log_format.codec import Codec, is_head
from bot.sources.log_format.memmem import positions
from bot.sources.log_format.parser import LineParser

# A reader that is behind keeps this many hits of each needle in a block, so that one frequent
# needle cannot make the bot miss a rare one.
KEPT_BEHIND = 200
MAX_EVENT_BYTES = 4 << 20


class Prefilter:
    """Turns blocks of whole events into events; `needles` None lets everything through."""

    def __init__(self, codec: Codec, parser: LineParser, needles: Sequence[str] | None) -> None:
        self.codec = codec
        self.parser = parser
        self.unreadable = 0
        self._words = None if needles is None else [codec.needle(word) for word in needles]

    def events(self, block: bytes, *, behind: bool = False) -> tuple[list[LogEvent], int]:
        """Return a block's wanted events, and how many lines were lost because of `behind`.

        What is not wanted is not lost. A reader that is behind and wants everything loses the
        whole block.
        """
        if not block:
            return [], 0
        if self._words is None:
            if behind:
                return [], block.count(b"\n")
            return self._parsed(block), 0
        hits, lost = _hits(block, self._words, behind)
        events: list[LogEvent] = []
        for low, high in _spans(block, hits, self.codec):
            events += self._parsed(block[low:high])
        return events, lost

    def take_unreadable(self) -> int:
        """Return how many lines could not be read since the last call."""
        total = self.parser.unreadable + self.codec.spoiled
        fresh, self.unreadable = total - self.unreadable, total
        return fresh

    def _parsed(self, block: bytes) -> list[LogEvent]:
        raws = block.split(b"\n")
        if not raws[-1]:
            raws.pop()
        found = [self.parser.feed(line, at) for line, at in self.codec.lines(raws)]
        found.append(self.parser.flush())
        return [event for event in found if event is not None]


def last_head(lines: bytes, codec: Codec, floor: int = 0) -> int:
    """Return where the last event begins in whole lines, or -1."""
    end = len(lines)
    while end > floor:
        start = lines.rfind(b"\n", 0, end - 1) + 1
        if is_head(lines, start, end, codec):
            return start
        end = start
    return -1


def _hits(block: bytes, words: Sequence[bytes], behind: bool) -> tuple[list[int], int]:
    found: set[int] = set()
    lost = 0
    for word in words:
        hits = positions(block, word)
        if behind and len(hits) > KEPT_BEHIND:
            lost += len(hits) - KEPT_BEHIND
            hits = [*hits[: KEPT_BEHIND // 2], *hits[-KEPT_BEHIND // 2 :]]
        found.update(hits)
    return sorted(found), lost


def _spans(block: bytes, hits: Sequence[int], codec: Codec) -> Iterator[tuple[int, int]]:
    """Yield the stretches of whole events that hold hits."""
    done = 0
    for hit in hits:
        if hit < done:
            continue
        low = last_head(block[done : _line_end(block, hit)], codec)
        low = done + low if low >= 0 else done
        done = _next_head(block, _line_end(block, hit), codec)
        yield low, done


def _next_head(block: bytes, position: int, codec: Codec) -> int:
    while position < len(block):
        end = _line_end(block, position)
        if is_head(block, position, end, codec):
            return position
        position = end
    return position


def _line_end(block: bytes, position: int) -> int:
    newline = block.find(b"\n", position)
    return len(block) if newline < 0 else newline + 1
