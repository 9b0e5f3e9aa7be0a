"""Puts the lines of a container together again from what the Engine's API streams."""

import re
from struct import Struct
from typing import Protocol

_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) ")
# One byte that names the stream, three of nothing, the length.
_FRAME = Struct(">BxxxI")
_NEWLINE = 10
# 0 to 2 are the process's, 3 is what the Engine itself says.
LAST_STREAM = 3
PIECE_BYTES = 16 << 10
MAX_LINE_BYTES = 4 << 20


class Lines(Protocol):
    """Turns chunks of an API stream into whole lines, each `stamp text` and a newline."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are complete now."""
        ...

    def rest(self) -> list[bytes]:
        """Return lines that the stream's end completed."""
        ...


class ContainerLines:
    """The lines of any container: its first bytes show whether they come in frames.

    A line has a stamp, so it begins with a digit; a frame begins with the number of its stream.
    """

    def __init__(self) -> None:
        self._lines: Lines | None = None

    @property
    def complaint(self) -> str:
        """What the Engine itself said in between, why it could not read on; "" for nothing."""
        return self._lines.complaint if isinstance(self._lines, FramedLines) else ""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are complete now."""
        if self._lines is None:
            if not chunk:
                return []
            self._lines = FramedLines() if chunk[0] <= LAST_STREAM else TerminalLines()
        return self._lines.feed(chunk)

    def rest(self) -> list[bytes]:
        """Return lines that the stream's end completed."""
        return self._lines.rest() if self._lines is not None else []


class FramedLines:
    """The lines of a container without a terminal, whose two streams come in frames.

    The Engine cuts lines at 16 KiB and stamps every piece, so only the first stamp is the
    line's. A shorter piece without a newline is the last that its process wrote.
    """

    def __init__(self) -> None:
        self.complaint = ""
        self._buffer = b""
        self._pending: dict[int, bytes] = {}

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are complete now."""
        buffer = self._buffer + chunk if self._buffer else chunk
        at, size = 0, len(buffer)
        lines: list[bytes] = []
        header, pending, add = _FRAME.unpack_from, self._pending, lines.append
        while at + 8 <= size:
            stream, length = header(buffer, at)
            end = at + 8 + length
            if end > size:
                break
            frame = buffer[at + 8 : end]
            at = end
            if stream == LAST_STREAM:
                self.complaint = frame.decode("utf-8", "replace").strip()
            elif length and buffer[end - 1] == _NEWLINE and not pending:
                add(frame)
            else:
                self._piece(stream, frame, lines)
        self._buffer = buffer[at:]
        return lines

    def rest(self) -> list[bytes]:
        """Return the lines that were cut and whose end never came."""
        lines = [line + b"\n" for line in self._pending.values()]
        self._pending.clear()
        return lines

    def _piece(self, stream: int, frame: bytes, lines: list[bytes]) -> None:
        found = _STAMP.match(frame)
        size = len(frame) - (found.end() if found else 0)
        before = self._pending.pop(stream, None)
        line = frame if before is None else before + (frame[found.end() :] if found else frame)
        if line.endswith(b"\n"):
            lines.append(line)
        elif size < PIECE_BYTES or len(line) > MAX_LINE_BYTES:
            lines.append(line + b"\n")
        else:
            self._pending[stream] = line


class TerminalLines:
    """The lines of a container with a terminal, whose one stream has no frames.

    There a further piece's stamp stands inside the line, exactly 16 KiB after the last one.
    """

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that are complete now."""
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        if len(self._buffer) > MAX_LINE_BYTES:
            lines.append(self._buffer)
            self._buffer = b""
        return [_unspliced(line.rstrip(b"\r")) + b"\n" for line in lines]

    def rest(self) -> list[bytes]:
        """Return the last line when no newline ended it."""
        line, self._buffer = self._buffer, b""
        return [_unspliced(line.rstrip(b"\r")) + b"\n"] if line else []


def _unspliced(line: bytes) -> bytes:
    if len(line) < PIECE_BYTES:
        return line
    found = _STAMP.match(line)
    if found is None:
        return line
    pieces, rest = [found.group()], line[found.end() :]
    while (again := _STAMP.match(rest, PIECE_BYTES)) is not None:
        pieces.append(rest[:PIECE_BYTES])
        rest = rest[again.end() :]
    return b"".join((*pieces, rest))
