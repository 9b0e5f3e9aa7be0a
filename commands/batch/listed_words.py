"""The words of `/batch list`: which batches, at most how many, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.registry import Usage
from commands._moments import check_since
from commands._words import misuse, shown, usage_lines

DEFAULT_COUNT, MOST = 20, 50


@dataclass(frozen=True, slots=True)
class ListAsked:
    """What a list is asked for: a choice of marks.CHOICES, or a state of the database, or all."""

    choice: str = ""
    state: str = ""
    count: int = DEFAULT_COUNT


def check_listed(
    verb: str, words: Sequence[str], options: Mapping[str, str], usages: Sequence[Usage]
) -> None:
    """Check the words of a list, and its --since. Raises UsageError."""
    if verb != "list":
        return
    numbers = [word for word in words if word.isdecimal()]
    if len(numbers) > 1 or len(words) - len(numbers) > 1:
        raise misuse("/batch list takes at most one state and one number.", "batch", usages)
    for number in numbers:
        if len(number) > len(str(MOST)) or not 1 <= int(number) <= MOST:
            raise misuse(f"/batch list shows 1 to {MOST} batches.", "batch", usages)
    for word in words:
        if not word.isdecimal() and not word[:1].isalpha():
            raise misuse(f"{shown(word)} is no state of a batch.", "batch", usages)
    check_since(options, usage_lines("batch", usages))


def wanted(words: Sequence[str]) -> ListAsked:
    """Return what checked words ask for."""
    # What judges batches is imported once one is asked for, not to read a line.
    from bot.diagnosis.batch.marks import CHOICES

    count = next((int(word) for word in words if word.isdecimal()), DEFAULT_COUNT)
    named = next((word for word in words if not word.isdecimal()), "")
    is_choice = named.casefold() in CHOICES
    return ListAsked(named.casefold() if is_choice else "", "" if is_choice else named, count)
