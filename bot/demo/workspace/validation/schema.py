"""A small language for the shapes that Slack accepts: rules that note what is wrong, and where.

Messages have the form of Slack's own answers, such as
`[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Notes = list[str]
Rule = Callable[[Any, str, Notes], None]


def note(notes: Notes, pointer: str, words: str) -> None:
    """Note one violation at a JSON pointer."""
    notes.append(f"[ERROR] {words} [json-pointer:{pointer}]")


def string(maximum: int, minimum: int = 1) -> Rule:
    """Accept a string of `minimum` to `maximum` characters, counted as they are sent."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if not isinstance(value, str):
            note(notes, pointer, "must be a string")
        elif len(value) > maximum:
            note(notes, pointer, f"must be less than {maximum + 1} characters")
        elif len(value) < minimum:
            note(notes, pointer, f"must be more than {minimum - 1} characters")

    return check


def one_of(*allowed: str) -> Rule:
    """Accept one of a few words."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if value not in allowed:
            note(notes, pointer, f"must be a valid enum value: {', '.join(allowed)}")

    return check


def boolean(value: Any, pointer: str, notes: Notes) -> None:
    """Accept true or false."""
    if not isinstance(value, bool):
        note(notes, pointer, "must be a boolean")


def whole(minimum: int, maximum: int) -> Rule:
    """Accept a whole number in a range."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            note(notes, pointer, "must be an integer")
        elif not minimum <= value <= maximum:
            note(notes, pointer, f"must be between {minimum} and {maximum}")

    return check


def number(value: Any, pointer: str, notes: Notes) -> None:
    """Accept a finite number."""
    finite = isinstance(value, int | float) and not isinstance(value, bool)
    if not finite or value != value or value in (float("inf"), float("-inf")):
        note(notes, pointer, "must be a finite number")


def positive(value: Any, pointer: str, notes: Notes) -> None:
    """Accept a finite number above zero."""
    before = len(notes)
    number(value, pointer, notes)
    if len(notes) == before and value <= 0:
        note(notes, pointer, "must be greater than 0")


def anything(_value: Any, _pointer: str, _notes: Notes) -> None:
    """Accept any value; for parts that the bot does not send."""


def array(rule: Rule, maximum: int, minimum: int = 1) -> Rule:
    """Accept a list of `minimum` to `maximum` items, each of which keeps `rule`."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if not isinstance(value, list):
            note(notes, pointer, "must be an array")
            return
        if len(value) > maximum:
            note(notes, pointer, f"no more than {maximum} items allowed")
        if len(value) < minimum:
            note(notes, pointer, f"no fewer than {minimum} items allowed")
        for index, item in enumerate(value):
            rule(item, f"{pointer}/{index}", notes)

    return check


def fields(
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *,
    any_of: tuple[str, ...] = (),
) -> Rule:
    """Accept an object with these fields and no others; `any_of` asks for one at least."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if not isinstance(value, dict):
            note(notes, pointer, "must be an object")
            return
        for name in required.keys() - value.keys():
            note(notes, pointer, f"missing required field: {name}")
        if any_of and not any(value.get(name) for name in any_of):
            note(notes, pointer, f"missing required field: one of {', '.join(any_of)}")
        for name in value.keys() - known.keys():
            note(notes, pointer, f"invalid additional property: {name}")
        for name in known.keys() & value.keys():
            known[name](value[name], f"{pointer}/{name}", notes)

    return check


def variant(table: Mapping[str, Rule], noun: str) -> Rule:
    """Accept an object whose `type` is a key of `table` and which keeps that type's rule."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        if not isinstance(value, dict):
            note(notes, pointer, "must be an object")
            return
        rule = table.get(str(value.get("type")))
        if rule is None:
            note(notes, pointer, f"unsupported {noun}: {str(value.get('type'))[:80]}")
            return
        rule(value, pointer, notes)

    return check


def both(first: Rule, second: Rule) -> Rule:
    """Accept what keeps two rules."""

    def check(value: Any, pointer: str, notes: Notes) -> None:
        first(value, pointer, notes)
        second(value, pointer, notes)

    return check
