"""Puts the lines of a container together again from what the Engine's API streams."""

import re
from collections.abc import Iterable, Iterator

Stamped = tuple[bytes, bytes]

_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")
PIECE_BYTES = 16 << 10
MAX_LINE_BYTES = 4 << 20


def framed_lines(frames: Iterable[bytes]) -> Iterator[Stamped]:
    """Yield (stamp, line) from frames; each carries a stamp, a piece without newline goes on.

    The Engine cuts lines at 16 KiB and stamps every piece, so only the first stamp is the line's.
    """
    stamp, pending = b"", b""
    for frame in frames:
        found = _STAMP.match(frame)
        piece = frame[found.end() :] if found else frame
        stamp = stamp or (found.group()[:-1] if found else b"")
        pending += piece
        if piece.endswith(b"\n") or len(pending) > MAX_LINE_BYTES:
            yield stamp, pending.rstrip(b"\r\n")
            stamp, pending = b"", b""


def terminal_lines(chunks: Iterable[bytes]) -> Iterator[Stamped]:
    """Yield (stamp, line) from the unframed stream of a container with a terminal.

    There a further piece's stamp stands inside the line, exactly 16 KiB after the last one.
    """
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield _unspliced(line.rstrip(b"\r"))
        if len(buffer) > MAX_LINE_BYTES:
            yield _unspliced(buffer)
            buffer = b""


def _unspliced(line: bytes) -> Stamped:
    found = _STAMP.match(line)
    if found is None:
        return b"", line
    pieces, rest = [], line[found.end() :]
    while (again := _STAMP.match(rest, PIECE_BYTES)) is not None:
        pieces.append(rest[:PIECE_BYTES])
        rest = rest[again.end() :]
    return found.group()[:-1], b"".join((*pieces, rest))
