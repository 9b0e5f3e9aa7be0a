"""Turns the lines of a service's log into events, whatever format each line is in.

Pure and incremental: an event is complete when the next one begins, so `feed` returns the one
before. No bytes make it raise, and one event never holds more than a bounded amount of text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

import orjson

from bot.border.outside import outside
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.continuation import CarrierGap, all_within, goes_on
from bot.sources.log_format.error import holds, is_traceback_start
from bot.sources.log_format.event import Fold, TextEvent
from bot.sources.log_format.forms import MAY_BEGIN
from bot.sources.log_format.head import (
    Head,
    Shape,
    head_of,
    maybe_carriers,
    split_stamp,
    starts_event,
)
from bot.sources.log_format.json_line import CutLine, JsonLine, json_fields
from bot.sources.log_format.time import Stamp, utc
from bot.text.redaction import without_escapes

MAX_LINE_BYTES = 1 << 20
_BLANK = frozenset({b"", b"\n", b"\r", b"\r\n"})
_EVENT_KEYS = frozenset(
    {"event", "timestamp", "message", "level", "msg", "time", "ts", "body", "Body"}
    | {"timeUnixNano", "timestamp_ns"}
)
# What a line of text is searched for: a mark of what cannot be decoded, and a terminal code.
_ODD = ("\ufffd".encode(), "\x9b".encode())
# What a line is read one by one for, and what an event's first line may begin with.
_CAREFUL = ("\x00", "\x1b", "\x9b", "\r", "\ufeff", "\ufffd")
_MAY_BEGIN = re.compile(rf"\n{MAY_BEGIN}")
FOLDING_ROLES = frozenset({Role.CJ, Role.LLM_PROVIDER})


class LineParser:
    """Parses one container's log line by line; `lines` and `unreadable` count what it was fed.

    `beyond` counts the events that hold a word of `looked_for` only in what was not kept of them,
    since they are so long.
    """

    def __init__(self, service: str, container: str, role: Role, zone: tzinfo) -> None:
        self.lines = 0
        self.unreadable = 0
        self.beyond = 0
        self.looked_for: Sequence[str] = ()
        self.service = service
        self.container = container
        self._outside = outside(container)
        self.role = role
        self._zone = zone
        self._open: Fold | LogEvent | None = None
        self._open_stamp: Stamp = None
        self._last_stamp: Stamp = None

    def feed(self, line: bytes, stamp: Stamp = None, offset: int | None = None) -> LogEvent | None:
        """Take one line (its newline is ignored); return the event that it completes, if any.

        `stamp` is the engine's time for the line when the reader has already taken it off;
        `offset` is where the line begins in the log.
        """
        self.lines += 1
        fields = plain_json(line) if line.startswith(b'{"') else None
        if fields is not None and (carried := carried_line(fields)) is not None:
            self.lines -= 1
            return self.feed(carried, utc(fields.get("time"), self._zone), offset)
        if fields is not None:
            done = self.flush()
            self._open_stamp = stamp
            self._open = LogEvent.unread(
                JsonLine(line, fields, stamp, self._zone),
                *(self.service, self._outside, self.role, offset),
            )
            return done
        if line in _BLANK:
            self._blank()
            return None
        rest = line[MAX_LINE_BYTES - self._overlap :] if len(line) > MAX_LINE_BYTES else b""
        return self._line(*self._text(line, stamp), offset, is_beyond=self._is_held(rest))

    def _line(
        self, text: str, stamp: Stamp, offset: int | None, *, is_beyond: bool
    ) -> LogEvent | None:
        head = head_of(text)
        if head is not None and head.shape is Shape.JSON:
            fields = json_fields(text)
            if self._is_json_event(text, fields):
                done = self.flush()
                self.beyond += is_beyond and not holds(text, self.looked_for)
                self._open_stamp = stamp
                self._open = self._unread(_json_source(text, fields, stamp, self._zone), offset)
                return done
            head = None
        if head is None and self._continues(text, stamp, is_beyond=is_beyond):
            return None
        if head is None and not text.strip():
            return None
        done = self.flush()
        self._open = fold = Fold(head or Head(Shape.PLAIN, rest=text), text, stamp, offset)
        if stamp is None and fold.head.shape is Shape.PLAIN:
            stamp = maybe_carriers(fold.head)
        self._open_stamp = self._last_stamp = stamp
        fold.tracing = head is None and is_traceback_start(text)
        fold.is_beyond = is_beyond
        return done

    def _blank(self) -> None:
        """Take an empty line: part of the open event, or of none."""
        if isinstance(self._open, Fold):
            self._open.add("")

    def flush(self) -> LogEvent | None:
        """Return the event that is still open, as far as it came."""
        found, self._open = self._open, None
        if isinstance(found, Fold):
            self.beyond += found.is_beyond and not holds(found.text, self.looked_for)
            return self._unread(TextEvent(found, self._zone), found.offset)
        return found

    @property
    def takes_rest(self) -> bool:
        """Whether the open event may take all the lines behind it at once."""
        return isinstance(self._open, Fold)

    def feed_rest(self, text: str, lines: int, last: Stamp) -> bool:
        """Take the other lines of the open event, which `takes_rest`, at once; none may follow.

        `last` is the carrier's time of the last of them. False, and nothing is taken, where one of
        them may begin an event, may have been taken late or needs care.
        """
        fold = self._open
        if not isinstance(fold, Fold) or _MAY_BEGIN.search(f"\n{text}"):
            return False
        is_late = CarrierGap(self._last_stamp, last, self._zone).is_late
        if not all_within(text) and (is_late or not self._takes_all(fold)):
            return False
        if any(odd in text for odd in _CAREFUL) or (dropped := fold.add_all(text)) is None:
            return False
        self.lines += lines
        fold.is_beyond = fold.is_beyond or (bool(dropped) and holds(dropped, self.looked_for))
        return True

    @property
    def is_open(self) -> bool:
        """Whether an event waits for its next line."""
        return self._open is not None

    def _text(self, line: bytes, stamp: Stamp) -> tuple[str, Stamp]:
        line = line[:MAX_LINE_BYTES].rstrip(b"\r\n")
        if stamp is None and line[:1].isdigit():
            prefix, rest = split_stamp(line)
            if prefix and not self._is_own_time(rest):
                stamp, line = utc(prefix.decode("ascii"), self._zone), rest
        if line.isascii():
            text = line.decode("ascii")
            self.unreadable += "\x00" in text
        else:
            text = line.decode("utf-8", "replace").lstrip("\ufeff")
            self.unreadable += "\ufffd" in text or "\x00" in text
        return without_escapes(text), stamp

    def _is_own_time(self, rest: bytes) -> bool:
        """Say whether the time before `rest` is the service's own: no line near has a carrier's."""
        fold = self._open
        if fold is None or self._open_stamp is not None or starts_event(rest):
            return False
        return bool(rest) and not rest[:1].isspace()

    def _is_json_event(self, text: str, fields: dict[str, object] | None) -> bool:
        if fields is not None:
            return not _EVENT_KEYS.isdisjoint(fields)
        if self._open is not None and '"event"' not in text and '"timestamp"' not in text:
            return False
        self.unreadable += 1
        return True

    def _continues(self, text: str, stamp: Stamp, *, is_beyond: bool) -> bool:
        """Take a line that is no head as part of the open event; False where it is none."""
        fold = self._open
        if not isinstance(fold, Fold):
            return False
        before, zone = self._last_stamp, self._zone
        if not goes_on(fold, text, before, stamp, zone) and (
            not self._takes_all(fold) or CarrierGap(before, stamp, zone).is_late
        ):
            return False
        self._last_stamp = stamp
        dropped = fold.add(text)
        if is_beyond or (dropped and holds("\n".join(dropped), self.looked_for)):
            fold.is_beyond = True
        return True

    def _takes_all(self, fold: Fold) -> bool:
        return fold.head.shape is Shape.CONSOLE and self.role in FOLDING_ROLES

    @property
    def _overlap(self) -> int:
        """How much of what is kept a word may begin in that ends in what is not."""
        return max((len(word.encode()) for word in self.looked_for), default=1) - 1

    def _is_held(self, rest: bytes) -> bool:
        """Say whether what is not kept of a line holds a word that is looked for."""
        return bool(rest and self.looked_for) and holds(
            rest.decode("utf-8", "replace"), self.looked_for
        )

    def _unread(self, source: object, offset: int | None) -> LogEvent:
        return LogEvent.unread(source, self.service, self._outside, self.role, offset)


def is_plain(line: bytes) -> bool:
    """Say whether a line is text without any oddity that is counted."""
    if len(line) > MAX_LINE_BYTES or b"\x00" in line:
        return False
    if line.isascii():
        return True
    try:
        return "\ufffd" not in line.decode()
    except UnicodeDecodeError:
        return False


def plain_json(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line that is an event without any oddity, None of all others."""
    if len(line) > MAX_LINE_BYTES or (not line.isascii() and any(odd in line for odd in _ODD)):
        return None
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if type(found) is dict and ("event" in found or not _EVENT_KEYS.isdisjoint(found)):
        return found
    return None


def carried_line(fields: dict[str, Any]) -> bytes | None:
    """Return the service's line that a container runtime's record carries, None of all others."""
    log = fields.get("log")
    if type(log) is str and "stream" in fields and _EVENT_KEYS.isdisjoint(fields.keys() - {"time"}):
        return log.encode("utf-8", "replace").rstrip(b"\r\n")
    return None


def _json_source(
    text: str, fields: dict[str, Any] | None, stamp: Stamp, zone: tzinfo
) -> JsonLine | CutLine:
    return CutLine(text, stamp, zone) if fields is None else JsonLine(text, fields, stamp, zone)


def parse_lines(
    lines: Iterable[bytes], *, service: str, container: str, role: Role, zone: tzinfo
) -> Iterator[LogEvent]:
    """Yield the events of a whole log."""
    parser = LineParser(service, container, role, zone)
    for line in lines:
        event = parser.feed(line)
        if event is not None:
            yield event
    last = parser.flush()
    if last is not None:
        yield last
