"""The words of `/batch list`: which batches, at most how many, since when and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.words import Text, when, words
from bot.registry import Usage
from commands._moments import asked_time, check_since
from commands._words import misuse, shown, usage_lines

if TYPE_CHECKING:
    from bot.domain.batch import BatchSummary
    from bot.ports import CommandContext

DEFAULT_COUNT, MOST = 20, 50
# No state of the database, and what people call those that have not ended.
SAME = {"running": "open", "körs": "open", "broken": "faulty", "trasiga": "faulty"}


@dataclass(frozen=True, slots=True)
class ListAsked:
    """What a list is asked for: a choice of marks.CHOICES, or a state of the database, or all."""

    choice: str = ""
    state: str = ""
    count: int = DEFAULT_COUNT


@dataclass(frozen=True, slots=True)
class ListedTime:
    """The time that a list is of; None where it is open."""

    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, batch: BatchSummary) -> bool:
        """Say whether a batch was there in this time: begun before its end, moved since."""
        from bot.diagnosis.batch.marks import last_sign

        is_before = self.end is None or batch.header.created_at < self.end
        return is_before and (self.begin is None or last_sign(batch) >= self.begin)

    def said(self) -> Text:
        """Return the time as a sentence says it: ` since 10:15 until 11:00`."""
        return words(when(self.begin, " since "), when(self.end, " until "))


def window_of(options: Mapping[str, str], context: CommandContext) -> ListedTime:
    """Return the time that checked options mean. Raises UsageError for one that is to come."""
    return ListedTime(*asked_time(options, context.now(), context.options.zone))


def check_listed(
    verb: str, words: Sequence[str], options: Mapping[str, str], usages: Sequence[Usage]
) -> None:
    """Check the words of a list, its --since and its --until. Raises UsageError."""
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
    choice = SAME.get(named.casefold(), named.casefold())
    is_choice = choice in CHOICES
    return ListAsked(choice if is_choice else "", "" if is_choice else named, count)
