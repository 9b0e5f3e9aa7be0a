"""Keeps a piece of work going: what nobody foresaw ends one run of it, never the work itself."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

AGAIN_SECONDS = 1.0

log = logging.getLogger(__name__)


def _nothing() -> None:
    pass


async def kept_going(
    name: str,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    failed: Callable[[], None] = _nothing,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run `work` until it returns; begin it anew whenever it raises. Cancel it to stop.

    Each failure is logged with its traceback, and `failed` is called, so that it is counted.
    """
    while (error := await _outcome(asyncio.create_task(work()))) is not None:
        log.error("%s stopped unforeseen and begins anew", name, exc_info=error)
        failed()
        await sleep(AGAIN_SECONDS)


async def _outcome(run: "asyncio.Task[None]") -> BaseException | None:
    """Return what a run ended with; when the waiting is cancelled, so is the run."""
    try:
        await asyncio.wait({run})
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    return None if run.cancelled() else run.exception()
