"""Which events of a recording hold a word that some detector waits for, as when logs are followed.

A detector names such words where every event that it reads holds one of them. They are sought in
many lines at once, which costs a tenth of what it costs to ask each event; and each detector is
given those that hold a word of its own, so that a line costs what those few make of it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeGuard

from bot.domain.log import LogEvent, Role
from bot.replay.passed import PassedEvent, PassedLines, Recorded
from bot.sources.log_format.memmem import positions
from bot.sources.log_format.parser import LineParser

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NEVER = 1 << 62
# Of a longer event the lines are read: it may never end.
MOST_HELD_BYTES = 1 << 20


class Wanted:
    """The wanted events of all files, by where they begin; without words each is wanted.

    `needles` are the words of each detector, by its name, None of one that reads every event. Of
    what is not wanted in one `tick`, one event of each file tells the clock as much as all.
    """

    def __init__(
        self,
        needles: Mapping[str, Sequence[str] | None] | None = None,
        tick: timedelta = timedelta(0),
    ) -> None:
        given = [] if needles is None else [*needles.values()]
        words = [one for some in given for one in some or ()]
        reads_all = needles is None or None in given
        self._words = None if reads_all else _told_apart(words)
        self._waiting = _waiting(needles or {}, self._words or ())
        self._tick = tick
        # The words that an event holds, each as a bit, by where it begins.
        self._held: dict[str, dict[int, int]] = {}

    def holds(self, event: Recorded) -> TypeGuard[LogEvent]:
        """Say whether an event is wanted."""
        if isinstance(event, PassedEvent):
            return False
        return self._words is None or event.offset in self._held.get(event.container, ())

    def of_each(self, events: Sequence[LogEvent]) -> Iterator[tuple[str, Sequence[LogEvent]]]:
        """Yield the detectors, by name, that wait for some wanted events, and those events."""
        if self._words is None:
            yield from ((name, events) for name in self._waiting)
            return
        each = [(self._held[one.container][one.offset or 0], one) for one in events]
        for name, words in self._waiting.items():
            if own := [one for held, one in each if held & words]:
                yield name, own

    def reading(self, parser: LineParser, role: Role, zone: tzinfo) -> "MarkedLines":
        """Return what reads one file's lines with `parser`."""
        held = self._held.setdefault(parser.container, {})
        passed = None if self._words is None else PassedLines(parser, role, zone)
        return MarkedLines(parser, self._words or (), held, passed)

    def thinned(self, events: Iterable[Recorded]) -> Iterator[Recorded]:
        """Yield a file's events in order, of those passed over only what ends a tick."""
        if not self._tick:
            yield from events
            return
        until, held = EPOCH, None
        for event in events:
            at = event.at or EPOCH
            if at >= until:
                if held is not None:
                    yield held
                until, held = tick_of(at, self._tick) + self._tick, None
            if type(event) is PassedEvent:
                held = event
                continue
            held = None
            yield event
        if held is not None:
            yield held


class MarkedLines:
    """Turns a file's lines into events, and notes where those begin that hold a word."""

    def __init__(
        self,
        parser: LineParser,
        words: Sequence[bytes],
        holding: dict[int, int],
        passed: PassedLines | None,
    ) -> None:
        self._parser = parser
        self._words = words
        self._holding = holding
        self._passed = passed
        self._hits: deque[tuple[int, int]] = deque()
        self._at = 0
        # The event without a word that is begun, its lines, and where it begins.
        self._begun: PassedEvent | None = None
        self._held: list[bytes] = []
        self._held_at = 0

    def events(self, lines: Sequence[bytes]) -> Iterator[Recorded]:
        """Yield the events that some lines complete."""
        coming, passed = self._found(lines), self._passed
        hit = next(coming, _NEVER)
        for line in lines:
            end = self._at + len(line)
            is_hit = hit < end
            while hit < end:
                hit = next(coming, _NEVER)
            one = passed.begun(line) if passed and not is_hit else None
            if one is not None:
                event = self._completed()
                if event is not None:
                    yield event
                self._begun, self._held, self._held_at = one, [line], self._at
            elif passed and not is_hit and self._goes_on(passed, line):
                self._held.append(line)
            else:
                event = self._read(line)
                if event is not None:
                    yield event
            self._at = end

    def _goes_on(self, passed: PassedLines, line: bytes) -> bool:
        """Say whether a line belongs to the event that is passed over."""
        if self._begun is None or self._at - self._held_at > MOST_HELD_BYTES:
            return False
        return passed.goes_on(self._held[0], line)

    def last(self) -> Recorded | None:
        """Return the event that is still open."""
        return self._completed()

    def _found(self, lines: Sequence[bytes]) -> Iterator[int]:
        """Return where words begin, and note which."""
        whole = b"".join(lines)
        found: dict[int, int] = {}
        for number, word in enumerate(self._words):
            for hit in positions(whole, word, apart=b""):
                found[self._at + hit] = found.get(self._at + hit, 0) | 1 << number
        hits = sorted(found.items())
        self._hits.extend(hits)
        return iter([hit for hit, _ in hits])

    def _read(self, line: bytes) -> LogEvent | None:
        """Let the parser take a line, and before it those that are held."""
        if self._begun is not None:
            self._begun = None
            for held in self._held:
                self._parser.feed(held, offset=self._held_at)
        event = self._parser.feed(line, offset=self._at)
        return None if event is None else self._marked(event)

    def _completed(self) -> Recorded | None:
        """Return the event that is still open, to which nothing more belongs."""
        if self._begun is not None:
            one, self._begun = self._begun, None
            self._parser.lines += len(self._held)
            return one
        event = self._parser.flush()
        return None if event is None else self._marked(event)

    def _marked(self, event: LogEvent) -> LogEvent:
        """Note which words an event holds that ends at the line read now, where it begins."""
        begin, held = event.offset or 0, 0
        while self._hits and self._hits[0][0] < self._at:
            hit, word = self._hits.popleft()
            held |= word if hit >= begin else 0
        if held:
            self._holding[begin] = held
        return event


def tick_of(moment: datetime, tick: timedelta) -> datetime:
    """Return when the tick begins that a moment is in."""
    return EPOCH + (moment - EPOCH) // tick * tick


def _told_apart(words: Sequence[str]) -> list[bytes]:
    """Return the words in bytes, but those that hold another: it is found where they are."""
    each = {word.encode("utf-8", "replace"): None for word in words}
    return [word for word in each if not any(one in word and one != word for one in each)]


def _waiting(needles: Mapping[str, Sequence[str] | None], words: Sequence[bytes]) -> dict[str, int]:
    """Return which of the words each detector waits for, as bits; none of the events without."""
    waiting = dict.fromkeys(needles, 0)
    for name, own in needles.items():
        for needle in own or ():
            whole = needle.encode("utf-8", "replace")
            waiting[name] |= sum(1 << n for n, word in enumerate(words) if word in whole)
    return waiting
