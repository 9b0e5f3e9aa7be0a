"""Follows one container through the Engine's API, in a thread of its own."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo

from bot.errors import SourceError
from bot.sources.docker.codec import StampedLines
from bot.sources.docker.deduplicate import Deduplicator
from bot.sources.docker.engine import Stream
from bot.sources.docker.errors import GoneError
from bot.sources.docker.listing import Container
from bot.sources.docker.search import epoch, one_line, streamed
from bot.sources.log_follow.buffer import EventBuffer
from bot.sources.log_follow.prefilter import MAX_EVENT_BYTES, Prefilter, last_head
from bot.sources.log_format.parser import LineParser

QUIET_SECONDS = 1.0
STALL_SECONDS = 10.0
JOIN_SECONDS = 5.0
# A log whose driver keeps nothing will not be read a second later.
REST_SECONDS = 30.0
# A reader this far behind the service only counts most lines; see Prefilter.
BEHIND_SECONDS = 60.0
HEAD_BYTES = 64


class Reader:
    """Reads one container's log; knows the last line it handed on, to the nanosecond."""

    def __init__(
        self, prefilter: Prefilter, buffer: EventBuffer, since: datetime, zone: tzinfo
    ) -> None:
        self._prefilter = prefilter
        self._buffer = buffer
        self._since = since
        self._zone = zone
        self._last = b""
        self._began = datetime.now(UTC)
        self._deduplicator = Deduplicator()
        self._at_last = 0
        self._lock = threading.Lock()
        self._fed_at = time.monotonic()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._streams: list[Stream] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._was_running = False
        self._was_current = False
        self._current_since: float | None = None
        self._was_stalled = False
        self._ask_at = 0.0
        self._starts = 0
        self._was_behind = True
        self._has_ended = False
        # Why the log cannot be read, and until when it is not asked for again.
        self.problem = ""
        self._rests_until = 0.0

    @staticmethod
    def maker(
        zone: tzinfo, buffer: EventBuffer, needles: Sequence[str] | None, since: datetime
    ) -> "Callable[[Container], Reader]":
        """Return what makes a reader for a container."""

        def make(container: Container) -> Reader:
            service = container.service
            parser = LineParser(service.name, container.name, service.role, zone)
            prefilter = Prefilter(StampedLines(zone), parser, needles)
            return Reader(prefilter, buffer, since, zone)

        return make

    @property
    def is_behind(self) -> bool:
        """Whether what stood in the log at the start is still being read.

        It was once a line of now came, or none for a while: the Engine does not say where its
        history ends. The last event waits as long for its end.
        """
        now, current = time.monotonic(), self._current_since
        is_read = current is not None and now - current > 2 * QUIET_SECONDS
        is_quiet = bool(self._streams) and now - self._fed_at > QUIET_SECONDS
        if is_read or (not self._held and (is_quiet or self._has_ended)):
            self._was_behind = False
        return self._was_behind

    @property
    def name(self) -> str:
        """The container's name."""
        return self._prefilter.parser.container

    @property
    def reached(self) -> datetime:
        """When the newest line was written, or since when none came."""
        read = StampedLines(self._zone).time_of(self._last + b" ") if self._last else None
        return read or self._began

    def look_at(self, container: Container) -> bool:
        """Read on where the stream has ended; return whether the container started again."""
        self._flush_if_quiet()
        if self._thread is not None and self._thread.is_alive():
            # A stream that was opened for a stopped container is one of its next life.
            began_again = container.running and not self._was_running
            self._was_running = container.running
            if container.running and self._is_stalled(container):
                self._end()
            return began_again
        if time.monotonic() < self._rests_until:
            return False
        # A read that failed says nothing of the container.
        was_read = self._starts > 0 and not self.problem
        restarted = container.running and was_read and not self._was_stalled
        self._was_stalled = False
        # A stopped container is read once more, for what it wrote at its end.
        if container.running or self._was_running or not self._starts:
            self._starts += 1
            self._was_current = False
            self._was_running = container.running
            self._thread = threading.Thread(
                target=self._read, args=(container,), name=f"follow {container.name}", daemon=True
            )
            self._thread.start()
        return restarted

    def close(self) -> None:
        """Close the stream, wait for the thread, hand on the last event."""
        self._is_closed = True
        self._end()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)
        with self._lock:
            self._flush()

    def _end(self) -> None:
        for stream in self._streams:
            stream.end()

    def _is_stalled(self, container: Container) -> bool:
        """Say whether the stream is quiet though the log has grown.

        Engines before 23 can lose a follower when a log is rotated and compressed. The interval
        between checks grows with the time that the stream has been quiet.
        """
        now = time.monotonic()
        if now - self._fed_at < STALL_SECONDS or now < self._ask_at:
            return False
        self._ask_at = now + max(STALL_SECONDS, now - self._fed_at)
        last = b""
        with suppress(SourceError):
            last = _stamp(one_line(container, 1))
        self._was_stalled = last > self._last
        return self._was_stalled

    def _read(self, container: Container) -> None:
        since = StampedLines(self._zone).time_of(self._last + b" ") if self._last else self._since
        options = {"follow": 1, "since": epoch(since or self._since)}
        try:
            self._read_lines(streamed(container, options, self._streams))
            self.problem, self._has_ended = "", True
        except GoneError:
            self.problem, self._has_ended = "", True
        except SourceError as error:
            # An Engine that is away is named by who lists its containers.
            self.problem = error.message if error.permanent else ""
            self._has_ended = self._has_ended or error.permanent
            self._rests_until = time.monotonic() + REST_SECONDS if error.permanent else 0.0

    def _read_lines(self, stream: Iterator[list[bytes]]) -> None:
        resumed, seen = self._last, self._at_last
        for lines in stream:
            self.problem = ""
            if self._is_closed:
                return
            if resumed:
                lines, seen = _unseen(lines, resumed, seen)
                resumed = resumed if not lines else b""
            if lines:
                self._feed(lines)

    def _feed(self, lines: list[bytes]) -> None:
        lines = self._deduplicator.new(lines)
        if not lines:
            return
        self._mark(lines)
        block = b"".join(lines)
        with self._lock:
            self._fed_at = time.monotonic()
            cut = last_head(block, self._prefilter.codec)
            if cut >= 0:
                self._pass(block[:cut])
                block = block[cut:]
            self._held.append(block)
            self._held_bytes += len(block)
            if self._held_bytes > MAX_EVENT_BYTES:
                self._flush()

    def _pass(self, rest: bytes) -> None:
        """Hand on what was held, which `rest` completes."""
        block = b"".join((*self._held, rest))
        self._held, self._held_bytes = [], 0
        events, lost = self._prefilter.events(block, behind=self._is_behind(block))
        self._buffer.add(events, unreadable=self._prefilter.take_unreadable(), lost=lost)

    def _flush(self) -> None:
        self._pass(b"")

    def _flush_if_quiet(self) -> None:
        with self._lock:
            if self._held and time.monotonic() - self._fed_at > QUIET_SECONDS:
                self._flush()

    def _is_behind(self, block: bytes) -> bool:
        """Say whether lines come faster than they are read; what was there before is caught up."""
        at = self._prefilter.codec.time_of(block[:HEAD_BYTES])
        if at is None:
            return False
        is_late = time.time() - at.timestamp() > BEHIND_SECONDS
        self._was_current = self._was_current or not is_late
        if self._was_current and self._current_since is None:
            self._current_since = time.monotonic()
        return is_late and self._was_current

    def _mark(self, lines: list[bytes]) -> None:
        """Remember the last stamp, and how many lines bear it."""
        last, same = _stamp(lines[-1]), 0
        for line in reversed(lines):
            if _stamp(line) != last:
                break
            same += 1
        is_more = last == self._last and same == len(lines)
        self._at_last = self._at_last + same if is_more else same
        self._last = last


def _stamp(line: bytes) -> bytes:
    """Return the Engine's stamp: Docker's has nine digits of a second, podman's may have none."""
    return line.partition(b" ")[0]


def _unseen(lines: list[bytes], last: bytes, seen: int) -> tuple[list[bytes], int]:
    """Leave out lines that were handed on before, `seen` of them with the very last stamp."""
    for number, line in enumerate(lines):
        stamp = _stamp(line)
        if stamp > last or (stamp == last and seen <= 0):
            return lines[number:], 0
        seen -= stamp == last
    return [], seen
