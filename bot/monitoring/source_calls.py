"""Wraps sources so that each call is measured, or shown as progress."""

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
Instrument = Callable[[str, str, Callable[[], Awaitable[Any]]], Awaitable[Any]]


class InstrumentedSource:
    """A proxy of a source that passes each call of a coroutine through `instrument`.

    `instrument` gets the names of the source and of the method, and awaits the call itself.
    """

    def __init__(self, source: object, instrument: Instrument) -> None:
        self._source = source
        self._instrument = instrument
        self.name = str(getattr(source, "name", type(source).__name__))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._source, name)
        if not inspect.iscoroutinefunction(value):
            return value

        @functools.wraps(value)
        async def instrumented(*args: Any, **values: Any) -> Any:
            return await self._instrument(self.name, name, lambda: value(*args, **values))

        return instrumented


def instrumented_sources(sources: Sources, instrument: Instrument) -> Sources:
    """Return the sources with each configured one instrumented."""
    return replace(
        sources,
        **{
            item.name: InstrumentedSource(source, instrument)
            for item in fields(sources)
            if (source := getattr(sources, item.name)) is not None
            and not isinstance(source, Missing)
        },
    )


def timed_sources(sources: Sources, observe: Observe) -> Sources:
    """Return the sources with each configured one timed.

    `observe` gets the source, the method, the outcome (ok, error, timeout, cancelled) and the
    seconds it took.
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

    return instrumented_sources(sources, timed)
