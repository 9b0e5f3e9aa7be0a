"""The outsider's corpus: what must not come out, where it lies, what must stay, what is slow.

Written by somebody who had not read the bot; data/ holds the lines, keys in parts, so that no
scanner takes an invented key for a real one. `render` gives the raw outside text of a plant in a
place; `leaks` says what of the plant can be seen in an output, also decoded.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import gzip
import html
import io
import json
import lzma
import re
import shlex
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

HERE = Path(__file__).parent / "data"
Row = dict[str, Any]
WHERES = {"log", "row", "queue", "topic", "container", "process", "person", "setting"}
SLOW_WHERES = {"log line", "command", "setting", "glob", "zip", "form", "redis", "topic"}
PROMISES = {"named", "implied", "beyond"}


# ---------------------------------------------------------------- loading
def _read(name: str) -> list[dict[str, Any]]:
    # split on \n only: str.splitlines would cut at U+2028, U+0085 and form feeds
    with open(HERE / name, encoding="utf-8", newline="\n") as handle:
        return [json.loads(line) for line in handle.read().split("\n") if line]


@cache
def _plants() -> tuple[dict[str, Any], ...]:
    out = []
    for plant in _read("plants.jsonl"):
        if "parts" in plant:
            plant["text"] = "".join(plant["parts"])
        plant.setdefault("also", [])
        out.append(plant)
    return tuple(out)


def plants(kind: str | None = None) -> list[dict[str, Any]]:
    """Every plant with its `text` joined; `canary` and `also` must never show."""
    return [dict(p) for p in _plants() if kind is None or p["kind"] == kind]


def places(where: str | None = None) -> list[dict[str, Any]]:
    """Every place; `encode` and `promise` are filled in."""
    out = _read("places.jsonl")
    for place in out:
        place.setdefault("encode", [])
        place.setdefault("promise", "named")
    return [p for p in out if where is None or p["where"] == where]


def mean() -> list[dict[str, Any]]:
    """Whole lines of other kinds than the places hold: drivers, dumps, encodings, people."""
    return [{**row, "text": "".join(row["parts"])} for row in _read("mean.jsonl")]


def keep() -> list[dict[str, Any]]:
    """Lines whose `must_show` parts have to survive the border (before any clipping)."""
    return _read("keep.jsonl")


def slow() -> list[dict[str, Any]]:
    """Hostile inputs; build(item) makes the value, None where it is only described."""
    return _read("slow.jsonl")


# ---------------------------------------------------------------- how a plant lies in its place
def _every(n: int, mark: str) -> Callable[[str], str]:
    return lambda s: "".join(c + (mark if i % n == n - 1 else "") for i, c in enumerate(s))


def _rich(text: str, width: int = 46) -> str:
    """As rich's locals panel wraps a value: borders, colours, 46 characters a line."""
    rows = [text[i : i + width] for i in range(0, len(text), width)] or [""]
    red, blue, green, end = "\x1b[31m", "\x1b[34m", "\x1b[32m", "\x1b[0m"
    tail = f" {blue}│{end} {red}│{end}\n{red}│{end} {blue}│{end}                        "
    return tail.join(f"{green}{row.replace(chr(10), chr(92) + 'n'):<{width}}{end}" for row in rows)


def _hexdump(text: str) -> str:
    data = text.encode()
    rows = []
    for at in range(0, len(data), 16):
        piece = data[at : at + 16]
        seen = "".join(chr(b) if 32 <= b < 127 else "." for b in piece)
        rows.append(f"{at:08x}  {piece.hex(' '):<47}  |{seen}|")
    return "\n".join(rows)


def _middle(text: str) -> str:
    """pydantic's input_value: the first and the last 25 characters."""
    shown = repr(text)
    return shown if len(shown) < 50 else shown[:25] + "..." + shown[-24:]


