"""Reads the key=value tail of a console line and the values inside it."""

import ast
import re
import threading
from collections.abc import Collection, Mapping
from typing import Any

MAX_LITERAL_CHARS = 64_000
# Nearly every tail has fewer.
MOST_PLAIN_PAIRS = 8
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
# A bracket that holds texts, words and at most one more level of brackets, or a text: most values.
# No part of it can be read in two ways, so none is ever given up to try another.
_NO_MARK = r"[^'\"()\[\]{}]*+"
_PLAIN_KEY = r"[A-Za-z_][\w.\-]*+"


def _pair_of(single: str, double: str) -> str:
    """Return the pattern of a pair, given that of a text in either kind of quotes."""
    flat = rf"{_NO_MARK}(?:(?:{single}|{double}){_NO_MARK})*"
    bracket = rf"[\[({{]{flat}(?:[\[({{]{flat}[\])}}]{flat})*[\])}}]"
    plain = rf"(?:{bracket}|{single})(?=\s|\Z)|(?!['\"{{\[(])[^ ]*+"
    return rf"\s*+({_PLAIN_KEY})=({plain})"


_PLAIN_PAIR = re.compile(
    _pair_of(r"'[^'\\]*+(?:\\.[^'\\]*+)*'", r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*\""), re.S
)
# Pair for pair as each is read alone, where no backslash stands: most tails, in half the time.
_ESCAPELESS_PAIR = _pair_of(r"'[^']*+'", r"\"[^\"]*+\"")
_PLAIN_TAIL = re.compile(rf"(?:{_ESCAPELESS_PAIR})?+" * MOST_PLAIN_PAIRS + r"\s*\Z", re.S)
# A dict of plain texts, numbers and words, as `repr` writes it: most of them.
_TEXT, _INT = r"'[^'\\\n\r\x00]*'", r"-?(?:0|[1-9]\d{0,17})"
_ITEM = rf"(?:{_TEXT}|{_INT}(?:\.\d{{1,17}})?|None|True|False)"
_FLAT_DICT = re.compile(rf"\{{(?:{_TEXT}: {_ITEM}(?:, {_TEXT}: {_ITEM})*)?\}}")
_FLAT_ITEM = re.compile(rf"({_TEXT}): (?:({_TEXT})|({_INT})(\.\d+)?|(None|True|False))")
_ONE_AT_A_TIME = threading.Lock()
_WORDS: Mapping[str, Any] = {"None": None, "True": True, "False": False}


class Pairs:
    """The fields of a `key=value key=value` tail, each value read when it is asked for."""

    __slots__ = ("_found", "_tail")

    def __init__(self, tail: str, found: dict[str, str] | re.Match[str]) -> None:
        """Take the text of each value of a tail, or the match of one whose pairs are all plain."""
        self._tail = tail
        self._found = found

    def __bool__(self) -> bool:
        return bool(self._texts)

    @property
    def _texts(self) -> dict[str, str]:
        found = self._found
        if isinstance(found, re.Match):
            parts = [part for part in found.groups() if part is not None]
            found = self._found = dict(zip(parts[::2], parts[1::2], strict=True))
        return found

    def value(self, key: str) -> Any:
        """Return the value of one key, None where there is none."""
        if f"{key}=" not in self._tail:
            return None
        text = self._texts.get(key)
        return None if text is None else value(text)

    def values(self, without: Collection[str] = ()) -> dict[str, Any]:
        """Return every key with its value, but those of `without`."""
        return {key: value(text) for key, text in self._texts.items() if key not in without}


def pairs(tail: str) -> Pairs | None:
    """Return the fields of a tail, or None when it is none to its end."""
    if "\\" not in tail and (plain_tail := _PLAIN_TAIL.match(tail)) is not None:
        return Pairs(tail, plain_tail)
    texts: dict[str, str] = {}
    position, length = 0, len(tail)
    while position < length:
        plain = _PLAIN_PAIR.match(tail, position)
        if plain is not None:
            texts[plain[1]] = plain[2]
            position = plain.end()
            continue
        if tail[position].isspace():
            position += 1
            continue
        key = _KEY.match(tail, position)
        if key is None:
            return None
        end = _value_end(tail, key.end())
        texts[key[1]] = tail[key.end() : end]
        position = end
    return Pairs(tail, texts)


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
    kind = type(item)
    if kind is int or item is None or kind is bool or kind is float:
        return item
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
    plain = text
    if "(" in plain:
        plain = _WRAPPED.sub(r"\1", plain)
    if "<" in plain:
        plain = _ENUM.sub(r"\1", plain)
    if len(plain) <= MAX_LITERAL_CHARS and _FLAT_DICT.fullmatch(plain):
        return _flat_dict(plain)
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


def _flat_dict(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, words, whole, fraction, word in _FLAT_ITEM.findall(text):
        if words:
            found[key[1:-1]] = words[1:-1]
        elif whole:
            found[key[1:-1]] = float(whole + fraction) if fraction else int(whole)
        else:
            found[key[1:-1]] = _WORDS[word]
    return found


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
