"""How the Engine carries a service's lines: in its json-file logs, and stamped in its API."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

import orjson

from bot.sources.docker.lines import PIECE_BYTES
from bot.sources.log_format.codec import Codec, Line, PlainLines, WholeLines
from bot.sources.log_format.cri import CriLines, is_cri
from bot.sources.log_format.forms import MAY_BEGIN
from bot.sources.log_format.head import HEAD_BYTES, starts_event
from bot.sources.log_format.time import later, utc

_OPENS = b'{"log":"'
_CLOSES = b'","stream":"'
_TIME = b'"time":"'
# The Engine escapes what Go's json package does: controls, quotes, and what HTML would read.
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029)}
    | {"\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
)
# What stands behind a line's text, up to the next one's and at the end of a block.
_BEHIND = rb'\\n","stream":"(std(?:out|err))",(?:"attrs":\{[^{}\n]*\},)?"time":"[^"]*"\}\n'
_BETWEEN, _LAST = re.compile(_BEHIND + rb'\{"log":"'), re.compile(_BEHIND + rb"\Z")
# Most events are of one stream, whose lines have no labels.
_BETWEEN_ALIKE = {
    stream: re.compile(rb'\\n","stream":"' + stream + rb'","time":"[^"]*"\}\n\{"log":"')
    for stream in (b"stdout", b"stderr")
}
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ")


class JsonFileLines:
    """The Engine's json-file: one object a line, a service's line over 16 KiB in several."""

    # A terminal code is escaped.
    may_begin = re.compile(rb"\n" + re.escape(_OPENS) + rb"(?:\\|" + MAY_BEGIN.encode() + rb")")
    line_end = b'\\n","'
    cuts_lines = True
    cut_marks: Sequence[bytes] = ()
    is_original = True

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.spoiled = 0

    def needle(self, word: str) -> bytes:
        """Return `word` as the Engine escapes it."""
        return word.translate(_ESCAPES).encode("utf-8", "replace")

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this line."""
        if not raw.startswith(_OPENS):
            return False
        head = raw[len(_OPENS) : len(_OPENS) + 2 * HEAD_BYTES]
        if b"\\" in head:
            head = head.replace(b'\\"', b'"').replace(b"\\u001b", b"\x1b").replace(b"\\t", b"\t")
        return starts_event(head)

    def piece(self, raw: bytes) -> tuple[bytes, bool]:
        """Return a line's stream, and whether it ends here; a full piece goes on."""
        end = raw.find(_CLOSES, len(_OPENS))
        if end < 0:
            return b"", True
        name = end + len(_CLOSES)
        stream = raw[name : raw.find(b'"', name)]
        if end - len(_OPENS) < PIECE_BYTES or _is_newline(raw, end):
            return stream, True
        found = _decoded(raw)
        return stream, found is None or len(found[1]) < PIECE_BYTES

    def time_of(self, raw: bytes) -> datetime | None:
        """Return when the Engine took this line."""
        start = raw.rfind(_TIME)
        if start < 0:
            return None
        start += len(_TIME)
        return utc(raw[start : raw.find(b'"', start)].decode("ascii", "replace"), self._zone)

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the service's lines, pieces joined, each with the Engine's time for it."""
        pending: dict[str, Line] = {}
        for raw in raws:
            found = _decoded(raw)
            if found is None:
                self.spoiled += 1
                continue
            stream, piece, time = found
            before = pending.pop(stream, None) if pending else None
            text, at = (before[0] + piece, before[1]) if before else (piece, time)
            if piece.endswith(b"\n") or len(piece) < PIECE_BYTES:
                yield text.rstrip(b"\r\n"), later(at, self._zone)
            else:
                pending[stream] = text, later(at, self._zone)
        yield from pending.values()

    def text(self, block: bytes) -> tuple[str, int] | None:
        """Return the text of whole physical lines, None where they must be read one by one."""
        last = _LAST.search(block, block.rfind(b"\n", 0, -1) + 1)
        if last is None or not block.startswith(_OPENS):
            return None
        block = block[len(_OPENS) : last.start()]
        lines = block.count(b"\n") + 1
        joined, ends = _BETWEEN_ALIKE[last[1]].subn(rb"\\n", block)
        if ends + 1 != lines:
            joined, ends = _BETWEEN.subn(rb"\\n", block)
        try:
            text = orjson.loads(b'"' + joined + b'"')
        except orjson.JSONDecodeError:
            return None
        # A piece that is no whole line ends without a newline.
        return (text, lines) if text.count("\n") == ends == lines - 1 else None


class StampedLines(WholeLines):
    """Whole lines of a service, each behind the stamp that the Engine's API gave it."""

    is_original = False

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this line."""
        found = _STAMP.match(raw)
        return starts_event(raw[found.end() :][:HEAD_BYTES] if found else raw)

    def time_of(self, raw: bytes) -> datetime | None:
        """Return when the Engine took this line."""
        found = _STAMP.match(raw)
        return utc(found.group(1).decode("ascii"), self._zone) if found else None

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the lines without their stamps."""
        for raw in raws:
            found = _STAMP.match(raw)
            if found is None:
                yield raw, None
            else:
                yield raw[found.end() :].rstrip(b"\r"), utc(found[1].decode("ascii"), self._zone)


def codec_of(beginning: bytes, zone: tzinfo) -> Codec:
    """Return how a file's lines are written, by what it begins with.

    An Engine's json-file is one wherever it lies, so that it is read as the Engine's API gives it,
    and so are the lines of a Kubernetes node.
    """
    is_engines = any(
        line.startswith(_OPENS) and _CLOSES in line and _TIME in line and line.endswith(b'"}')
        for line in beginning.split(b"\n")
    )
    if is_engines:
        return JsonFileLines(zone)
    return CriLines(zone) if is_cri(beginning) else PlainLines(zone)


def _decoded(raw: bytes) -> tuple[str, bytes, object] | None:
    """Return (stream, text, time) of one json-file line, or None when it cannot be read.

    After a power cut the Engine's file may hold zero bytes before the next line.
    """
    try:
        found: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        bare = raw.lstrip(b"\0")
        return _decoded(bare) if len(bare) < len(raw) else None
    if not isinstance(found, dict) or not isinstance(found.get("log", ""), str):
        return None
    return str(found.get("stream", "")), found.get("log", "").encode(), found.get("time")


def _is_newline(raw: bytes, end: int) -> bool:
    """Say whether the text that ends at `end` ends with an escaped newline."""
    if raw[end - 2 : end] != b"\\n":
        return False
    slashes = len(raw[: end - 1]) - len(raw[: end - 1].rstrip(b"\\"))
    return slashes % 2 == 1