ENCODERS: dict[str, Callable[[str], str]] = {
    "json": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "jsona": lambda s: json.dumps(s)[1:-1],
    "repr": lambda s: repr('"' + s)[2:-1],  # always in single quotes
    "reprq": repr,  # with the quotes that Python picks
    "bytesrepr": lambda s: repr(b'"' + s.encode())[3:-1],
    "middle": _middle,
    "url": lambda s: quote(s, safe=""),
    "urlplus": quote_plus,
    "urlall": lambda s: "".join(f"%{b:02x}" for b in s.encode()),
    "html": lambda s: html.escape(s, quote=True),
    "htmldec": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "htmlhex": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "uescape": lambda s: "".join(f"\\u{ord(c):04x}" if ord(c) < 65536 else c for c in s),
    "xescape": lambda s: "".join(f"\\x{b:02x}" for b in s.encode()),
    "octal": lambda s: "".join(f"\\{b:03o}" for b in s.encode()),
    "b64": lambda s: base64.b64encode(s.encode()).decode(),
    "b64url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "hex": lambda s: s.encode().hex(),
    "hexdump": _hexdump,
    "qp": lambda s: codecs.encode(s.encode(), "quopri").decode(),
    "zw": _every(3, "\u200b"),
    "vs": _every(2, "\ufe0f"),
    "shy": _every(4, "\u00ad"),
    "tags": _every(5, "\U000e0061"),
    "cgj": _every(3, "\u034f"),
    "nul": _every(1, "\x00"),
    "fullwidth": lambda s: "".join(chr(ord(c) + 0xFEE0) if 33 <= ord(c) < 127 else c for c in s),
    "spaced": lambda s: " ".join(s),
    "charlist": lambda s: json.dumps(list(s))[1:-1],
    "ansi": _every(6, "\x1b[0m"),
    "backspace": _every(5, "_\b"),
    "reverse": lambda s: s[::-1],
    "upper": str.upper,
    "nfd": lambda s: unicodedata.normalize("NFD", s),
    "sql": lambda s: s.replace("'", "''"),
    "shell": shlex.quote,
    "oneline": lambda s: re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+", " ", s),
    "rich": _rich,
    "indent": lambda s: "\n".join("    " + row for row in s.split("\n")),
    "gtquote": lambda s: "\n".join("> " + row for row in s.split("\n")),
}
_FILL_WORDS = "flod skog tid bok väg hus dag natt bord stol "


def _fill(match: re.Match[str]) -> str:
    size = int(match[1])
    return (_FILL_WORDS * (size // len(_FILL_WORDS) + 1))[:size]


def encode(place: dict[str, Any], text: str) -> str:
    for step in place.get("encode", []):
        text = ENCODERS[step](text)
    return text


def render(place: dict[str, Any], plant: dict[str, Any]) -> str:
    """The raw outside text: the plant encoded as the place says, {FILL:n} made n long."""
    template = re.sub(r"\{FILL:(\d+)\}", _fill, place["template"])
    return template.replace("{PLANT}", encode(place, plant["text"]))


def fits(place: dict[str, Any], plant: dict[str, Any]) -> bool:
    """Does this plant make sense there (kind, length of the column, canary still to be seen)?"""
    if plant["kind"] not in place["plant_kinds"]:
        return False
    if len(encode(place, plant["text"])) > place.get("max_chars", 10**9):
        return False
    raw = render(place, plant)
    return plant["canary"] in raw or shows(raw, plant)


def cases(where: str | None = None, per_place: int | None = None) -> Iterator[tuple[Row, Row, str]]:
    """(place, plant, raw text) for every fit; per_place takes that many, spread over the kinds."""
    for number, place in enumerate(places(where)):
        for plant, raw in cases_of(number, place, per_place):
            yield place, plant, raw


def cases_of(number: int, place: Row, per_place: int | None = None) -> Iterator[tuple[Row, str]]:
    """(plant, raw text) for every plant that fits one place."""
    chosen = [plant for plant in _plants() if plant["kind"] in place["plant_kinds"]]
    if per_place is not None and chosen:
        step = max(1, len(chosen) // per_place)
        chosen = chosen[number % step :: step]
    fitting = ((plant, render(place, plant)) for plant in chosen if fits(place, plant))
    yield from islice(fitting, per_place)


# ---------------------------------------------------------------- has it come out?
_ANSI = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]\\]|\x07"
)  # the text of links and titles stays
_NO_ALNUM = re.compile("[^A-Za-z0-9]")
_TOKENS = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_HEXRUN = re.compile(r"(?:[0-9a-f]{2}[ :]?){8,}", re.I)
_UESC = re.compile(r"\\+u\{?([0-9a-fA-F]{4,6})\}?")
_XESC = re.compile(r"(?:\\+x[0-9a-fA-F]{2})+")
_OESC = re.compile(r"(?:\\+[0-3][0-7]{2})+")


def plain(text: str) -> str:
    """One form for comparing: no colours, no invisible characters, NFKC, no accents, lower case."""
    text = _ANSI.sub("", text)
    if text.isascii():
        return text.replace("\x00", "").casefold()
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cf", "Mn", "Me"})
    return text.replace("\x00", "").casefold()


def squeezed(text: str) -> str:
    if text.isascii():
        return _NO_ALNUM.sub("", _ANSI.sub("", text)).casefold()
    return "".join(c for c in plain(text) if c.isalnum())


