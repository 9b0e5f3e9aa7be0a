"""Finds the lines of a log that may hold one of several words, at the speed of memory."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from bot.sources.log_format.codec import CUT_BYTES
from bot.sources.log_format.memmem import SearchBuffer
from bot.sources.log_search.file import SegmentFile
from bot.sources.log_search.segment import CHUNK_BYTES, Segment

# Below this much log the search also looks for both halves of an id everywhere; above, only where
# something can have cut one: near a box or in a line as long as the engine's own pieces.
THOROUGH_BYTES = 64 << 20
# Counting lines costs more than finding words, so of more than this it is an estimate, by what
# each chunk begins with.
EXACT_BYTES = 4 << 20
SAMPLE_BYTES = 8 << 10
MAX_HITS = 1 << 20
# A call for each hit costs more than the words between them; a chunk with more is walked at once.
FEW_HITS = 64
_OPEN = 1 << 62
_BOX_BYTE = b"\xe2"
_CELL_BYTES = CUT_BYTES // 2


def _never() -> bool:
    return False


class Scan:
    """Looks for words; counts the `lines` and `bytes` looked at and the lines `matched`.

    `exact` says whether lines were counted one by one, `dropped` how many hits were too many to
    keep; the newest are kept.
    """

    def __init__(
        self, words: Sequence[bytes], *, thorough: bool, stopped: Callable[[], bool] = _never
    ) -> None:
        self._stopped = stopped
        self._whole = least(words)
        distinct = dict.fromkeys(word for word in words if len(word) >= 32)
        self._halves = [half for word in distinct for half in halves(word)]
        self._overlap = 0
        self._longest = max((len(word) for word in words), default=1)
        self._thorough = thorough
        self._buffer = SearchBuffer(CHUNK_BYTES)
        self._newline = b"\n"
        self._marks: Sequence[bytes] = ()
        self._scanned: list[tuple[int, int]] = []
        self._long: list[int] = []
        # A hit before this is in the line of the one before.
        self._until = 0
        self.lines = 0
        self.bytes = 0
        self.matched = 0
        self.dropped = 0
        self.exact = True

    def hits(self, segment: Segment, start: int, end: int) -> "array[int]":
        """Return offsets of hits in [start, end), ascending, at most one a line."""
        found: array[int] = array("q")
        self._newline, self._marks = segment.codec.line_end, segment.codec.cut_marks
        self._overlap = max(self._longest, len(self._newline), *map(len, self._marks)) - 1
        for part in segment.parts:
            if part.offset < end and part.end > start:
                self._part_hits(part, max(start, part.offset), min(end, part.end), found)
        return found

    def has_short_lines(self, start: int, end: int) -> bool:
        """Say whether all lines of [start, end) are surely whole, short and in one piece."""
        for low, high in self._scanned:
            if low <= start and end <= high:
                break
        else:
            return False
        after = bisect_right(self._long, start - CHUNK_BYTES)
        return after == len(self._long) or self._long[after] >= end

    def in_long_lines(self, hits: Sequence[int]) -> list[int]:
        """Return the hits that may lie in lines which are as long as the Engine's pieces."""
        found: list[int] = []
        done = 0
        for chunk in self._long:
            first = bisect_left(hits, chunk - CHUNK_BYTES, done)
            done = bisect_left(hits, chunk + 2 * CHUNK_BYTES, first)
            found.extend(hits[first:done])
        return found

    def _part_hits(self, part: SegmentFile, start: int, end: int, found: "array[int]") -> None:
        """Scan forward, each chunk behind the end of the one before, where a word may straddle."""
        position, kept, number, was_cut = start, 0, 0, True
        self._until = start
        while position < end and not self._stopped():
            room = min(CHUNK_BYTES - kept, end - position)
            size = part.into(self._buffer.view[kept : kept + room], position - part.offset)
            if size <= 0:
                break
            full = kept + size
            gaps = _gaps(self._buffer.bytes, full)
            has_pieces = any(self._buffer.find(mark, 0, full) >= 0 for mark in self._marks)
            if gaps or has_pieces:
                self._long.append(position - kept)
            is_cut = self._thorough or has_pieces or _may_cut(self._buffer.bytes, full, gaps)
            words = [*self._whole, *self._halves] if is_cut or was_cut else self._whole
            self._chunk_hits(full, words, position - kept, found, has_gaps=bool(gaps))
            self._count(kept, full, number)
            position, was_cut, number = position + size, is_cut, number + 1
            kept = min(self._overlap, full)
            self._buffer.bytes[:kept] = self._buffer.bytes[full - kept : full]
        self.bytes += max(0, position - start)
        self._scanned.append((start, position))

    def _chunk_hits(
        self, size: int, words: list[bytes], base: int, found: "array[int]", *, has_gaps: bool
    ) -> None:
        # Without a long line a service's line is a physical one.
        ends = self._newline if has_gaps else b"\n"
        every = [self._word_hits(word, size, ends) for word in words]
        fresh = every[0] if len(every) == 1 else sorted(at for hits in every for at in hits)
        if self._until == _OPEN:
            self._until = self._end_of_line(base, 0, size, ends)
        fresh = fresh[bisect_left(fresh, self._until - base) :]
        if len(every) > 1:
            fresh = list(_first_of_lines(fresh, self._buffer.bytes, size, ends))
        if fresh:
            self._until = self._end_of_line(base, fresh[-1], size, ends)
        found.extend([base + at for at in fresh])
        self.matched += len(fresh)
        if len(found) > MAX_HITS:
            self.dropped += len(found) // 2
            del found[: len(found) // 2]

    def _end_of_line(self, base: int, at: int, size: int, ends: bytes) -> int:
        """Return the offset at which the line of `at` ends, _OPEN if it does so behind `size`."""
        end = self._buffer.bytes.find(ends, at, size)
        return base + end if end >= 0 else _OPEN

    def _word_hits(self, word: bytes, size: int, ends: bytes) -> list[int]:
        """Return where a word first stands in each line of what the buffer holds."""
        hits: list[int] = []
        buffer = self._buffer
        at = buffer.find(word, 0, size)
        while at >= 0 and (ends != b"\n" or len(hits) < FEW_HITS):
            hits.append(at)
            newline = buffer.bytes.find(ends, at, size)
            at = buffer.find(word, newline, size) if newline >= 0 else -1
        if at >= 0:
            line = re.compile(re.escape(word) + b".*")
            hits += [one.start() for one in line.finditer(buffer.bytes, at, size)]
        return hits

    def _count(self, start: int, end: int, number: int) -> None:
        """Count lines; of much log only those that a chunk begins with, the rest in proportion."""
        before = max(0, start - len(self._newline) + 1)
        if self.bytes + number * CHUNK_BYTES < EXACT_BYTES or end - start <= SAMPLE_BYTES:
            self.lines += self._buffer.bytes.count(self._newline, before, end)
            return
        self.exact = False
        lines = self._buffer.bytes.count(self._newline, before, start + SAMPLE_BYTES)
        self.lines += round(lines * (end - start) / SAMPLE_BYTES)


def least(words: Sequence[bytes]) -> list[bytes]:
    """Return the words without those that hold another one: a line with them has that as well."""
    distinct = dict.fromkeys(word for word in words if word)
    return [
        word for word in distinct if not any(one in word for one in distinct if one is not word)
    ]


def halves(word: bytes) -> tuple[bytes, bytes]:
    """Return the two halves of a word; whatever cuts it once leaves one of them whole."""
    return word[: len(word) // 2], word[len(word) // 2 :]


def _first_of_lines(
    hits: Sequence[int], buffer: bytearray, size: int, ends: bytes
) -> Iterator[int]:
    """Yield the first hit of each line."""
    until = 0
    for at in hits:
        if at >= until:
            yield at
            end = buffer.find(ends, at, size)
            until = end if end >= 0 else size


def _gaps(buffer: bytearray, size: int) -> list[int]:
    """Return the halves of the length of the Engine's pieces in which no line ends.

    Without any no line is as long, not even one that began in the chunk before or ends in the next.
    """
    last = max(0, size - 1) // _CELL_BYTES * _CELL_BYTES
    find = buffer.find
    gaps = [at for at in range(0, last, _CELL_BYTES) if find(b"\n", at, at + _CELL_BYTES) < 0]
    # Behind `size` the buffer still holds what it was filled with before.
    return [*gaps, last] if size and find(b"\n", last, size) < 0 else gaps


def _may_cut(buffer: bytearray, size: int, gaps: Sequence[int]) -> bool:
    """Say whether a box, or a line as long as the engine's pieces, could have cut an id here."""
    return any(at < size - _CELL_BYTES for at in gaps) or buffer.find(_BOX_BYTE, 0, size) >= 0
