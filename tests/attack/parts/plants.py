"""What is planted: secrets, people and student text, each with a mark that says where it lay."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.attack import corpus

# Begins each mark; no word of any language or service holds it.
SIGN = "zqx"
_LETTERS = "bdfghjklmnprstvw"
# Fewer letters stand in random ids by chance.
_MARK = re.compile(f"{SIGN}[{_LETTERS}]{{2,5}}")
# A day that no date and no time of the clock has: that of a coordination number.
_BORN, _DIALLED = "110973", "0700913"
_NUMBERS = re.compile(f"(?:{_BORN}|{_DIALLED}|{_DIALLED[1:]})[0-9]{{3,4}}")
LONGEST = 10**6


def _luhn(nine: str) -> str:
    total = 0
    for index, digit in enumerate(nine):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _token(mark: str) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    payload = json.dumps({"sub": mark})
    return ".".join(part(one) for one in ('{"alg":"HS256"}', payload, mark * 3))


def _born(number: int) -> str:
    nine = f"{_BORN}{number % 1_000:03d}"
    return f"20{_BORN}-{nine[6:]}{_luhn(nine)}"


# Of each kind the text with its mark; numbers bear their count instead.
KINDS: dict[str, Callable[[str, int], str]] = {
    "word": lambda mark, _: mark,
    "name": lambda mark, _: f"{mark.capitalize()}Error",
    "student text": lambda mark, _: f"Jag minns sommaren hos mormor {mark} vid sjön. Det var fint",
    "person": lambda mark, _: f"eleven {mark.capitalize()} Lindqvist i klass 9B",
    "e-mail": lambda mark, _: f"{mark}.lindqvist@skola.example.se",
    "vendor's key": lambda mark, _: f"sk-ant-api03-{mark}R4tYq7Wm2Kp9Xv-{mark}AA",
    "assignment": lambda mark, _: f"DB_PASS={mark}7! retrying",
    "address": lambda mark, _: f"postgresql://cj:{mark}@db.internal:5432/cj?sslmode=require",
    "token": lambda mark, _: _token(mark),
    "sql": lambda mark, _: f"INSERT INTO essays VALUES (17, '{mark} sprang hem', NULL)",
    "escaped": lambda mark, _: "".join(f"\\u{ord(char):04x}" for char in f"hej {mark}"),
    "percent": lambda mark, _: "".join(f"%{ord(char):02x}" for char in f"lösen {mark}"[-12:]),
    "split": lambda mark, _: "\u200b".join(mark),
    "coloured": lambda mark, _: f"\x1b[31m{mark[:4]}\x1b[0m{mark[4:]}",
    "path": lambda mark, _: f"/srv/elever/{mark}/uppsats.docx",
    "personal number": lambda _, number: _born(number),
    "phone": lambda _, number: f"070-0913{number % 1_000:03d}",
}  # fmt: skip
NUMBERED = ("personal number", "phone")
# Each place gets the next kind.
EVERY = "every kind"


@dataclass(frozen=True, slots=True)
class Plant:
    """One plant: its kind, where it lies and what can be recognised of it."""

    kind: str
    place: str
    mark: str
    text: str


@dataclass
class Planter:
    """Makes plants of a kind, or of each in turn, with a mark of its own each; finds them again."""

    kind: str
    planted: dict[str, Plant] = field(default_factory=dict)

    def __call__(self, place: str, longest: int = LONGEST) -> str:
        """Return a text for a place; a bare mark where it would be too long for it."""
        number = len(self.planted)
        kind = list(KINDS)[number % len(KINDS)] if self.kind == EVERY else self.kind
        mark = SIGN + _letters(number)
        text = KINDS[kind](mark, number)
        if kind in NUMBERED and len(text) <= longest:
            mark = re.sub(r"\D", "", text).removeprefix("20")
        elif len(text) > longest:
            text = mark[:longest]
        self.planted[mark] = Plant(kind, place, mark, text)
        return text

    def found(self, output: str) -> Iterator[Plant]:
        """Yield what shows of the plants in an output, as a reader with tools could see it."""
        seen: set[str] = set()
        for _, view in corpus.views(output):
            tight = corpus.squeezed(view)
            seen.update(_MARK.findall(tight), _NUMBERS.findall(tight))
        for piece in sorted(seen):
            whole = [one for mark, one in self.planted.items() if mark.startswith(piece)]
            more = [one for mark, one in self.planted.items() if mark in piece]
            yield from whole[:1] or more[:1]


def _letters(number: int) -> str:
    base = len(_LETTERS)
    return "".join(_LETTERS[number // base**place % base] for place in range(4, -1, -1))
