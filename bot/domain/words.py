"""Typed text: sentences as sequences of parts, which only a renderer turns into characters.

A time written into a sentence early is in the wrong zone for somebody, and an id is cut or whole
in the wrong place. So rules, detectors and commands write parts, and each renderer words them for
its reader.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Time:
    """A moment, aware; each reader sees it in the zone of the place where it is read.

    `lead` stands before it, such as " since ", and goes with it where a time cannot be shown: in
    buttons, titles and notifications.
    """

    at: datetime
    lead: str = ""


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
    joined without a blank: those that belong there are written. As a `str` they are what JSON
    says: ISO-8601 times in UTC and whole ids.
    """

    parts: tuple[Part, ...] = ()

    def __str__(self) -> str:
        return spelled(self, _as_json)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __contains__(self, text: str) -> bool:
        return text in str(self)

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


def when(at: datetime | None, lead: str = "") -> Words:
    """Return a time with its lead, and no words where it is not known."""
    return words(Time(at, lead)) if at else Words()


def mapped(text: "Text", change: Callable[[str], str]) -> "Text":
    """Return a text with `change` made to each of its strings; its typed parts stay."""
    if isinstance(text, Words):
        return words(*(_changed(part, change) for part in text.parts))
    return change(text)


def _changed(part: Part, change: Callable[[str], str]) -> Part:
    match part:
        case str():
            return change(part)
        case Id():
            return Id(change(part.value))
        case Command():
            return Command(change(part.line))
        case _:
            return part


def with_time(text: "Text", old: datetime, new: datetime) -> "Text":
    """Return a text that says `new` where it said `old`."""
    if not isinstance(text, Words):
        return text
    return words(
        *(replace(p, at=new) if isinstance(p, Time) and p.at == old else p for p in text.parts)
    )


def times_of(text: "Text") -> Iterator[datetime]:
    """Yield the moments that a text names."""
    if isinstance(text, Words):
        yield from (part.at for part in text.parts if isinstance(part, Time))


def spelled(text: "Text | Part", spell: Callable[[Part], str]) -> str:
    """Return a text as characters, each part spelled by `spell`; outside text is let out."""
    return "".join(str(spell(part)) for part in parts_of(text))


def _as_json(part: Part) -> str:
    match part:
        case Time():
            return f"{part.lead}{part.at.astimezone(UTC).isoformat(timespec='seconds')}"
        case Span():
            return span_words(part.length)
        case Id():
            return part.value
        case Command():
            return part.line
        case _:
            return str(part)


def span_words(span: timedelta) -> str:
    """Return a span in its two largest units: `42 min`, `1 h 5 min`, `3 d`, `0 s`."""
    left = max(0, round(span.total_seconds()))
    found: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            found.append(f"{count} {unit}")
        elif found:
            break
    return " ".join(found[:2]) or "0 s"


def parts_of(text: "Text | Part") -> tuple[Part, ...]:
    """Return the parts of a text; a plain string is one part, an empty one none."""
    if isinstance(text, Words):
        return text.parts
    return (text,) if text != "" else ()
