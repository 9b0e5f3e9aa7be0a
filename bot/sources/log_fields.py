"""Reads `key=value` tails of console lines, whose values are Python reprs."""

import ast
import re
from typing import Any

MAX_LITERAL_CHARS = 64 * 1024

_KEY = re.compile(r"(?:\A|[ \t])([A-Za-z_][\w.]*)=")
_UUID_CALL = re.compile(r"UUID\('([0-9a-fA-F-]{36})'\)")
_CALL = re.compile(r"[A-Za-z_][\w.]*\(('(?:[^'\\]|\\.)*')\)")
_ENUM = re.compile(r"<[\w.]+: ('(?:[^'\\]|\\.)*')>")
_ENTRY = re.compile(r"""'([\w.]+)':\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,{}\[\]]+)""")
_CLOSING = {"{": "}", "[": "]", "(": ")"}


def pairs_of(tail: str) -> dict[str, Any]:
    """Parse a tail such as `extra={'a': 1} filename=x.py lineno=4`; never raises."""
    pairs: dict[str, Any] = {}
    at = 0
    while (match := _KEY.search(tail, at)) is not None:
        end = _end_of_value(tail, match.end())
        pairs[match[1]] = value_of(tail[match.end() : end])
        at = max(end, match.end())
    return pairs


def value_of(text: str) -> Any:
    """Read one repr; a dict that is no literal is read entry by entry, other text stays text."""
    if not text:
        return ""
    if text[0] not in "{[('\"-0123456789TFN" or len(text) > MAX_LITERAL_CHARS:
        return text
    plain = _ENUM.sub(r"\1", _CALL.sub(r"\1", _UUID_CALL.sub(r"'\1'", text)))
    try:
        return ast.literal_eval(plain)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _entries(plain) if text[0] == "{" else text


def unwrapped(value: Any) -> Any:
    """Turn the string "UUID('301c...')" into the bare uuid; other values stay as they are."""
    if isinstance(value, str) and value.startswith("UUID('"):
        return _UUID_CALL.sub(r"\1", value)
    return value


def _entries(text: str) -> dict[str, Any]:
    return {key: _scalar(value.strip()) for key, value in _ENTRY.findall(text)}


def _scalar(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def _end_of_value(text: str, start: int) -> int:
    if start >= len(text):
        return start
    if text[start] in "'\"":
        return _end_of_string(text, start)
    if text[start] in _CLOSING:
        return _end_of_bracket(text, start)
    blank = re.compile(r"\s").search(text, start)
    return blank.start() if blank else len(text)


def _end_of_string(text: str, start: int) -> int:
    quote, at = text[start], start + 1
    while at < len(text) and text[at] != quote:
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _end_of_bracket(text: str, start: int) -> int:
    depth, at = 0, start
    while at < len(text):
        char = text[at]
        if char in "'\"":
            at = _end_of_string(text, at)
            continue
        depth += (char in "{[(") - (char in "}])")
        at += 1
        if depth == 0:
            return at
    return len(text)
