"""Turns the lines of a service's log into events, whatever format each line is in.

Pure and incremental: an event is complete when the next one begins, so `feed` returns the one
before. No bytes make it raise, and one event never holds more than a bounded amount of text.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

from bot.border.keys import ends_with_hidden_key
from bot.domain.log import LogEvent, Role
from bot.text.redaction import without_escapes
from tests.support.reference_parser.error import KIND, PIECES, error_of, is_traceback_start
from tests.support.reference_parser.event import (
    Fold,
    console_event,
    has_tail,
    json_event,
    json_fields,
)
from tests.support.reference_parser.head import (
    Head,
    Shape,
    head_of,
    maybe_carriers,
    split_stamp,
    starts_event,
)
from tests.support.reference_parser.time import utc

MAX_LINE_BYTES = 1 << 20
_BLANK = frozenset({b"", b"\n", b"\r", b"\r\n"})
_BOX = "│╭╰├─┃┏┗+|"
_JAVA = re.compile(
    r"Caused by: |Suppressed: |(?:Exception in thread \"[^\"]{0,200}\" )?"
    r"(?:[a-z_]\w{0,60}\.){1,20}[A-Z][\w$]{0,100}(?:Exception|Error|Throwable)(?::|\Z)"
)
_GO = re.compile(
    r"goroutine \d{1,12} \[|\[signal |created by |exit status |[\w./-]{1,200}[(\[][\w.*)]"
)
_GO_BEGINS = ("panic: ", "fatal error: ", "goroutine ")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
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
        self._last: datetime | None = None
        self._carried: datetime | None = None

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
        if head is None and self._continues(text, stamp):
            return None
        if head is None and not text.strip():
            return None
        done = self.flush()
        self._open = Fold(head or Head(Shape.PLAIN, rest=text), text, stamp)
        is_plain = self._open.head.shape is Shape.PLAIN
        own = maybe_carriers(self._open.head) if is_plain else None
        self._last = self._carried = stamp or (utc(own, self._zone) if own else None)
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
        if not rest or fold is None or self._carried is not None:
            return False
        return not (rest[:1].isspace() or starts_event(rest))

    def _is_json_event(self, text: str, fields: dict[str, object] | None) -> bool:
        if fields is not None:
            return any(key in fields for key in _EVENT_KEYS)
        if self._open is not None and '"event"' not in text and '"timestamp"' not in text:
            return False
        self.unreadable += 1
        return True

    def _continues(self, text: str, stamp: datetime | None) -> bool:
        if self._goes_on(text, stamp):
            self._note(text)
        elif not self._is_taken(stamp):
            return False
        self._last = stamp
        if self._open is not None:
            self._open.add(text)
        return True

    def _goes_on(self, text: str, stamp: datetime | None) -> bool:
        fold = self._open
        if fold is None or fold.head.shape is Shape.JSON:
            return False
        if not text or text[0].isspace() or text[0] in _BOX:
            return True
        if is_traceback_start(text):
            return not self._is_late(stamp)
        if text.startswith(PIECES):
            return True
        if fold.tracing and KIND.match(text):
            return True
        is_apart = self._is_late(stamp) and not text.startswith(("Caused by: ", "Suppressed: "))
        if _JAVA.match(text) and (fold.head.time or fold.stamp is not None) and not is_apart:
            return True
        if fold.head.rest.startswith(_GO_BEGINS) and _GO.match(text) and not self._is_late(stamp):
            return True
        if self._may_go_on(fold) and self._is_at_once(fold, text, stamp):
            return True
        return fold.head.shape is Shape.PLAIN and ends_with_hidden_key(fold.last)

    def _is_taken(self, stamp: datetime | None) -> bool:
        is_console = self._open is not None and self._open.head.shape is Shape.CONSOLE
        return is_console and self._role in _FOLDING_ROLES and not self._is_late(stamp)

    def _may_go_on(self, fold: Fold) -> bool:
        return fold.tracing or fold.is_raised or (fold.is_broken and not fold.is_tailed)

    def _is_at_once(self, fold: Fold, text: str, stamp: datetime | None) -> bool:
        if fold.loose >= 50:
            return False
        if stamp is None and self._last is None:
            return _CLOCK.search(text[:40]) is None
        if stamp is None or self._last is None:
            return False
        return abs(stamp - self._last) <= timedelta(milliseconds=10)

    def _is_late(self, stamp: datetime | None) -> bool:
        if stamp is None or self._last is None:
            return False
        return abs(stamp - self._last) > timedelta(milliseconds=500)

    def _note(self, text: str) -> None:
        fold = self._open
        if fold is None:
            return
        if is_traceback_start(text):
            fold.tracing = True
            return
        if not text or text[0].isspace() or text[0] in _BOX:
            return
        if fold.tracing or text.startswith(PIECES) or _JAVA.match(text):
            fold.tracing, fold.is_raised, fold.loose = False, True, 0
        else:
            fold.loose += 1
            fold.is_tailed = fold.is_tailed or has_tail(text)

    def _event(self, fold: Fold) -> LogEvent:
        read = json_event(fold) if fold.head.shape is Shape.JSON else console_event(fold)
        process = fold.head.process
        fields = {**read.fields, "process": int(process)} if process else read.fields
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
            fields=fields,
            error=error_of(read.event, read.trace, read.level, fields),
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
