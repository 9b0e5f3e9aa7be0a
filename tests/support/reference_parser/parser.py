"""Turns the lines of a service's log into events, whatever format each line is in.

Pure and incremental: an event is complete when the next one begins, so `feed` returns the one
before. No bytes make it raise, and one event never holds more than a bounded amount of text.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from bot.border.keys import ends_with_hidden_key
from bot.domain.log import LogEvent, Role
from bot.text.redaction import without_escapes
from tests.support.reference_parser.error import PIECES, error_of, is_traceback_start
from tests.support.reference_parser.event import Fold, console_event, json_event, json_fields
from tests.support.reference_parser.head import Head, Shape, head_of, split_stamp, starts_event
from tests.support.reference_parser.time import utc

MAX_LINE_BYTES = 1 << 20
_BLANK = frozenset({b"", b"\n", b"\r", b"\r\n"})
_BOX = "│╭╰├─┃┏┗+|"
_EVENT_KEYS = (
    *("event", "timestamp", "message", "level", "msg", "time", "ts", "body", "Body"),
    *("timeUnixNano", "timestamp_ns"),
)
_FOLDING_ROLES = frozenset({Role.CJ, Role.LLM_PROVIDER})


class LineParser:
    """Parses one container's log line by line; `lines` and `unreadable` count what it was fed."""

    def __init__(self, service: str, container: str, role: Role, zone: tzinfo) -> None:
        self.lines = 0
        self.unreadable = 0
        self.service = service
        self.container = container
        self._role = role
        self._zone = zone
        self._open: Fold | None = None

    def feed(
        self, line: bytes, stamp: datetime | None = None, offset: int | None = None
    ) -> LogEvent | None:
        """Take one line (its newline is ignored); return the event that it completes, if any.

        `stamp` is the engine's time for the line when the reader has already taken it off;
        `offset` is where the line begins in the log.
        """
        self.lines += 1
        if line in _BLANK:
            self._blank()
            return None
        text, stamp = self._text(line, stamp)
        head = head_of(text)
        fields = None
        if head is not None and head.shape is Shape.JSON:
            fields = json_fields(text)
            head = head if self._is_json_event(text, fields) else None
        if head is None and self._continues(text):
            self._fold(text)
            return None
        if head is None and not text.strip():
            return None
        done = self.flush()
        self._open = Fold(head or Head(Shape.PLAIN, rest=text), text, stamp)
        self._open.json, self._open.offset = fields, offset
        self._open.tracing = head is None and is_traceback_start(text)
        return done

    def _blank(self) -> None:
        """Take an empty line: part of the open event, or of none."""
        if self._open is not None and self._open.head.shape is not Shape.JSON:
            self._open.add("")

    def flush(self) -> LogEvent | None:
        """Return the event that is still open, as far as it came."""
        fold, self._open = self._open, None
        return self._event(fold) if fold is not None else None

    @property
    def is_open(self) -> bool:
        """Whether an event waits for its next line."""
        return self._open is not None

    def _text(self, line: bytes, stamp: datetime | None) -> tuple[str, datetime | None]:
        line = line[:MAX_LINE_BYTES].rstrip(b"\r\n")
        if stamp is None and line[:1].isdigit():
            prefix, rest = split_stamp(line)
            if prefix and not self._is_own_time(rest):
                stamp, line = utc(prefix.decode("ascii"), self._zone), rest
        text = line.decode("utf-8", "replace").lstrip("\ufeff")
        if "\ufffd" in text or "\x00" in text:
            self.unreadable += 1
        return without_escapes(text), stamp

    def _is_own_time(self, rest: bytes) -> bool:
        fold = self._open
        if not rest or fold is None or fold.stamp is not None:
            return False
        return not (fold.tracing or rest[:1].isspace() or starts_event(rest))

    def _is_json_event(self, text: str, fields: dict[str, object] | None) -> bool:
        if fields is not None:
            return any(key in fields for key in _EVENT_KEYS)
        if self._open is not None and '"event"' not in text and '"timestamp"' not in text:
            return False
        self.unreadable += 1
        return True

    def _continues(self, text: str) -> bool:
        fold = self._open
        if fold is None or fold.head.shape is Shape.JSON:
            return False
        if fold.head.shape is Shape.CONSOLE and self._role in _FOLDING_ROLES:
            return True
        if fold.tracing or not text or text[0].isspace() or text[0] in _BOX:
            return True
        if text.startswith(PIECES) or is_traceback_start(text) or not fold.is_head_complete:
            return True
        return fold.head.shape is Shape.PLAIN and ends_with_hidden_key(fold.last)

    def _fold(self, text: str) -> None:
        fold = self._open
        if fold is not None:
            fold.tracing = fold.tracing or is_traceback_start(text) or text.startswith(PIECES)
            fold.add(text)

    def _event(self, fold: Fold) -> LogEvent:
        read = json_event(fold) if fold.head.shape is Shape.JSON else console_event(fold)
        return LogEvent(
            at=utc(read.time, self._zone) or fold.stamp,
            service=self.service,
            container=self.container,
            role=self._role,
            level=read.level,
            event=read.event,
            logger=read.logger,
            file=read.file,
            line=read.line,
            fields=read.fields,
            error=error_of(read.event, read.trace, read.level, read.fields),
            text=fold.text,
            offset=fold.offset,
        )


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
