"""Typed text: sentences as sequences of parts, which only a renderer turns into characters.

A time written into a sentence early is in the wrong zone for somebody, and an id is cut or whole
in the wrong place. So rules, detectors and commands write parts, and each renderer words them for
its reader.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, aware; each reader sees it in the zone of the place where it is read."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, such as the age of an item."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class Id:
    """An id as it is stored; renderers shorten it in running text."""

    value: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that can be typed as it stands, such as `/batch status 34`."""

    line: str


Part = str | Time | Span | Id | Command


@dataclass(frozen=True, slots=True)
class Words:
    """An immutable sequence of parts; a plain `str` is our own text or an `Outside`.

    Build it with `words()`, which joins neighbouring strings and flattens other Words. Parts are
    joined without a blank: those that belong there are written.
    """

    parts: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def __add__(self, other: "Text") -> "Words":
        return words(self, other)

    def __radd__(self, other: str) -> "Words":
        return words(other, self)


# A fixed text of ours needs no parts.
Text = str | Words


def words(*parts: "Part | Words") -> Words:
    """Return parts as Words; empty strings are dropped."""
    found: list[Part] = []
    for part in parts:
        for one in part.parts if isinstance(part, Words) else (part,):
            if one == "":
                continue
            if type(one) is str and found and type(found[-1]) is str:
                found[-1] = f"{found[-1]}{one}"
            else:
                found.append(one)
    return Words(tuple(found))


def joined(separator: str, items: Iterable["Part | Words"]) -> Words:
    """Return items as Words with `separator` between them."""
    parts: list[Part | Words] = []
    for item in items:
        parts += [separator, item] if parts else [item]
    return words(*parts)


def parts_of(text: "Text | Part") -> tuple[Part, ...]:
    """Return the parts of a text; a plain string is one part, an empty one none."""
    if isinstance(text, Words):
        return text.parts
    return (text,) if text != "" else ()
