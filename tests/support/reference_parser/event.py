"""One event while its lines come in, and how it is read once it is complete."""

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from tests.support.reference_parser.error import is_traceback_start
from tests.support.reference_parser.fields import flattened, pairs, unwrapped
from tests.support.reference_parser.head import Head, Shape, level_name

MAX_HALF_CHARS = 512 * 1024
MAX_TAIL_TRIES = 200
MOST_BLANK_LINES = 20
# A template may name one long argument many times.
MAX_FILLED_CHARS, MAX_WIDTH = 256 * 1024, 99
_LOGGER = re.compile(r"(?:\A|\s)\[([A-Za-z_][\w.\-]*)\](?=\s|\Z)")
_BARE_TAIL = re.compile(
    r"(?<!\s)\s{2,}(?=[A-Za-z_][\w.]*=)|\s(?=(?:extra=\{|filename=|func_name=|lineno=))"
)
_LONE_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_LONE_LOW = re.compile(r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_WIDE_FORMAT = re.compile(r"%[^a-zA-Z%]*(?:\d{3,}|\*)")
_PLACE = re.compile(r"%[-+ #0-9.]*[srdifge]")
TIME_KEYS = (
    *("timestamp", "time", "ts", "timestamp_ns", "timeUnixNano", "Timestamp", "@timestamp"),
    "asctime",
)
MESSAGE_KEYS = ("event", "message", "msg", "body", "Body")
LEVEL_KEYS = ("level", "severity", "severityText", "SeverityText", "levelname")
_STANDARD_KEYS = frozenset(
    {"event", "timestamp", "level", "logger_name", "filename", "lineno", "exception"}
)


class Fold:
    """The lines of one event; of a very long one, its beginning and its end."""

    def __init__(self, head: Head, first: str, stamp: datetime | None) -> None:
        self.head = head
        self.stamp = stamp
        self.tracing = self.is_raised = self.is_tailed = False
        self.loose = 0
        self.json: dict[str, Any] | None = None
        self._first = [first]
        self._last: deque[str] = deque()
        self._first_size = len(first)
        self._last_size = 0
        self._blank = 0
        self.cut = 0
        self.offset: int | None = None

    def add(self, line: str) -> None:
        """Take a continuation line; lines in the middle of a very long event are dropped.

        So are blank lines behind MOST_BLANK_LINES of them.
        """
        self._blank = 0 if line else self._blank + 1
        if self._blank > MOST_BLANK_LINES:
            self.cut += 1
            return
        if self._first_size < MAX_HALF_CHARS:
            self._first.append(line)
            self._first_size += len(line) + 1
            return
        self._last.append(line)
        self._last_size += len(line) + 1
        while self._last_size > MAX_HALF_CHARS and len(self._last) > 1:
            self._last_size -= len(self._last.popleft()) + 1
            self.cut += 1

    @property
    def text(self) -> str:
        """The raw event without terminal codes."""
        return "\n".join((*self._first, *self._last))

    @property
    def last(self) -> str:
        """The line that came last."""
        return self._last[-1] if self._last else self._first[-1]

    @property
    def following(self) -> list[str]:
        """The lines after the first."""
        return [*self._first[1:], *self._last]

    @cached_property
    def is_broken(self) -> bool:
        """Whether neither the logger's name nor the fields of a console were on the first line."""
        return self.head.shape is Shape.CONSOLE and _tail(self.head.rest) is None


@dataclass(frozen=True, slots=True)
class Read:
    """What an event says, before it is given its time and its owner."""

    time: object = ""
    level: str = ""
    event: str = ""
    logger: str = ""
    file: str = ""
    line: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    trace: str = ""


def json_fields(text: str) -> dict[str, Any] | None:
    """Return the JSON object of a line, or None; NaN and lone surrogates are survived."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = _tolerant_json(text)
    return found if isinstance(found, dict) else None


def _tolerant_json(text: str) -> Any:
    whole = _LONE_LOW.sub(r"\\ufffd", _LONE_HIGH.sub(r"\\ufffd", text))
    try:
        return json.loads(whole)
    except (ValueError, RecursionError):
        return None


def json_event(fold: Fold) -> Read:
    """Read an event written as one JSON object."""
    fields = fold.json
    if fields is None:
        return _salvaged(fold.head.rest)
    level = level_name(_first(fields, LEVEL_KEYS))
    return _read(
        fields,
        _message(fields),
        _first(fields, TIME_KEYS),
        level,
        _text(fields, "logger_name", "logger"),
        _json_trace(fields.get("exception")),
    )


def _message(fields: Mapping[str, Any]) -> str:
    """Return the event text; OpenTelemetry wraps its own by the kind of value."""
    found = _first(fields, MESSAGE_KEYS)
    if isinstance(found, Mapping):
        found = found.get("stringValue", "")
    return "" if found is None else str(found)


def _first(fields: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((fields[key] for key in keys if fields.get(key) not in (None, "")), None)


def _json_trace(trace: object) -> str:
    """Return a traceback as text; some renderers write it as a list of objects."""
    if isinstance(trace, str):
        return trace
    stacks = [part for part in trace if isinstance(part, dict)] if isinstance(trace, list) else []
    return "\n".join(
        f"Traceback (most recent call last):\n{part.get('exc_type')}: {part.get('exc_value')}"
        for part in reversed(stacks)
    )


def console_event(fold: Fold) -> Read:
    """Read an event written as console text, its head possibly broken over several lines."""
    head, following = fold.head, fold.following
    if not head.time or head.logger:
        event, trace = _plain_parts(head.rest, following)
        return Read(head.time, head.level, event, head.logger, trace=trace)
    message, tail, used = _head_parts(head.rest, following)
    logger, fields = tail
    trace = "\n".join(following[used:])
    return _read(fields, message, head.time, head.level, logger, trace)


def _read(
    fields: dict[str, Any], message: str, time: object, level: str, logger: str, trace: str
) -> Read:
    line = fields.get("lineno")
    arguments = fields.get("positional_args")
    kept = flattened({key: item for key, item in fields.items() if key not in _STANDARD_KEYS})
    return Read(
        time=time,
        level=level,
        event=filled(message, unwrapped(arguments)),
        logger=logger,
        file=_text(fields, "filename"),
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
        fields=kept,
        trace=trace,
    )


def filled(template: str, arguments: object) -> str:
    """Return a `%`-template with its arguments filled in, as far as they fit."""
    if isinstance(arguments, str) or not isinstance(arguments, Sequence | Mapping):
        return template
    if not arguments or "%" not in template or _WIDE_FORMAT.search(template):
        return template
    values = arguments if isinstance(arguments, Mapping) else tuple(arguments)
    longest = max(
        len(str(item))
        for item in (arguments.values() if isinstance(arguments, Mapping) else values)
    )
    if template.count("%") * (longest + MAX_WIDTH) > MAX_FILLED_CHARS:
        return template
    try:
        return str(template % values)
    except (TypeError, ValueError, KeyError, OverflowError):
        return _filled_in_order(template, values)


def _filled_in_order(template: str, values: object) -> str:
    rest = iter(values) if isinstance(values, tuple) else iter(())
    return _PLACE.sub(lambda found: str(next(rest, found.group())), template)


_Tail = tuple[str, dict[str, Any]]


def _head_parts(first: str, following: Sequence[str]) -> tuple[str, _Tail, int]:
    """Return the message, the logger and fields, and how many following lines belong to them."""
    tail = _tail(first)
    if tail is not None:
        return first[: tail[0]].rstrip(), tail[1:], 0
    for number, line in enumerate(following):
        if is_traceback_start(line):
            break
        tail = _tail(line)
        if tail is not None:
            message = "\n".join((first, *following[:number], line[: tail[0]].rstrip()))
            return message.rstrip(), tail[1:], number + 1
    event, _ = _plain_parts(first, following)
    return event, ("", {}), event.count("\n")


def has_tail(line: str) -> bool:
    """Say whether a line ends with a logger's name or fields."""
    return _tail(line) is not None


def _tail(line: str) -> tuple[int, str, dict[str, Any]] | None:
    """Return where a line's message ends, its logger's name and its fields; None without both."""
    for found in islice(_LOGGER.finditer(line), MAX_TAIL_TRIES):
        fields = pairs(line[found.end() :])
        if fields is not None:
            return found.start(), found.group(1), fields
    for found in islice(_BARE_TAIL.finditer(line), MAX_TAIL_TRIES):
        fields = pairs(line[found.end() :])
        if fields:
            return found.start(), "", fields
    return None


def _plain_parts(first: str, following: Sequence[str]) -> tuple[str, str]:
    """Split the lines of an event without fields into its message and its traceback."""
    lines = [first, *following]
    start = next((n for n, line in enumerate(lines) if is_traceback_start(line)), len(lines))
    event = "\n".join(lines[:start]).strip("\n")
    return event or first, "\n".join(lines[start:])


def _text(fields: Mapping[str, Any], *keys: str) -> str:
    return next((item for key in keys if isinstance(item := fields.get(key), str)), "")


def _salvaged(text: str) -> Read:
    """Read what can be read of a JSON line whose end was cut off."""

    def found(key: str) -> str:
        match = re.search(rf'"{key}": ?"((?:[^"\\]|\\.)*)"', text)
        return match.group(1) if match else ""

    return Read(
        found("timestamp"), level_name(found("level")), found("event") or text[:2_000],
        found("logger_name"), found("filename"),
    )  # fmt: skip
