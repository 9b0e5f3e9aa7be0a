"""How the lines of a service are stored in a file: plain, or each wrapped by a log driver."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from bot.border.decode import without_escapes
from bot.sources.log_format.forms import MAY_BEGIN
from bot.sources.log_format.head import HEAD_BYTES, head_of, split_stamp, starts_event
from bot.sources.log_format.time import Stamp, utc

Line = tuple[bytes, Stamp]
# The Engine cuts lines longer than this.
CUT_BYTES = 16 << 10
LOOK_BACK_BYTES = 256 << 10
LOOK_FAR_BACK_BYTES = 4 << 20

# Under the keys and in the ways in which structlog, pino, zap and OpenTelemetry write it.
_JSON_TIME = re.compile(
    rb'"(?:timestamp|time|ts|timestamp_ns|timeUnixNano|Timestamp|@timestamp|asctime)"\s*:\s*'
    rb'(?:"([0-9Tt:.,Zz+ -]{9,40})"|([0-9][0-9.eE+]{8,24}))'
)
_ANY_TIME = re.compile(
    rb"(?:\x1b\[[0-9;]*m)*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?"
    rb"(?:Z| ?(?:[+-]\d\d(?::?\d\d)?|UTC|GMT))?)"
)


class Codec(Protocol):
    """Reads physical lines of a file (without their newline) as lines of a service.

    `line_end` is what every line of the service ends with in the file, for counting; `cuts_lines`
    says that one may lie there in several physical lines, `cut_marks` what such a one holds at its
    beginning (without any it is as long as CUT_BYTES); `is_original` that the file is the
    container's own log, so that a place in it means something to people; `spoiled` counts physical
    lines that could not be read; `may_begin` finds every newline behind which an event may begin.
    """

    may_begin: re.Pattern[bytes]
    line_end: bytes
    cuts_lines: bool
    cut_marks: Sequence[bytes]
    is_original: bool
    spoiled: int

    def needle(self, word: str) -> bytes:
        """Return the bytes by which `word` is written in the file."""
        ...

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this physical line."""
        ...

    def piece(self, raw: bytes) -> tuple[bytes, bool]:
        """Return which stream a physical line is of, and whether the service's line ends with it.

        Asked only when `cuts_lines`; two streams' pieces may come by turns.
        """
        ...

    def time_of(self, raw: bytes) -> datetime | None:
        """Return when this physical line was written, when it says so."""
        ...

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the service's lines, each with the time its carrier gave it."""
        ...

    def text(self, block: bytes) -> tuple[str, int] | None:
        """Return the text of whole physical lines without the last newline, and their number.

        None where they must be read one by one.
        """
        ...


class WholeLines:
    """Lines in UTF-8, each of which ends where the service ended it."""

    may_begin = re.compile(rb"\n" + MAY_BEGIN.encode())
    line_end = b"\n"
    cuts_lines = False
    cut_marks: Sequence[bytes] = ()
    is_original = True

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.spoiled = 0

    def needle(self, word: str) -> bytes:
        """Return `word` in UTF-8."""
        return word.encode("utf-8", "replace")

    def piece(self, raw: bytes) -> tuple[bytes, bool]:
        """Return no stream, and that the service's line ends here."""
        return b"", True

    def text(self, block: bytes) -> tuple[str, int] | None:
        """Return none: each line is read alone."""
        return None


