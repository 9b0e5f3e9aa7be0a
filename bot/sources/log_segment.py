"""One stretch of log that can be read at any place: an open file, perhaps decompressed first."""

import gzip
import os
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from bot.sources.log_codec import Codec

CHUNK_BYTES = 1 << 20
BLOCK_BYTES = 16 << 10
REACH_BYTES = 4 << 20
# Below this much log the search also looks for both halves of an id everywhere; above, only where
# something can have cut one: near a box or in a line as long as the engine's own pieces.
THOROUGH_BYTES = 64 << 20
_GAP_BYTES = 8 << 10
_BOX_BYTE = b"\xe2"


class Segment:
    """A readable stretch of one container's log. Raises OSError when it cannot be opened."""

    def __init__(self, path: Path, codec: Codec) -> None:
        self.path = path
        self.codec = codec
        self._fd = _decompressed(path) if path.suffix == ".gz" else os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._fd).st_size
        self.inode = os.fstat(self._fd).st_ino

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def refresh(self) -> int:
        """Return the file's size now."""
        self.size = os.fstat(self._fd).st_size
        return self.size

    @property
    def modified(self) -> int:
        """When the file was last written, in nanoseconds."""
        return os.fstat(self._fd).st_mtime_ns

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of [start, end), fewer at the end of the file."""
        return os.pread(self._fd, max(0, end - start), start)

    def into(self, buffer: memoryview, start: int) -> int:
        """Fill `buffer` from `start`; return how many bytes there were."""
        return os.preadv(self._fd, [buffer], start)

    def line_start(self, offset: int) -> int:
        """Return where the line begins that holds `offset`."""
        while offset > 0:
            start = max(0, offset - BLOCK_BYTES)
            newline = self.read(start, offset).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            offset = start
        return 0

    def line_end(self, offset: int, end: int) -> int:
        """Return where the next line begins after the one that holds `offset`, at most `end`."""
        while offset < end:
            block = self.read(offset, min(end, offset + BLOCK_BYTES))
            newline = block.find(b"\n")
            if newline >= 0:
                return offset + newline + 1
            if not block:
                break
            offset += len(block)
        return end

    def event_start(self, offset: int, *, events: int = 0) -> int:
        """Return where the event begins that holds `offset`, or `events` events before it."""
        floor = max(0, offset - REACH_BYTES * (1 + min(events, 8)))
        end, found, size = self.line_end(offset, self.size), 0, BLOCK_BYTES
        while end > floor:
            start = self.line_start(max(floor, end - size))
            for at in reversed(_heads(self.read(start, end), self.codec)):
                found += 1
                if found > events:
                    return start + at
            end, size = start, size * 2
        return self.line_start(floor)

    def event_end(self, offset: int, end: int, *, events: int = 0) -> int:
        """Return where the event that begins at `offset` ends, or `events` events after it."""
        ceiling = min(end, offset + REACH_BYTES * (1 + min(events, 8)))
        position, found, size = self.line_end(offset, end), 0, BLOCK_BYTES
        while position < ceiling:
            stop = self.line_end(min(position + size, ceiling) - 1, end)
            before = self.line_start(position - 1)
            for at in _heads(self.read(before, stop), self.codec):
                found += before + at >= position
                if found > events:
                    return before + at
            position, size = stop, size * 2
        return position

    def time_after(self, offset: int, end: int) -> tuple[datetime | None, int]:
        """Return the first time found in whole lines from `offset`, and where its line begins."""
        limit = min(end, offset + REACH_BYTES)
        while offset < limit:
            stop = self.line_end(min(offset + BLOCK_BYTES, end) - 1, end)
            position = offset
            for raw in self.read(offset, stop).split(b"\n"):
                at = self.codec.time_of(raw) if raw else None
                if at is not None:
                    return at, position
                position += len(raw) + 1
            offset = stop
        return None, end

    def time_before(self, end: int) -> datetime | None:
        """Return the last time found before `end`."""
        floor = max(0, end - REACH_BYTES)
        while end > floor:
            start = self.line_start(max(floor, end - BLOCK_BYTES))
            for raw in reversed(self.read(start, end).split(b"\n")):
                at = self.codec.time_of(raw) if raw else None
                if at is not None:
                    return at
            end = start
        return None

    def offset_at(self, moment: datetime, low: int, high: int) -> int:
        """Return where lines of `moment` or later begin, by bisection over [low, high)."""
        while high - low > 4 * BLOCK_BYTES:
            middle = self.line_start((low + high) // 2)
            at, position = self.time_after(middle, high)
            if at is not None and at < moment:
                low = max(position, low + 1)
            else:
                high = middle if middle > low else low
        return self.line_start(low)

    def raws(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the physical lines of [start, end) without their newline."""
        lines = self.read(start, end).split(b"\n")
        if lines and not lines[-1]:
            lines.pop()
        return iter(lines)


