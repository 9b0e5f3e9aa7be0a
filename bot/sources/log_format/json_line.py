"""One event written as one JSON object: whole, each part read when it is asked for, or cut off."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import orjson

from bot.border.outside import Outside, raw
from bot.domain.log import LogError
from bot.sources.log_format.error import error_of, may_name_error
from bot.sources.log_format.fields import flattened, unwrapped
from bot.sources.log_format.head import level_name
from bot.sources.log_format.message import filled
from bot.sources.log_format.time import Stamp, stamped, utc

_LONE_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_LONE_LOW = re.compile(r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")
TIME_KEYS = (
    *("timestamp", "time", "ts", "timestamp_ns", "timeUnixNano", "Timestamp", "@timestamp"),
    "asctime",
)
MESSAGE_KEYS = ("event", "message", "msg", "body", "Body")
LEVEL_KEYS = ("level", "severity", "severityText", "SeverityText", "levelname")
LOGGER_KEYS = ("logger_name", "logger")
STANDARD_KEYS = frozenset(
    {"event", "timestamp", "level", "logger_name", "filename", "lineno", "exception"}
)


class JsonLine:
    """A JSON object that is an event; its text may still be the bytes of its line."""

    __slots__ = ("_data", "_stamp", "_text", "_zone")
    # To decode the line again for each of them costs more than to read them while it is decoded.
    at_hand = ("event", "level")

    def __init__(
        self, text: str | bytes, fields: dict[str, Any], stamp: Stamp, zone: tzinfo
    ) -> None:
        self._text = text
        self._data: dict[str, Any] | None = fields
        self._stamp = stamp
        self._zone = zone

    def settle(self) -> None:
        """Hold the line alone, which is read again for each part: an event is kept for long."""
        self._data = None

    def hold(self, text: Outside) -> None:
        """Hold the line as whoever asked for it does, instead of a copy."""
        self._text = text

    @property
    def _fields(self) -> dict[str, Any]:
        data = self._data
        if data is not None:
            return data
        text = self._text
        return json_fields(raw(text) if isinstance(text, str) else text) or {}

    @property
    def text(self) -> str:
        """The line."""
        found = self._text
        return found if isinstance(found, str) else found.rstrip(b"\r\n").decode()

    @property
    def at(self) -> datetime | None:
        """The event's own time, else the engine's."""
        return time_of(self._fields, self._zone) or stamped(self._stamp, self._zone)

    @property
    def level(self) -> str:
        """The level, however it is written."""
        return _level(self._fields)

    @property
    def event(self) -> str:
        """The message with its arguments filled in."""
        return _filled(self._fields)

    @property
    def logger(self) -> str:
        """The logger's name."""
        return text_of(self._fields, *LOGGER_KEYS)

    @property
    def file(self) -> str:
        """The source file."""
        return text_of(self._fields, "filename")

    @property
    def line(self) -> int | None:
        """The line of the source file."""
        return number_of(self._fields.get("lineno"))

    @property
    def fields(self) -> dict[str, Any]:
        """The key-values that are not the event's own parts."""
        return _others(self._fields)

    @property
    def error(self) -> LogError | None:
        """What was raised."""
        data = self._fields  # of an event that is kept for long the line is read once
        fields = _others(data) if may_name_error(self.text) else {}
        return error_of(_filled(data), _trace(data.get("exception")), _level(data), fields)


class CutLine:
    """A JSON line that cannot be read whole: what can be made out in it."""

    at_hand = ()
    fields: Mapping[str, object] = {}
    line: int | None = None

    def settle(self) -> None:
        """Hold what was made out, which is little."""

    def hold(self, text: Outside) -> None:
        """Hold the line as it is: such lines are rare."""

    def __init__(self, text: str, stamp: Stamp, zone: tzinfo) -> None:
        self.text = text
        self.at = utc(self._found("timestamp"), zone) or stamped(stamp, zone)
        self.level = level_name(self._found("level"))
        self.event = self._found("event") or text[:2_000]
        self.logger = self._found("logger_name")
        self.file = self._found("filename")

    @property
    def error(self) -> LogError | None:
        """What was raised, if the message says so."""
        return error_of(self.event, "", self.level, self.fields)

    def _found(self, key: str) -> str:
        match = re.search(rf'"{key}": ?"((?:[^"\\]|\\.)*)"', self.text)
        return match.group(1) if match else ""


def json_fields(text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object of a line, or None; NaN and lone surrogates are survived."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = _tolerant_json(text if isinstance(text, str) else text.decode())
    return found if isinstance(found, dict) else None


def _tolerant_json(text: str) -> Any:
    whole = _LONE_LOW.sub(r"\\ufffd", _LONE_HIGH.sub(r"\\ufffd", text))
    try:
        return json.loads(whole)
    except (ValueError, RecursionError):
        return None


def time_of(fields: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    """Return an object's own time."""
    written = fields.get("timestamp")
    is_plain = type(written) is str and written
    return utc(written if is_plain else _first(fields, TIME_KEYS), zone)


def text_of(fields: Mapping[str, Any], *keys: str) -> str:
    """Return the first of `keys` that holds a text, "" if none does."""
    for key in keys:
        found = fields.get(key)
        if isinstance(found, str):
            return found
    return ""


def number_of(value: object) -> int | None:
    """Return a whole number as it is, and None of anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _level(fields: Mapping[str, Any]) -> str:
    return level_name(_first(fields, LEVEL_KEYS))


def _filled(fields: Mapping[str, Any]) -> str:
    message = _message(fields)
    arguments = fields.get("positional_args")
    return message if arguments is None else filled(message, unwrapped(arguments))


def _others(fields: Mapping[str, Any]) -> dict[str, Any]:
    return flattened({key: item for key, item in fields.items() if key not in STANDARD_KEYS})


def _message(fields: Mapping[str, Any]) -> str:
    """Return the event text; OpenTelemetry wraps its own by the kind of value."""
    found = _first(fields, MESSAGE_KEYS)
    if type(found) is str:
        return found
    if isinstance(found, Mapping):
        found = found.get("stringValue", "")
    return "" if found is None else str(found)


def _first(fields: Mapping[str, Any], keys: Sequence[str]) -> Any:
    for key in keys:
        found = fields.get(key)
        if found is not None and found != "":
            return found
    return None


def _trace(trace: object) -> str:
    """Return a traceback as text; some renderers write it as a list of objects."""
    if isinstance(trace, str):
        return trace
    stacks = [part for part in trace if isinstance(part, dict)] if isinstance(trace, list) else []
    return "\n".join(
        f"Traceback (most recent call last):\n{part.get('exc_type')}: {part.get('exc_value')}"
        for part in reversed(stacks)
    )