class PlainLines(WholeLines):
    """A file that holds the service's lines as they are, perhaps with engine timestamps."""

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this line."""
        return starts_event(raw)

    def time_of(self, raw: bytes) -> datetime | None:
        """Return the time of an event's first line; of other lines nothing is believed."""
        if not starts_event(raw):
            stamp = split_stamp(raw[: 2 * HEAD_BYTES])[0]
            return utc(stamp.decode("ascii"), self._zone) if stamp else None
        if raw[:1] == b"{":
            found = _JSON_TIME.search(raw)
            value = (found[1] or found[2]) if found else None
        else:
            found = _ANY_TIME.match(raw)
            value = found[1] if found else _time_of_head(raw)
        return utc(value.decode("ascii"), self._zone) if value else None

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the lines unchanged."""
        return ((raw, None) for raw in raws)

    def text(self, block: bytes) -> tuple[str, int] | None:
        """Return the lines as they are."""
        text = block.removesuffix(b"\n").decode("utf-8", "replace")
        return text, text.count("\n") + 1


def _time_of_head(raw: bytes) -> bytes:
    """Return the time of a first line that does not write it as ISO 8601 has it."""
    head = head_of(without_escapes(raw[: 2 * HEAD_BYTES].decode("utf-8", "replace")))
    return head.time.encode() if head else b""


def heads(block: bytes, codec: Codec, before: bytes = b"") -> list[int]:
    """Return where events surely begin in whole lines, given what stands `before` them.

    None begins inside of a line that was cut, though a whole line of the other stream may stand
    between its pieces.
    """
    torn = _torn(before, codec)
    found: list[int] = []
    position = 0
    for raw in block.split(b"\n"):
        if raw and not torn and codec.starts_event(raw):
            found.append(position)
        if torn or _may_be_cut(raw, codec):
            _tear(torn, raw, codec)
        position += len(raw) + 1
    return found


def heads_of(block: bytes, codec: Codec, *, backwards: bool = False) -> Iterator[int]:
    """Yield where events surely begin in whole lines none of which was cut, as they are asked for.

    Most lines are passed over by one look at what they begin with.
    """
    for start in _from_last(block, codec) if backwards else _from_first(block, codec):
        end = block.find(b"\n", start)
        if codec.starts_event(block[start : end if end >= 0 else len(block)]):
            yield start


def _from_first(block: bytes, codec: Codec) -> Iterator[int]:
    """Yield where lines begin with which an event may begin."""
    yield 0
    for found in codec.may_begin.finditer(block):
        yield found.start() + 1


def _from_last(block: bytes, codec: Codec) -> Iterator[int]:
    """Yield the same from the last on; to step back over a traceback costs more."""
    yield from reversed(list(_from_first(block, codec)))


def is_head(block: bytes, start: int, end: int, codec: Codec) -> bool:
    """Say whether an event surely begins at the line [start, end) of a block."""
    if not codec.starts_event(block[start:end]):
        return False
    if not codec.cuts_lines:
        return True
    return not _torn(looked_back(lambda low, high: block[low:high], start), codec)


def looked_back(read: Callable[[int, int], bytes], start: int) -> bytes:
    """Return what stands before `start`, far back where long lines of two streams may mix."""
    before = read(max(0, start - LOOK_BACK_BYTES), start)
    if len(before) < LOOK_BACK_BYTES or not has_long_line(before):
        return before
    return read(max(0, start - LOOK_FAR_BACK_BYTES), start)


def _torn(before: bytes, codec: Codec) -> set[bytes]:
    """Return the streams whose last line is not complete at the end of `before`."""
    torn: set[bytes] = set()
    if codec.cuts_lines and _may_hold_cut(before, codec):
        for raw in before.split(b"\n"):
            if torn or _may_be_cut(raw, codec):
                _tear(torn, raw, codec)
    return torn


def _may_hold_cut(block: bytes, codec: Codec) -> bool:
    if codec.cut_marks:
        return any(mark in block for mark in codec.cut_marks)
    return has_long_line(block)


def _may_be_cut(raw: bytes, codec: Codec) -> bool:
    if codec.cut_marks:
        return any(raw.find(mark, 0, HEAD_BYTES) >= 0 for mark in codec.cut_marks)
    return len(raw) >= CUT_BYTES


def _tear(torn: set[bytes], raw: bytes, codec: Codec) -> None:
    if raw and codec.cuts_lines:
        stream, ends = codec.piece(raw)
        torn.discard(stream)
        if not ends:
            torn.add(stream)


def has_long_line(block: bytes | bytearray, size: int | None = None) -> bool:
    """Say whether a line may be as long as the Engine's pieces; looks only here and there."""
    return any(
        block.find(b"\n", at, at + CUT_BYTES // 2) < 0
        for at in range(0, (len(block) if size is None else size) - CUT_BYTES // 2, CUT_BYTES // 2)
    )
