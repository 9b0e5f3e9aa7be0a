"""Recognises the first line of an event by the forms that the parser knows."""

import re

from bot.sources.log_format.forms import BEHIND_TIME
from bot.sources.log_format.head import (
    HEAD_BYTES,
    Head,
    Shape,
    head_of,
    level_name,
    maybe_carriers,
    starts_event,
)
from bot.text.redaction import without_escapes
from tests.support.reference_parser.time import ENGINE_STAMP

__all__ = [
    "Head",
    "Shape",
    "head_of",
    "level_name",
    "maybe_carriers",
    "split_stamp",
    "starts_event",
]
_LEVEL_WORD = re.compile(r"\s?\[[A-Za-z]+\s*\]")
_LEVEL_BEHIND = re.compile(BEHIND_TIME.encode())


def split_stamp(line: bytes) -> tuple[bytes, bytes]:
    """Return (engine timestamp or b"", the line without it)."""
    found = ENGINE_STAMP.match(line)
    if found is None:
        return b"", line
    rest = line[found.end() :]
    # The service's own ISO time looks the same; its level follows at once.
    start = without_escapes(rest[:HEAD_BYTES].decode("utf-8", "replace"))
    is_own = _LEVEL_WORD.match(start) or _LEVEL_BEHIND.match(rest)
    return (b"", line) if is_own else (found.group(1), rest)
