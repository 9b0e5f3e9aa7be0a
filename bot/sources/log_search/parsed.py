"""Parses a stretch of whole lines into events, most of a traceback at once."""

from collections.abc import Iterator

from bot.domain.log import LogEvent
from bot.sources.log_format.codec import Codec
from bot.sources.log_format.parser import LineParser
from bot.sources.log_format.time import Stamp

# Fewer lines are as soon read one by one.
LEAST_REST = 4


def parsed(block: bytes, start: int, codec: Codec, parser: LineParser) -> list[LogEvent]:
    """Return the events of whole lines that begin at `start`."""
    if block and block.find(b"\n", 0, -1) < 0:
        return _parsed_one(block.removesuffix(b"\n"), start, codec, parser)
    events: list[LogEvent] = []
    raws = Offsets(_lines(block), start)
    tries = _has_lines(block, LEAST_REST)
    for fed, (line, stamp) in enumerate(codec.lines(raws), start=1):
        place = raws.taken()
        event = parser.feed(line, stamp, place if codec.is_original else None)
        if event is not None:
            events.append(event)
        # Of a line of several pieces, or one that cannot be read, the count is another.
        if tries and raws.number == fed and parser.takes_rest:
            tries, rest = False, block[raws.next - start :]
            text = codec.text(rest) if rest else None
            if text is not None and parser.feed_rest(*text, _last_time(rest, codec)):
                break
    last = parser.flush()
    return [*events, last] if last is not None else events


def _parsed_one(raw: bytes, start: int, codec: Codec, parser: LineParser) -> list[LogEvent]:
    """Return the event of one line, as most matches are."""
    for line, stamp in codec.lines((raw,)):
        parser.feed(line, stamp, start if codec.is_original else None)
    last = parser.flush()
    return [last] if last is not None else []


class Offsets:
    """Passes physical lines on and knows where those begin that make up one line of a service."""

    def __init__(self, raws: Iterator[bytes], start: int) -> None:
        self._raws, self.next = raws, start
        self._first: int | None = None
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        for raw in self._raws:
            self._first = self.next if self._first is None else self._first
            self.next += len(raw) + 1
            self.number += 1
            yield raw

    def taken(self) -> int | None:
        """Return where the line begins that was just completed; the next one is not begun."""
        first, self._first = self._first, None
        return first


def _lines(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a block; the first is often all that is read alone."""
    first, ends, rest = block.partition(b"\n")
    if first or ends:
        yield first
    if rest:
        yield from rest.removesuffix(b"\n").split(b"\n")


def _last_time(block: bytes, codec: Codec) -> Stamp:
    """Return when the carrier took the last line of a block, if it says so."""
    return codec.time_of(block[block.rfind(b"\n", 0, -1) + 1 :].removesuffix(b"\n"))


def _has_lines(block: bytes, least: int) -> bool:
    """Say whether a block holds at least so many lines; to count all of them costs more."""
    at = 0
    for _ in range(least):
        at = block.find(b"\n", at) + 1
        if not at:
            return False
    return True