def _heads(block: bytes, codec: Codec) -> list[int]:
    """Return where events begin in a block of whole lines."""
    heads: list[int] = []
    position, whole = 0, True
    for raw in block.split(b"\n"):
        if raw:
            if whole and codec.starts_event(raw):
                heads.append(position)
            whole = codec.ends_line(raw)
        position += len(raw) + 1
    return heads


def _never() -> bool:
    return False


class Scan:
    """Finds the lines of a stretch that may hold one of several words; counts what it looked at."""

    def __init__(
        self, words: Sequence[bytes], *, thorough: bool, stopped: Callable[[], bool] = _never
    ) -> None:
        self._stopped = stopped
        self._newlines = 0
        self._whole = [word for word in words if word]
        self._halves = [half for word in words if len(word) >= 32 for half in _halves(word)]
        self._longest = max((len(word) for word in words), default=1)
        self._thorough = thorough
        self.lines = 0
        self.bytes = 0
        self.exact = True

    def hits(self, segment: Segment, start: int, end: int) -> "array[int]":
        """Return offsets of hits in [start, end), ascending, at most one a line."""
        found: array[int] = array("q")
        buffer = bytearray(CHUNK_BYTES)
        view = memoryview(buffer)
        position, number, was_cut = start, 0, True
        while position < end and not self._stopped():
            size = segment.into(view[: min(CHUNK_BYTES, end - position)], position)
            if size <= 0:
                break
            is_cut = self._thorough or _may_cut(buffer, size)
            words = [*self._whole, *self._halves] if is_cut or was_cut else self._whole
            self._chunk_hits(buffer, size, words, position, found)
            last = position + size >= end
            step = size if last else max(1, size - self._longest + 1)
            self._count(buffer, step, number)
            position += step
            was_cut, number = is_cut, number + 1
        self.bytes += max(0, position - start)
        return found

    def _chunk_hits(
        self,
        buffer: bytearray,
        size: int,
        words: list[bytes],
        base: int,
        found: "array[int]",
    ) -> None:
        fresh: list[int] = []
        for word in words:
            at = buffer.find(word, 0, size)
            while at >= 0:
                fresh.append(base + at)
                newline = buffer.find(b"\n", at, size)
                at = buffer.find(word, newline, size) if newline >= 0 else -1
        for offset in sorted(fresh):
            if not found or found[-1] < base:
                is_new = True
            else:
                is_new = buffer.find(b"\n", found[-1] - base, offset - base) >= 0
            if is_new:
                found.append(offset)

    def _count(self, buffer: bytearray, size: int, number: int) -> None:
        """Count lines; of much log only every 16th chunk, and the rest by its measure."""
        if self._thorough or number % 16 == 0:
            self._newlines = buffer.count(b"\n", 0, size)
        else:
            self.exact = False
        self.lines += self._newlines


def _halves(word: bytes) -> tuple[bytes, bytes]:
    return word[: len(word) // 2], word[len(word) // 2 :]


def _may_cut(buffer: bytearray, size: int) -> bool:
    """Say whether a box, or a line as long as the engine's pieces, could have cut an id here."""
    if buffer.find(_BOX_BYTE, 0, size) >= 0:
        return True
    return any(
        buffer.find(b"\n", at, at + _GAP_BYTES) < 0
        for at in range(0, size - _GAP_BYTES, _GAP_BYTES)
    )


def _decompressed(path: Path) -> int:
    """Unpack a compressed log into an unnamed file; a half-written end is left out."""
    with tempfile.TemporaryFile() as plain:
        with gzip.open(path) as packed, suppress(EOFError, zlib.error):
            while block := packed.read1(CHUNK_BYTES):
                plain.write(block)
        plain.flush()
        return os.dup(plain.fileno())
