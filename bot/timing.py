"""Times every call of a source, so that a slow answer can be blamed on who made it slow."""

import asyncio
import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from bot.domain.evidence import Missing
from bot.errors import SourceError
from bot.ports import Sources

Observe = Callable[[str, str, str, float], None]


class Timed:
    """Stands before a source and hands everything on; its coroutines are timed.

    `observe` is told the source, the method, the outcome (ok, error, timeout, cancelled) and the
    seconds it took.
    """

    def __init__(self, source: object, observe: Observe) -> None:
        self._source = source
        self._observe = observe
        self.name = str(getattr(source, "name", type(source).__name__))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._source, name)
        if not inspect.iscoroutinefunction(value):
            return value

        @functools.wraps(value)
        async def timed(*args: Any, **values: Any) -> Any:
            began, outcome = time.monotonic(), "error"
            try:
                answer = await value(*args, **values)
            except SourceError as error:
                outcome = "timeout" if error.timed_out else "error"
                raise
            except asyncio.CancelledError:
                outcome = "cancelled"
                raise
            else:
                outcome = "ok"
                return answer
            finally:
                self._observe(self.name, name, outcome, time.monotonic() - began)

        return timed


def timed_sources(sources: Sources, observe: Observe) -> Sources:
    """Return the sources with each configured one timed."""
    return replace(
        sources,
        **{
            item.name: Timed(source, observe)
            for item in fields(sources)
            if (source := getattr(sources, item.name)) is not None
            and not isinstance(source, Missing)
        },
    )