def _unescape(text: str) -> str:
    text = _UESC.sub(lambda m: chr(min(int(m[1], 16), 0x10FFFF)), text)
    text = _XESC.sub(
        lambda m: bytes(int(h, 16) for h in re.findall(r"x(..)", m[0])).decode("utf-8", "replace"),
        text,
    )
    text = _OESC.sub(
        lambda m: bytes(int(o, 8) & 255 for o in re.findall(r"([0-3][0-7]{2})", m[0])).decode(
            "utf-8", "replace"
        ),
        text,
    )
    return re.sub(r"\\+([\"'/\\])", r"\1", re.sub(r"\\+[nrt]", " ", text))


def views(output: str | bytes) -> Iterator[tuple[str, str]]:
    """The output as a reader with tools could see it."""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    yield "plain", text
    seen = text
    for level in (1, 2):
        seen = _unescape(html.unescape(unquote(seen.replace("+", " "))))
        yield f"unescaped {level}", seen
    yield "percent", unquote(text)
    yield "quoted-printable", codecs.decode(text.encode(), "quopri").decode("utf-8", "replace")
    for token in _TOKENS.findall(text):
        for cut in range(4):
            piece = token[cut:].replace("-", "+").replace("_", "/")
            piece = (
                piece[: len(piece) // 4 * 4]
                if len(piece) % 4 == 1
                else piece + "=" * (-len(piece) % 4)
            )
            try:
                once = base64.b64decode(piece)
            except (binascii.Error, ValueError):
                continue
            yield "base64", once.decode("utf-8", "replace")
            if re.fullmatch(rb"[A-Za-z0-9+/=]{12,}", once):  # base64 of base64
                yield (
                    "base64 twice",
                    base64.b64decode(once[: len(once) // 4 * 4]).decode("utf-8", "replace"),
                )
    for run in _HEXRUN.findall(text):
        digits = re.sub(r"[^0-9a-fA-F]", "", run)
        yield "hex", bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "replace")
    dump = "".join(re.findall(r"\|(.{1,16})\|$", text, re.M))
    if dump:
        yield "hexdump", dump
    yield "reversed", text[::-1]
    yield "backspaces", re.sub(r".\x08", "", text)


@lru_cache(maxsize=2_048)
def _seen(output: str | bytes) -> Seen:
    return Seen(output)


class Seen:
    """The views of one output in comparable form, made when asked for; outputs recur."""

    def __init__(self, output: str | bytes) -> None:
        self._next = views(output)
        self._made: list[tuple[str, str, str]] = []
        self._known: set[str] = set()

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        yield from self._made
        for how, text in self._next:
            if text in self._known:
                continue
            self._known.add(text)
            self._made.append((how, plain(text), squeezed(text)))
            yield self._made[-1]


@cache
def _wanted(piece: str) -> tuple[str, str]:
    return plain(piece), squeezed(piece)


def _shows(piece: str, clear: str, tight: str) -> bool:
    one, two = _wanted(piece)
    return one in clear or (len(two) >= 8 and two in tight)


def shows(output: str | bytes, plant: dict[str, Any]) -> bool:
    """Does anything of one plant show in the output?"""
    pieces = [plant["canary"], *plant.get("also", [])]
    return any(_shows(piece, clear, tight) for _, clear, tight in _seen(output) for piece in pieces)


def leaks(output: str | bytes, plant: dict[str, Any]) -> list[tuple[str, str]]:
    """What of one plant shows in the output: [(canary or piece, the view that showed it)]."""
    if not shows(output, plant):
        return []
    found: dict[str, str] = {}
    for how, clear, tight in _seen(output):
        for piece in (plant["canary"], *plant.get("also", [])):
            if _shows(piece, clear, tight):
                found.setdefault(piece, how)
    return list(found.items())


# ---------------------------------------------------------------- helpers that slow.jsonl may use
def zipped(files: dict[str, bytes], level: int = 9) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2026, 2, 10, 8, 36, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def gz(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, level, mtime=0)


def nested(opening: str, closing: str, depth: int, core: str = "1") -> str:
    return opening * depth + core + closing * depth


SLOW_NAMES = {
    "zipped": zipped,
    "gz": gz,
    "xz": lzma.compress,
    "nested": nested,
    "json": json,
    "struct": struct,
    "quote": quote,
    "base64": base64,
}


def build(item: dict[str, Any]) -> Any:
    """The hostile input of a slow.jsonl line (expressions are ours; nothing else is evaluated)."""
    return None if item.get("make") is None else eval(item["make"], {**SLOW_NAMES})
