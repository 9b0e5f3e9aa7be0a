"""What a search of one container's log found so far."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sys import maxsize

from bot.domain.log import LogEvent, LogQuery, settled
from bot.sources.log_format.error import holds
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.scan import Scan


@dataclass(slots=True)
class Found:
    """The newest matching events of one container so far, newest region first."""

    query: LogQuery
    regions: list[list[LogEvent]] = field(default_factory=list)
    shown: int = 0
    matched: int = 0
    scanned: int = 0
    unreadable: int = 0
    bytes_read: int = 0
    exact: bool = True
    full: bool = False
    cut: bool = False
    late: bool = False
    beyond: int = 0
    is_least: bool = False
    counted_in: tuple[int, int] = (0, maxsize)
    words: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = list(self.query.any_of)

    @property
    def events(self) -> list[LogEvent]:
        """The events in the order of the log."""
        return [event for region in reversed(self.regions) for event in region]

    def add(self, events: Sequence[LogEvent], *, context: int) -> None:
        """Take the events of one region, older than all before; keep matches and their context."""
        if len(events) == 1 and self.shown < self.query.max_events:
            if self._matches(events[0], events[0].at):
                self.shown += 1
                self.regions.append([settled(events[0])])
            return
        times = carried(events)
        wanted = [index for index, event in enumerate(events) if self._matches(event, times[index])]
        room = self.query.max_events - self.shown
        if len(wanted) > room:
            self.full, wanted = True, wanted[len(wanted) - room :] if room > 0 else []
        kept = sorted(
            {
                near
                for index in wanted
                for near in range(max(0, index - context), min(len(events), index + context + 1))
            }
        )
        self.shown += len(wanted)
        if kept:
            self.regions.append([settled(events[index]) for index in kept])

    def count(self, scan: Scan, hits: Sequence[int]) -> None:
        """Take over what a scan counted, of its hits those that lie in what counts."""
        low, high = (bisect_left(hits, at) for at in self.counted_in)
        self.matched += scan.matched - low - (len(hits) - high)
        self.scanned += scan.lines
        self.bytes_read += scan.bytes
        self.exact = self.exact and scan.exact
        self.cut = self.cut or scan.dropped > 0

    def read(self, reader: LineParser) -> None:
        """Take over what a parser counted."""
        self.unreadable += reader.unreadable
        self.beyond += reader.beyond

    def _matches(self, event: LogEvent, at: datetime | None) -> bool:
        query = self.query
        if query.levels and event.level not in query.levels:
            return False
        if self.words and not self._holds(event.text):
            return False
        return in_window(at, query)

    def _holds(self, text: str) -> bool:
        """Say whether a text holds a word; lines repeat, so the last found is looked for first."""
        words = self.words
        for place, word in enumerate(words):
            if word in text:
                if place:
                    words.insert(0, words.pop(place))
                return True
        return holds(text, words)


def carried(events: Sequence[LogEvent]) -> list[datetime | None]:
    """Return each event's time; one without a time has that of its neighbour, first the earlier."""
    times: list[datetime | None] = []
    last = next((event.at for event in events if event.at is not None), None)
    for event in events:
        last = event.at or last
        times.append(last)
    return times


def in_window(at: datetime | None, query: LogQuery) -> bool:
    """Say whether a time lies within a query's bounds; an unknown one is not ruled out."""
    if at is None:
        return True
    return not (query.since and at < query.since) and not (query.until and at > query.until)
