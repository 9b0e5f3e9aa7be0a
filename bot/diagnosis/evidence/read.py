"""Reads of sources that may not be configured, and the lines of a report on them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from bot.diagnosis.evidence.freshness import heard
from bot.domain.evidence import DATABASE, Missing, SourceReading, SourceState, reading_of
from bot.domain.log import LogSearch
from bot.domain.words import Text
from bot.ports.bounded import bounded_read
from bot.text.wording import sentence

T = TypeVar("T")
S = TypeVar("S")


async def read(
    source_name: str,
    source: S | Missing | None,
    call: Callable[[S], Awaitable[T]],
    timeout: float,
) -> T | Missing:
    """Read a source for at most `timeout` seconds; a failed read becomes a Missing.

    So does a source that is not configured, or could not be built. The reason ends with the hint.
    Where one service's lines end while another's go on, its log counts as one that was not read.
    """
    if source is None:
        return Missing(source_name, "not configured", SourceState.NOT_CONFIGURED)
    if isinstance(source, Missing):
        answer: T | Missing = source
    else:
        answer = await bounded_read(source_name, call(source), timeout)
    if isinstance(answer, Missing) and answer.hint:
        return replace(answer, reason=f"{sentence(answer.reason)} {answer.hint}")
    return cast("T", heard(answer)) if isinstance(answer, LogSearch) else answer


def reading(source_name: str, answer: object, detail: Text = "") -> SourceReading:
    """Return a report's line about one source; `answer` is a Missing or what was read.

    `detail` is said of a source that answered (what was read, how much of it).
    """
    if isinstance(answer, Missing):
        return reading_of(answer)
    return SourceReading(source_name, SourceState.OK, detail)


def rows_reading(answer: object, hidden: Sequence[str], detail: Text = "") -> SourceReading:
    """Return the line of the database; tables that may not be read are named as missing."""
    if not hidden:
        return reading(DATABASE, answer, detail)
    names = ", ".join(hidden)
    words = f"read in part: its role may not read {names} (GRANT SELECT ON {names} to it)"
    return SourceReading(DATABASE, SourceState.MISSING, words)


def without_rights(hidden: Sequence[str]) -> str:
    """Return the sentence on tables that may not be read; empty without one."""
    return f"Not read for want of rights: {', '.join(hidden)}." if hidden else ""


def configured(answer: object) -> bool:
    """Return whether a source is configured, whether it answered or failed."""
    return not (isinstance(answer, Missing) and answer.state is SourceState.NOT_CONFIGURED)
