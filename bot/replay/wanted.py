"""Which events of a recording hold a word that some detector waits for, as when logs are followed.

A detector names such words where every event that it reads holds one of them. They are sought in
many lines at once, which costs a tenth of what it costs to ask each event.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from bot.domain.log import LogEvent
from bot.sources.log_format.memmem import positions
from bot.sources.log_format.parser import LineParser


class Wanted:
    """The wanted events of all files, by where they begin; without words each is wanted."""

    def __init__(self, words: Sequence[str] | None = None) -> None:
        self._words = None if words is None else _told_apart(words)
        self._begins: dict[str, set[int]] = {}

    def holds(self, event: LogEvent) -> bool:
        """Say whether an event is wanted."""
        return self._words is None or event.offset in self._begins.get(event.container, ())

    def reading(self, parser: LineParser) -> "MarkedLines":
        """Return what reads one file's lines with `parser`."""
        begins = self._begins.setdefault(parser.container, set())
        return MarkedLines(parser, self._words or (), begins)


class MarkedLines:
    """Turns a file's lines into events, and notes where those begin that hold a word."""

    def __init__(self, parser: LineParser, words: Sequence[bytes], begins: set[int]) -> None:
        self._parser = parser
        self._words = words
        self._begins = begins
        self._hits: deque[int] = deque()
        self._at = 0

    def events(self, lines: Sequence[bytes]) -> Iterator[LogEvent]:
        """Yield the events that some lines complete."""
        whole = b"".join(lines)
        found = {hit for word in self._words for hit in positions(whole, word, apart=b"")}
        self._hits.extend(self._at + hit for hit in sorted(found))
        for line in lines:
            event = self._parser.feed(line, offset=self._at)
            if event is not None:
                yield self._marked(event)
            self._at += len(line)

    def last(self) -> LogEvent | None:
        """Return the event that is still open."""
        event = self._parser.flush()
        return None if event is None else self._marked(event)

    def _marked(self, event: LogEvent) -> LogEvent:
        """Note where an event begins that ends at the line read now, if it holds a word."""
        begin = event.offset or 0
        while self._hits and self._hits[0] < self._at:
            if self._hits.popleft() >= begin:
                self._begins.add(begin)
        return event


def _told_apart(words: Sequence[str]) -> list[bytes]:
    """Return the words in bytes, but those that hold another: it is found where they are."""
    return [
        word.encode("utf-8", "replace")
        for word in words
        if not any(other in word and other != word for other in words)
    ]
