"""Reads the key=value tail of a console line and the values inside it."""

import ast
import re
import threading
from collections.abc import Mapping
from typing import Any

MAX_LITERAL_CHARS = 64_000
_KEY = re.compile(r"([A-Za-z_][\w.\-]*)=")
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s'\"()\[\]{}]+|[\[({]|[\])}]|\s+|['\"]", re.S
)
_WRAPPED = re.compile(r"\b(?:UUID|Decimal|PosixPath|Path|SecretStr|Url|HttpUrl)\(('[^']*')\)")
_ENUM = re.compile(r"<[A-Za-z_][\w.]*: ('[^']*'|-?\d+)>")
_UUID_TEXT = re.compile(r"\AUUID\('([0-9a-fA-F-]{36})'\)\Z")
_PAIR = re.compile(r"'([\w.\-]+)': (?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,{}\[\]]+))")
_ODD_ESCAPE = re.compile(r"\\[^\\'\"abfnrtvx0-7uU\n]")
# Most values: their text stands between the quotes as it is.
_QUOTED = re.compile(r"'[^'\\\n\r\x00]*'|\"[^\"\\\n\r\x00]*\"")
_NUMBER = re.compile(r"-?\d{1,18}\Z")
_FLOAT = re.compile(r"-?\d{1,18}\.\d{1,18}(?:e[+-]?\d{1,3})?\Z")
_ONE_AT_A_TIME = threading.Lock()
_WORDS: Mapping[str, Any] = {"None": None, "True": True, "False": False}


def pairs(tail: str) -> dict[str, Any] | None:
    """Return the fields of a `key=value key=value` tail, or None when it is not one to its end."""
    fields: dict[str, Any] = {}
    position, length = 0, len(tail)
    while position < length:
        if tail[position].isspace():
            position += 1
            continue
        key = _KEY.match(tail, position)
        if key is None:
            return None
        end = _value_end(tail, key.end())
        fields[key.group(1)] = value(tail[key.end() : end])
        position = end
    return fields


def value(text: str) -> Any:
    """Return the Python value that a console renderer printed as `text`, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if text[:1] in ("'", '"', "{", "[", "("):
        return _literal(text)
    return unwrapped(text)


def flattened(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` with `extra` merged in (a direct field wins) and UUID texts unwrapped."""
    extra = fields.get("extra")
    if isinstance(extra, str) and extra.startswith("{"):
        extra = _literal(extra)
    if not isinstance(extra, Mapping):
        return {str(key): unwrapped(item) for key, item in fields.items()}
    direct = {key: item for key, item in fields.items() if key != "extra"}
    return {str(key): unwrapped(item) for key, item in {**extra, **direct}.items()}


def unwrapped(item: Any) -> Any:
    """Return `UUID('x')` texts as x, also one level down."""
    if isinstance(item, str):
        found = _UUID_TEXT.match(item) if item.startswith("UUID(") else None
        return found.group(1) if found else item
    if isinstance(item, list | tuple):
        return [unwrapped(part) if isinstance(part, str) else part for part in item]
    if isinstance(item, dict):
        return {
            key: unwrapped(part) if isinstance(part, str) else part for key, part in item.items()
        }
    return item


def _value_end(tail: str, start: int) -> int:
    """A quoted or bracketed value may hold spaces; any other ends at the next one."""
    if tail[start : start + 1] not in ("'", '"', "{", "[", "("):
        space = tail.find(" ", start)
        return len(tail) if space < 0 else space
    depth = 0
    for token in _TOKEN.finditer(tail, start):
        text = token.group()
        if text in "[({":
            depth += 1
        elif text in "])}":
            depth -= 1
        elif depth <= 0 and text.isspace():
            return token.start()
        if depth < 0:
            return token.end()
    return len(tail)


def _literal(text: str) -> Any:
    plain = _ENUM.sub(r"\1", _WRAPPED.sub(r"\1", text))
    if len(plain) > MAX_LITERAL_CHARS or _ODD_ESCAPE.search(plain):
        return _loose(plain)
    if _QUOTED.fullmatch(plain):
        return plain[1:-1]
    try:
        # Until 3.11.8 and 3.12.2 Python mixes up the depths of two threads that parse at once, and
        # raises SystemError (https://github.com/python/cpython/issues/106905).
        with _ONE_AT_A_TIME:
            return ast.literal_eval(plain)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, SystemError):
        return _loose(plain)


def _loose(text: str) -> Any:
    """Read what can be read of a literal that holds objects, or whose end was cut off."""
    return _loose_dict(text) if text.startswith("{") else text


def _loose_dict(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, single, double, bare in _PAIR.findall(text[:MAX_LITERAL_CHARS]):
        found.setdefault(name, single or double or _WORDS.get(bare.strip(), _number(bare.strip())))
    return found


def _number(text: str) -> Any:
    return int(text) if _NUMBER.match(text) else float(text) if _FLOAT.match(text) else text
