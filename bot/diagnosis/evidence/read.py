"""Reads of sources that may not be configured, and the lines of a report on them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from bot.domain.evidence import Missing, SourceReading, SourceState, reading_of
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
    """
    if source is None:
        return Missing(source_name, "not configured", SourceState.NOT_CONFIGURED)
    if isinstance(source, Missing):
        answer: T | Missing = source
    else:
        answer = await bounded_read(source_name, call(source), timeout)
    if isinstance(answer, Missing) and answer.hint:
        return replace(answer, reason=f"{sentence(answer.reason)} {answer.hint}")
    return answer


def reading(source_name: str, answer: object, detail: Text = "") -> SourceReading:
    """Return a report's line about one source; `answer` is a Missing or what was read.

    `detail` is said of a source that answered (what was read, how much of it).
    """
    if isinstance(answer, Missing):
        return reading_of(answer)
    return SourceReading(source_name, SourceState.OK, detail)


def configured(answer: object) -> bool:
    """Return whether a source is configured, whether it answered or failed."""
    return not (isinstance(answer, Missing) and answer.state is SourceState.NOT_CONFIGURED)
