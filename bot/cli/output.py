"""The ways the command line prints: formats, JSON text, exit codes."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any


class Format(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    BLOCKS = "blocks"


class EventFormat(StrEnum):
    """How alert events are printed."""

    TEXT = "text"
    JSON = "json"


class Exit(IntEnum):
    """What the exit code tells a script."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    UNKNOWN = 3
    INTERRUPTED = 130


def to_json(value: Any) -> str:
    """Return indented JSON with a newline at its end."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"


def to_json_line(value: Any) -> str:
    """Return one JSON object as one line."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode() + "\n"


def event_line(event: Mapping[str, Any]) -> str:
    """Return an alert event of a replay as one line for people."""
    names = ("at", "event", "severity", "key", "title")
    return "  ".join(str(event.get(name) or "-") for name in names) + "\n"
