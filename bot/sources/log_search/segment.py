"""A container's log as one stretch of bytes that can be read at any place, over all its files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.sources.log_format.codec import Codec
from bot.sources.log_search.file import SegmentFile, Unread

CHUNK_BYTES = 1 << 20
BLOCK_BYTES = 16 << 10
# Most events are a line or a few: their bounds are looked for near by, and wider each time.
NEAR_BYTES = 1 << 10
REACH_BYTES = 4 << 20
# A line that is longer is read as several: a file may hold gigabytes without a line's end.
LINE_BYTES = 4 * REACH_BYTES


class Segment:
    """The files of one log, oldest first, as one. Raises OSError when one cannot be opened.

    An event may begin in one file and end in the next: a log is rotated between two lines.
    `lacks_older` says that older files of the log could not be opened in time, `unread` which
    could not be opened at all.
    """

    def __init__(
        self,
        files: Path | Sequence[Path | SegmentFile],
        codec: Codec,
        *,
        lacks_older: bool = False,
        unread: Sequence[Unread] = (),
    ) -> None:
        self.codec = codec
        self.lacks_older = lacks_older
        self._unread = unread
        self.parts: list[SegmentFile] = []
        # Long stretches of whole lines in which no time stands, as in a deep traceback: what looks
        # a time up by bisection comes past them again and again.
        self._timeless: list[tuple[int, int]] = []
        self.size = 0
        try:
            for file in [files] if isinstance(files, Path) else files:
                part = SegmentFile(file) if isinstance(file, Path) else file
                part.offset = self.size
                self.parts.append(part)
                self.size = part.end
        except OSError:
            self.close()
            raise

    @property
    def path(self) -> Path:
        """The newest file."""
        return self.parts[-1].path

    @property
    def inode(self) -> int:
        """The newest file's inode."""
        return self.parts[-1].inode

    @property
    def modified(self) -> int:
        """When the newest file was last written, in nanoseconds."""
        return self.parts[-1].modified

    def gaps(self, since: datetime | None) -> list[str]:
        """Say which files were not read, or not to their end, that may hold lines of `since` on."""
        told = []
        for one in self._unread:
            if not self._begins_by(one.newer, since):
                name = one.path.name.removeprefix(self.path.name)
                told.append(f"its rotated file {name} cannot be read: {one.why}")
        for part, newer in zip(self.parts, [*self.parts[1:], None], strict=True):
            if part.damage and not (newer and self._begins_by(newer, since)):
                name = part.path.name.removeprefix(self.path.name)
                told.append(f"its rotated file {name} is {part.damage}; the rest was read")
        return told

    def _begins_by(self, part: SegmentFile, since: datetime | None) -> bool:
        first = self.time_after(part.offset, part.end)[0] if since else None
        return since is not None and first is not None and first <= since

    def close(self) -> None:
        """Close the files."""
        for part in self.parts:
            part.close()

    def refresh(self) -> int:
        """Return the size now; only the newest file grows."""
        self.parts[-1].refresh()
        self.size = self.parts[-1].end
        return self.size

    def trim(self) -> None:
        """Leave out a half-written last line."""
        part = self.parts[-1]
        part.size = max(part.offset, self.line_start(self.size)) - part.offset
        self.size = part.end

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes of [start, end), fewer at the end of the log."""
        pieces = [
            part.read(max(start, part.offset) - part.offset, min(end, part.end) - part.offset)
            for part in self.parts
            if part.offset < end and part.end > start
        ]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def line_start(self, offset: int) -> int:
        """Return where the line begins that holds `offset`, at most LINE_BYTES before it."""
        size, floor = NEAR_BYTES, max(0, offset - LINE_BYTES)
        while offset > floor:
            start = max(floor, offset - size)
            newline = self.read(start, offset).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            offset, size = start, BLOCK_BYTES
        return floor

    def line_end(self, offset: int, end: int) -> int:
        """Return where the next line begins after the one that holds `offset`, at most `end`.

        It is no more than LINE_BYTES away.
        """
        size, end = NEAR_BYTES, min(end, offset + LINE_BYTES)
        while offset < end:
            block = self.read(offset, min(end, offset + size))
            newline = block.find(b"\n")
            if newline >= 0:
                return offset + newline + 1
            if not block:
                break
            offset, size = offset + len(block), BLOCK_BYTES
        return end

    def first_time(self) -> datetime | None:
        """Return the oldest time of the log."""
        return self.time_after(0, self.size)[0]

    def last_time(self) -> datetime | None:
        """Return the newest time of the log."""
        for part in reversed([part for part in self.parts if part.size]):
            at = part.last_time or self.time_before(part.end)
            if at is not None:
                return at
        return None

    def time_after(self, offset: int, end: int) -> tuple[datetime | None, int]:
        """Return the first time found in whole lines from `offset`, and where its line begins."""
        limit, begin = min(end, offset + REACH_BYTES), offset
        while (offset := self._past_timeless(offset)) < limit:
            stop = self.line_end(min(offset + BLOCK_BYTES, end) - 1, end)
            position = offset
            for raw in self.read(offset, stop).split(b"\n"):
                at = self.codec.time_of(raw) if raw else None
                if at is not None:
                    self._note_timeless(begin, position)
                    return at, position
                position += len(raw) + 1
            offset = stop
            # The last line may be one that is still written.
            self._note_timeless(begin, stop - len(raw))
        return None, end

    def _past_timeless(self, offset: int) -> int:
        """Return where to look on from a line's beginning: behind what is known to tell no time."""
        return max((end for start, end in self._timeless if start <= offset < end), default=offset)

    def _note_timeless(self, start: int, end: int) -> None:
        if end - start <= BLOCK_BYTES:
            return
        if self._timeless and self._timeless[-1][0] == start:
            self._timeless.pop()
        self._timeless.append((start, end))

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

    def offset_at(self, moment: datetime, low: int, high: int, *, unpacks: bool = False) -> int:
        """Return where lines of `moment` or later begin within [low, high), by bisection.

        In a compressed file nothing can be looked up, so its beginning is returned unless `unpacks`
        allows a plain copy.
        """
        for part in reversed(self.parts):
            if part.offset >= high or part.end <= low:
                continue
            first = self.time_after(part.offset, part.end)[0]
            if first is not None and first < moment:
                if part.is_packed and not unpacks:
                    ended = part.last_time is not None and part.last_time < moment
                    return part.end if ended else max(low, part.offset)
                return self._bisected(moment, max(low, part.offset), high)
            high = max(low, part.offset)
        return self._bisected(moment, low, high)

    def offset_past(self, moment: datetime, low: int, high: int, *, unpacks: bool = False) -> int:
        """Return where lines later than `moment` begin within [low, high)."""
        offset = self.offset_at(moment, low, high, unpacks=unpacks)
        while offset < high:
            part = next(part for part in self.parts if offset < part.end)
            is_whole = part.is_packed and not unpacks
            begin = part.offset if is_whole else offset
            at, position = self.time_after(begin, part.end)
            if at is not None and at > moment:
                return min(high, max(offset, position))
            offset = part.end if at is None or is_whole else self.line_end(position, high)
        return high

    def _bisected(self, moment: datetime, low: int, high: int) -> int:
        while high - low > 4 * BLOCK_BYTES:
            middle = self.line_start((low + high) // 2)
            if middle <= low:  # one line reaches from here past the middle
                middle = self.line_end((low + high) // 2, high)
                if middle >= high:
                    break
            at, position = self.time_after(middle, high)
            if at is not None and at < moment:
                low = max(position, middle)
            else:
                high = middle
        return self.line_start(low)
