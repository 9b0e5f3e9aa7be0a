"""`batchbot ask --watch`: asks at an interval, and shows what is new."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.cli.formats import Exit
from bot.cli.output import error_code, exit_code
from bot.cli.watch.report_diff import changes
from bot.domain.report import Report
from bot.errors import BatchbotError, DeniedError, SettingsError, UsageError
from bot.service.tasks import unless

# Asking again cannot help these.
FINAL = (UsageError, DeniedError, SettingsError)
Answer = Report | BatchbotError
Ask = Callable[[], Coroutine[Any, Any, Report]]


@dataclass(frozen=True, slots=True)
class Round:
    """One asking: its answer, what was new since the answer before, and when that was.

    `new` stays until something else is new; `is_news` says whether it is of this very round,
    `since` when the answer came that it is compared with.
    """

    number: int
    at: datetime
    answer: Answer
    new: tuple[str, ...] = ()
    since: datetime | None = None
    is_news: bool = True

    @property
    def code(self) -> Exit:
        """Return the exit code of this answer."""
        answer = self.answer
        return exit_code(answer) if isinstance(answer, Report) else error_code(answer)


class Screen(Protocol):
    """Where the rounds are shown."""

    def show(self, round: Round) -> None:
        """Show one round."""
        ...


def following(last: Round | None, answer: Answer, at: datetime) -> Round:
    """Return the round that comes after `last`; pure."""
    if last is None:
        return Round(1, at, answer)
    new = _new(last.answer, answer)
    if new:
        return Round(last.number + 1, at, answer, new, last.at)
    return Round(last.number + 1, at, answer, last.new, last.since, is_news=False)


def _new(before: Answer, after: Answer) -> tuple[str, ...]:
    if isinstance(before, Report) and isinstance(after, Report):
        return changes(before, after)
    if isinstance(after, Report):
        return ("answered again",)
    return () if str(before) == str(after) else ("could not be answered",)


async def watch(
    ask: Ask, screen: Screen, seconds: float, now: Callable[[], datetime], stop: asyncio.Event
) -> Exit:
    """Ask every `seconds` until `stop`; return the last answer's exit code.

    What cannot be read is shown and asked again. Raises what asking again cannot help.
    """
    last: Round | None = None
    while not stop.is_set():
        answer = await unless(stop, _answer(ask))
        if answer is None:
            break
        last = following(last, answer, now())
        screen.show(last)
        await unless(stop, asyncio.sleep(seconds))
    return Exit.INTERRUPTED if last is None else last.code


async def _answer(ask: Ask) -> Answer:
    try:
        return await ask()
    except FINAL:
        raise
    except BatchbotError as error:
        return error
