"""Recognises the first line of an event; one stream mixes formats, so each line decides alone.

Formats: structlog's console with an ISO time, structlog's default console with naive local time,
JSON lines, an ASGI server's, the standard library's and Postgres's plain lines, and lines of a time
alone.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bot.sources.log_format.time import ENGINE_STAMP
from bot.text.redaction import without_escapes

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = r"(?:\s?(?:Z|z|[+-]\d\d:?\d\d))?"
_CONSOLE = re.compile(rf"({_TIME}{_ZONE}) \[([A-Za-z]+)\s*\](?: (.*)|)\Z", re.S)
_SERVER = re.compile(rf"\[({_TIME}{_ZONE})\] \[\d+\] \[([A-Z]+)\s*\] ?(.*)\Z", re.S)
_LEVELS = r"(DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_STANDARD = re.compile(
    rf"({_TIME}{_ZONE})(?: - )?\s*(?:([\w.]{{1,200}}) - )?{_LEVELS}\b[\s:-]*(.*)\Z", re.S
)
# A service that writes no level: its time alone begins a line, where a level's does not.
_TIMED = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)) (\S.*)\Z", re.S
)
# Postgres's `log_line_prefix` of '%m [%p] ', as its image has it, perhaps with `%u@%d` behind.
_ZONED = rf"{_TIME} ?(?:UTC|GMT|[+-]\d\d(?::?\d\d)?)"
_PROCESS = r"\[(\d{1,10})(?:-\d{1,9})?\] (?:[^\s:]{0,120} )?"
_SEVERITY = (
    r"(DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC"
    r"|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION)"
)
_POSTGRES = re.compile(rf"({_ZONED}) {_PROCESS}{_SEVERITY}: +(.*)\Z", re.S)
_LEVEL_WORD = re.compile(r"\s?\[[A-Za-z]+\s*\]")
_LEVEL_BYTES = re.compile(rb" ?\[[A-Za-z]+ *\]")
# Of a service's own ISO time, at which nearly every line begins, this is seen at once.
_STAMP = re.compile(ENGINE_STAMP.pattern + rb"(?! ?\[[A-Za-z]{1,20} {0,20}\])")
_E = rb"(?:\x1b\[[0-9;]*m)*"
_CLOCK = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?\s?(?:[Zz]|[+-]\d\d:?\d\d)?"
_WORD = rb"(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
_START = re.compile(
    rb"(?:" + _CLOCK + rb" )??" + _E + rb"(?:\{\"|\[" + _CLOCK + rb"\] \[\d+\] \[[A-Z]+|"
    + f"{_ZONED} {_PROCESS}{_SEVERITY}: ".encode() + rb"|"
    + _CLOCK + _E + rb"(?: " + _E + rb"\[" + _E + rb"[A-Za-z]+\s*" + _E + rb"\]"
    rb"|(?: - )?\s*(?:[\w.]+ - )?" + _WORD + rb"))"
)  # fmt: skip
LEVEL_NAMES = {
    "warn": "warning",
    "exception": "error",
    "fatal": "critical",
    "err": "error",
    "panic": "critical",
    "log": "info",
    "notice": "info",
    **{f"debug{detail}": "debug" for detail in range(1, 6)},
}
# What belongs to Postgres's line before: it has no level of its own.
_LEVELLESS = frozenset({"DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION"})
# As the standard library and pino count, the latter ten higher from info on.
LEVEL_NUMBERS = ((60, "critical"), (50, "error"), (40, "warning"), (20, "info"), (1, "debug"))
HEAD_BYTES = 200
# What an event's first line begins with: a time, an object, a bracket or a terminal code.
FIRST_BYTES = rb"\d{\[\x1b"


class Shape(StrEnum):
    """How an event's first line is written."""

    JSON = "json"
    CONSOLE = "console"
    PLAIN = "plain"


class Head(NamedTuple):
    """The first line of an event, taken apart as far as its shape goes."""

    shape: Shape
    time: str = ""
    level: str = ""
    logger: str = ""
    rest: str = ""
    process: str = ""


def level_name(level: object) -> str:
    """Return a level in the one spelling that every reader compares with."""
    if isinstance(level, int) and not isinstance(level, bool):
        return next((name for least, name in LEVEL_NUMBERS if level >= least), "")
    name = level.strip().lower() if isinstance(level, str) else ""
    return LEVEL_NAMES.get(name, name)


_level_of = lru_cache(maxsize=256)(level_name)


def split_stamp(line: bytes) -> tuple[bytes, bytes]:
    """Return (engine timestamp or b"", the line without it)."""
    found = _STAMP.match(line)
    if found is None:
        return b"", line
    rest = line[found.end() :]
    # The service's own ISO time looks the same; its level follows at once.
    if _LEVEL_BYTES.match(rest, 0, HEAD_BYTES):
        return b"", line
    start = without_escapes(rest[:HEAD_BYTES].decode("utf-8", "replace"))
    return (b"", line) if _LEVEL_WORD.match(start) else (found.group(1), rest)


def head_of(text: str) -> Head | None:
    """Return the head that `text` (a line without terminal codes) is, or None."""
    first = text[:1]
    if first == "{":
        return Head(Shape.JSON, rest=text) if text.startswith('{"') else None
    if first == "[":
        found = _SERVER.match(text)
        return _plain_head(found, "") if found else None
    if not first.isdigit():
        return None
    found = _CONSOLE.match(text)
    if found:
        time, level, rest = found.groups()
        return Head(Shape.CONSOLE, time, _level_of(level), "", rest or "")
    found = _STANDARD.match(text)
    if found:
        return Head(Shape.PLAIN, found[1], level_name(found[3]), found[2] or "", found[4])
    found = _POSTGRES.match(text)
    if found:
        time, process, severity, rest = found.groups()
        level = "" if severity in _LEVELLESS else _level_of(severity)
        said = f"{severity}: {rest}" if severity in _LEVELLESS else rest
        return Head(Shape.PLAIN, time, level, rest=said, process=process)
    found = _TIMED.match(text)
    return Head(Shape.PLAIN, found[1], rest=found[2]) if found else None


def starts_event(line: bytes) -> bool:
    """Say whether an event surely begins at this raw line; cheap, for lines that are not parsed."""
    return _START.match(line, 0, HEAD_BYTES) is not None


def _plain_head(found: re.Match[str], logger: str) -> Head:
    return Head(Shape.PLAIN, found[1], level_name(found[2]), logger, found[3])
