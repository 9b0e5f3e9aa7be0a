"""One bounded read of one source: its answer, or a Missing that says why there is none."""

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from math import inf
from typing import TypeVar

from bot.domain.evidence import Missing, SourceState
from bot.errors import SourceError

T = TypeVar("T")
_ENDS_AT: ContextVar[float] = ContextVar("_ENDS_AT", default=inf)


def seconds_left() -> float:
    """Return how long the read that is awaited may still take; infinity where it has no bound."""
    at = _ENDS_AT.get()
    return at if at == inf else max(0.0, at - asyncio.get_running_loop().time())


async def bounded_read(source_name: str, call: Awaitable[T], timeout: float) -> T | Missing:
    """Await one read for at most `timeout` seconds; a failed one becomes a Missing.

    SourceError and a passed deadline are absence of evidence; cancellation and programming errors
    pass through.
    """
    now = asyncio.get_running_loop().time()
    token = _ENDS_AT.set(min(_ENDS_AT.get(), now + timeout))
    try:
        async with asyncio.timeout(timeout):
            return await call
    except SourceError as error:
        return missing_of(error, source_name)
    except TimeoutError:
        return Missing(source_name, f"no answer within {timeout:.3g} s", SourceState.TIMEOUT)
    finally:
        _ENDS_AT.reset(token)


def missing_of(error: SourceError, source_name: str = "") -> Missing:
    """Return the absence that an error of a source means, with its words and what to do."""
    state = SourceState.TIMEOUT if error.timed_out else SourceState.MISSING
    return Missing(source_name or error.source, error.message, state, error.hint)
