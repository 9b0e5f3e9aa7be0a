"""One growing file, read on from where the last look ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bot.domain.log import LogEvent, Service
from bot.sources.log_follow.buffer import EventBuffer
from bot.sources.log_follow.prefilter import Prefilter
from bot.sources.log_search.bounds import Bounds
from bot.sources.log_search.file import SegmentFile, open_within
from bot.sources.log_search.found import carried
from bot.sources.log_search.search import SLACK
from bot.sources.log_search.segment import CHUNK_BYTES, Segment

STEP_BYTES = 4 * CHUNK_BYTES
MAX_BEHIND_BYTES = 256 << 20
MAX_LINE_BYTES = 4 << 20
_MARK_BYTES = 64


class Stand(NamedTuple):
    """How far a file was read when it was let go, and the time of its last line read."""

    position: int
    mark: bytes
    at: datetime | None


@dataclass(slots=True)
class Tail:
    """A file that is followed: events before `position` were handed on.

    The last event is held back until another begins or the file was quiet for a while, since its
    traceback may still come. Until `caught_up`, events before `since` are dropped. A tail that
    is further behind than the disk's cache reaches only counts most lines; see Prefilter.
    """

    service: Service
    container: str
    segment: Segment
    since: datetime
    prefilter: Prefilter
    position: int = 0
    mark: bytes = b""
    seen_size: int = -1
    quiet_since: float = 0.0
    caught_up: int = 0
    reached: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever seen in the file."""
        return not (self.position or self.segment.size)

    def begin(self) -> None:
        """Skip what was written before `since`."""
        self.position = self.segment.offset_at(self.since - SLACK, 0, self.segment.size)
        self.caught_up = self.segment.size
        self._remember()

    def stand(self) -> Stand:
        """Return where reading stands, for a file of the same path that comes later."""
        return Stand(self.position, self.mark, self.reached)

    def resume(self, stand: Stand) -> None:
        """Go on where the path's file stood; in another file, after the time that was reached.

        What another file held when it came, and is older, was there before: it is no news.
        """
        low = stand.position - len(stand.mark)
        if stand.mark and self.segment.read(low, stand.position) == stand.mark:
            self.position = stand.position
            self._remember()
            return
        # Some lines tell whole seconds only.
        floor = max(self.since, stand.at or self.since).replace(microsecond=0)
        first = self.segment.first_time()
        if first is not None and first < floor:
            before = floor - timedelta(microseconds=1)
            self.position = self.segment.offset_past(before, 0, self.segment.size)
        self._remember()

    def was_truncated(self) -> bool:
        """Say whether the file shrank, or was rewritten, below what was already read."""
        if self.segment.refresh() < self.position:
            return True
        return self.segment.read(self.position - len(self.mark), self.position) != self.mark

    def rewind(self) -> None:
        """Read what took the file's place, but what is older than what was read."""
        self.position, self.mark, self.caught_up, self.seen_size = 0, b"", 0, -1
        self.resume(Stand(0, b"", self.reached))

    def is_copied_to(self, path: Path) -> bool:
        """Say whether another file begins with what was read of this one."""
        with open(open_within(path), "rb") as other:
            other.seek(max(0, self.position - len(self.mark)))
            return bool(self.mark) and other.read(len(self.mark)) == self.mark

    def advance(self, buffer: EventBuffer, *, now: float, quiet: float) -> bool:
        """Hand on the events that are complete; return whether more can be read at once.

        `now` is a monotonic time; after `quiet` seconds without growth the last event is complete.
        A negative `quiet` says that the file is finished.
        """
        size = self.segment.refresh()
        if size != self.seen_size:
            self.seen_size, self.quiet_since = size, now
        behind = size - self.position > MAX_BEHIND_BYTES
        end = self._end_of_lines(min(size, self.position + STEP_BYTES), size, finished=quiet < 0)
        at_end = end >= size or (size - end < MAX_LINE_BYTES and end < self.position + STEP_BYTES)
        if end > self.position and not (at_end and now - self.quiet_since >= quiet):
            last = Bounds(self.segment).event_start(end - 1)
            end = last if last > self.position or end - self.position < MAX_LINE_BYTES else end
        if end <= self.position:
            return False
        block = self.segment.read(self.position, end)
        events, lost = self.prefilter.events(block, behind=behind)
        buffer.add(self._fresh(events), unreadable=self.prefilter.take_unreadable(), lost=lost)
        self.position = end
        self._remember()
        return not at_end

    def _fresh(self, events: list[LogEvent]) -> list[LogEvent]:
        """Drop what was written before following began."""
        if self.position >= self.caught_up:
            return events
        times = carried(events)
        return [
            event
            for event, at in zip(events, times, strict=True)
            if at is not None and at >= self.since
        ]

    def _end_of_lines(self, end: int, size: int, *, finished: bool) -> int:
        """Return the end of the last whole line before `end`; a half-written one waits."""
        if finished and end == size:
            return end
        start = self.segment.line_start(end)
        if start <= self.position and end - self.position >= MAX_LINE_BYTES:
            return end
        return start

    def _remember(self) -> None:
        self.mark = self.segment.read(max(0, self.position - _MARK_BYTES), self.position)
        self.reached = self.segment.time_before(self.position) or self.reached


def open_tail(
    file: SegmentFile,
    prefilter: Prefilter,
    service: Service,
    container: str,
    *,
    since: datetime,
) -> Tail:
    """Open a file to be followed from its beginning. Raises OSError."""
    return Tail(service, container, Segment([file], prefilter.codec), since, prefilter)
