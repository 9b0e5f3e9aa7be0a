"""One bounded reading of one source: its answer, or the honest absence of one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.domain.evidence import Missing, SourceReading, SourceState, reading_of
from bot.errors import SourceError
from bot.text.wording import sentence

T = TypeVar("T")
S = TypeVar("S")


async def attempt(source_name: str, call: Awaitable[T], timeout: float) -> T | Missing:
    """Await one reading for at most `timeout` seconds; a failed one becomes a Missing.

    SourceError and a passed deadline are absence of evidence; cancellation and programming errors
    pass through.
    """
    try:
        async with asyncio.timeout(timeout):
            return await call
    except SourceError as error:
        state = SourceState.TIMEOUT if error.timed_out else SourceState.MISSING
        return Missing(source_name, _reason(error), state)
    except TimeoutError:
        return Missing(source_name, f"no answer within {timeout:.3g} s", SourceState.TIMEOUT)


async def read(
    source_name: str,
    source: S | Missing | None,
    call: Callable[[S], Awaitable[T]],
    timeout: float,
) -> T | Missing:
    """Read a source that may not be configured, or could not be built, as `attempt` does."""
    if source is None or isinstance(source, Missing):
        return source or _not_configured(source_name)
    return await attempt(source_name, call(source), timeout)


def absence(source_name: str, source: object) -> Missing | None:
    """Return why a source cannot be asked at all, or None when it can be."""
    if source is None:
        return _not_configured(source_name)
    return source if isinstance(source, Missing) else None


def reading(source_name: str, answer: object, detail: str = "") -> SourceReading:
    """Return a report's line about one source; `answer` is a Missing or what was read.

    `detail` is said of a source that answered (what was read, how much of it).
    """
    if isinstance(answer, Missing):
        return reading_of(answer)
    return SourceReading(source_name, SourceState.OK, detail)


def configured(answer: object) -> bool:
    """Tell a source that failed, or answered, from one that nobody configured."""
    return not (isinstance(answer, Missing) and answer.state is SourceState.NOT_CONFIGURED)


def _not_configured(source_name: str) -> Missing:
    return Missing(source_name, "not configured", SourceState.NOT_CONFIGURED)


def _reason(error: SourceError) -> str:
    return f"{sentence(error.message)} {error.hint}" if error.hint else error.message
