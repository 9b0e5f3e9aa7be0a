"""Long-running work: begun again after an unexpected error, ended in order by a signal."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
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
    """Run `work` until it returns; start it again whenever it raises. Cancel it to stop.

    Each failure is logged with its traceback, and `failed` is called, so that it is counted.
    """
    while (error := await _outcome(asyncio.create_task(work()))) is not None:
        log.error("%s stopped unexpectedly and starts again", name, exc_info=error)
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


@contextmanager
def stopped_by_signals() -> Iterator[asyncio.Event]:
    """Yield an event that Ctrl-C and SIGTERM set. Needs a running event loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in SIGNALS:
        loop.add_signal_handler(name, stop.set)
    try:
        yield stop
    finally:
        for name in SIGNALS:
            loop.remove_signal_handler(name)


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None when `stop` is set first: then it is cancelled."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        stopped.cancel()
        task.cancel()
        await asyncio.gather(task, stopped, return_exceptions=True)


def run_until_closed(work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    """Run something until `stack` closes."""
    stack.push_async_callback(_stop, asyncio.create_task(work))


async def _stop(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
