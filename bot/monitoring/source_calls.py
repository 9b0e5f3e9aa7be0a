"""Stands before sources and attends each call: to time it, or to tell that it goes on."""

import functools
import inspect
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

from bot.domain.evidence import Missing
from bot.errors import SourceError
from bot.ports import Sources

Observe = Callable[[str, str, str, float], None]
Attend = Callable[[str, str, Callable[[], Awaitable[Any]]], Awaitable[Any]]


class Attended:
    """Stands before a source and hands everything on; each call of a coroutine is attended.

    `attend` is told the source and the method, and awaits the call itself.
    """

    def __init__(self, source: object, attend: Attend) -> None:
        self._source = source
        self._attend = attend
        self.name = str(getattr(source, "name", type(source).__name__))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._source, name)
        if not inspect.iscoroutinefunction(value):
            return value

        @functools.wraps(value)
        async def attended(*args: Any, **values: Any) -> Any:
            return await self._attend(self.name, name, lambda: value(*args, **values))

        return attended


def attended_sources(sources: Sources, attend: Attend) -> Sources:
    """Return the sources with each configured one attended."""
    return replace(
        sources,
        **{
            item.name: Attended(source, attend)
            for item in fields(sources)
            if (source := getattr(sources, item.name)) is not None
            and not isinstance(source, Missing)
        },
    )


def timed_sources(sources: Sources, observe: Observe) -> Sources:
    """Return the sources with each configured one timed.

    `observe` is told the source, the method, the outcome (ok, error, timeout, cancelled) and the
    seconds it took, so that a slow answer can be blamed on who made it slow.
    """

    async def timed(source: str, method: str, call: Callable[[], Awaitable[Any]]) -> Any:
        began, outcome = time.monotonic(), "error"
        try:
            answer = await call()
        except SourceError as error:
            outcome = "timeout" if error.timed_out else "error"
            raise
        except CancelledError:
            outcome = "cancelled"
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            observe(source, method, outcome, time.monotonic() - began)

    return attended_sources(sources, timed)
