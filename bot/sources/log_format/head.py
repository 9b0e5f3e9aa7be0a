"""Recognises the first line of an event; one stream mixes formats, so each line decides alone.

It is an object of JSON, or begins in one of the known forms.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bot.deferred import Pattern
from bot.sources.log_format.forms import (
    ACCESS,
    BEHIND_TIME,
    BRACKETED,
    COLOURED,
    CONSOLE,
    KLOG,
    LOGFMT,
    MAY_BEGIN,
    NO_DIGIT_FIRST,
    PADDED,
    POSTGRES,
    RDKAFKA,
    REDIS,
    SERVER,
    SIGNS,
    SLASHED,
    STANDARD,
    SURE,
    SYSLOG,
    TIMED,
    iso,
)
from bot.sources.log_format.time import ENGINE_STAMP
from bot.text.redaction import without_escapes

_CONSOLE = re.compile(rf"{CONSOLE}(.*)\Z", re.S | re.A)
_SERVER = re.compile(rf"{SERVER}(.*)\Z", re.S | re.A)
_BRACKETED = re.compile(rf"{BRACKETED}(.*)\Z", re.S | re.A)
_STANDARD = re.compile(rf"{STANDARD}(.*)\Z", re.S | re.A)
_POSTGRES = re.compile(rf"{POSTGRES}(.*)\Z", re.S | re.A)
_TIMED = re.compile(rf"{TIMED}(.*)\Z", re.S | re.A)
_SLASHED = Pattern(rf"{SLASHED}(.*)\Z", re.S | re.A)
_REDIS = Pattern(rf"{REDIS}(.*)\Z", re.S | re.A)
_ACCESS = Pattern(ACCESS, re.A)
_KLOG = Pattern(rf"{KLOG}(.*)\Z", re.S | re.A)
_PADDED = Pattern(rf"{PADDED}(.*)\Z", re.S | re.A)
_LOGFMT = Pattern(LOGFMT, re.A)
_RDKAFKA = Pattern(rf"{RDKAFKA}(.*)\Z", re.S | re.A)
_SYSLOG = Pattern(rf"{SYSLOG}(.*)\Z", re.S | re.A)
# Of a service's own ISO time, at which nearly every line begins, this is seen at once.
_STAMP = re.compile(
    ENGINE_STAMP.pattern + rb"(?! ?\[[A-Za-z]{1,20} {0,20}\]|" + BEHIND_TIME.encode() + rb")"
)
_LEVEL_WORD = re.compile(r"\s?\[[A-Za-z]+\s*\]")
_LEVEL_BYTES = re.compile(rb" ?\[[A-Za-z]+ *\]")
_MAYBE_CARRIERS = re.compile(ENGINE_STAMP.pattern.decode())
_COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
_MAY_BEGIN = re.compile(MAY_BEGIN.encode())
_COLOURED = re.compile(COLOURED.encode())
_START = re.compile(rb"(?:" + ENGINE_STAMP.pattern + rb")?(?:\{\"|" + SURE.encode() + rb")")
LEVEL_NAMES = {
    "warn": "warning",
    "exception": "error",
    "fatal": "critical",
    "err": "error",
    **dict.fromkeys(("panic", "crit", "alert", "emerg"), "critical"),
    "trace": "debug",
    "log": "info",
    "notice": "info",
    **{f"debug{detail}": "debug" for detail in range(1, 6)},
}
# What belongs to Postgres's line before: it has no level of its own.
_LEVELLESS = frozenset({"DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION"})
# As the standard library and pino count, the latter ten higher from info on.
LEVEL_NUMBERS = ((60, "critical"), (50, "error"), (40, "warning"), (20, "info"), (1, "debug"))
HEAD_BYTES = 200


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
        return _bracketed(text)
    if not first.isdigit():
        return _unnumbered(text) if first and first in NO_DIGIT_FIRST else None
    if text[4:5] != "-":
        return _others(text)
    found = _CONSOLE.match(text)
    if found:
        time, level, rest = found.groups()
        return Head(Shape.CONSOLE, time, _level_of(level), "", rest)
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
    return Head(Shape.PLAIN, found[1], rest=found[2]) if found else _others(text)


def maybe_carriers(head: Head) -> str | None:
    """Return a plain line's own time where nothing tells it from one that a carrier wrote."""
    return None if head.logger or not _MAYBE_CARRIERS.fullmatch(head.time) else head.time


def starts_event(line: bytes) -> bool:
    """Say whether an event surely begins at this raw line; cheap, for lines that are not parsed."""
    if line.startswith(b'{"'):
        return True
    if not _MAY_BEGIN.match(line):
        return False
    if _COLOURED.match(line, 0, HEAD_BYTES):
        return True
    if line.find(b"\x1b", 0, HEAD_BYTES) >= 0:
        line = _COLOURS.sub(b"", line[: 2 * HEAD_BYTES])
    return _START.match(line, 0, HEAD_BYTES) is not None


def _bracketed(text: str) -> Head | None:
    found = _SERVER.match(text) or _BRACKETED.match(text)
    if found:
        return Head(Shape.PLAIN, found[1], level_name(found[2]), rest=found[3])
    return _access(text)


def _others(text: str) -> Head | None:
    """Return the head of a line that begins with a digit and not with a date as ISO 8601 has it."""
    found = _SLASHED.match(text)
    if found:
        year, month, day, clock, level, rest = found.groups()
        return Head(Shape.PLAIN, iso(year, month, day, clock), level_name(level), rest=rest)
    found = _REDIS.match(text)
    if found:
        day, month, year, clock, sign, rest = found.groups()
        return Head(Shape.PLAIN, iso(year, month, day, clock), SIGNS[sign], rest=rest)
    return _access(text)


def _access(text: str) -> Head | None:
    """Return the head of a request's line, whole: its parts are known by place."""
    found = _ACCESS.match(text)
    if found is None:
        return None
    day, month, year, clock, zone = found.groups()
    return Head(Shape.PLAIN, iso(year, month, day, clock, zone), rest=text)


def _unnumbered(text: str) -> Head | None:
    """Return the head of a line that begins with no digit: most tell no year, or no time at all."""
    found = _LOGFMT.match(text)
    if found:
        # The pairs stay whole: the border judges what is behind each key.
        return Head(Shape.PLAIN, found[2], level_name(found[1] or found[3]), rest=text)
    found = _RDKAFKA.match(text)
    if found:
        return Head(Shape.PLAIN, found[2], SIGNS[found[1]], rest=found[3])
    found = _KLOG.match(text)
    if found:
        return Head(Shape.PLAIN, level=SIGNS[found[1]], rest=found[2])
    found = _PADDED.match(text)
    if found:
        *names, rest = found.groups()
        return Head(Shape.PLAIN, level=level_name(next(filter(None, names))), rest=rest)
    found = _SYSLOG.match(text)
    return Head(Shape.PLAIN, rest=found[2]) if found else _access(text)
