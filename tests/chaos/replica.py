"""Replicas of the real bot, each a process of its own, that kill themselves at a named point.

The point is a method and a side of it, such as `Store.sent:before`; the process ends with SIGKILL
there, so nothing of its own gets to clean up. CHAOS_POINT names it, CHAOS_COUNT says at which
call, CHAOS_LEASE shortens the poster's lease so that a round does not take half a minute.

All are forked from one process that has imported the bot and done nothing else: a replica then
stands by in a moment, where importing took most of a round.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.__main__ import main
from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store import postgres as store_postgres
from bot.alerts.store.postgres import Store
from bot.slack.outbound.alert_threads import Threads

OWNERS: dict[str, type] = {"Store": Store, "Threads": Threads, "LiveWatcher": LiveWatcher}
POINTS = tuple(
    f"{method}:{side}"
    for method in (
        "LiveWatcher.observe",
        "Store.save_tick",
        "Store.claim",
        "Threads.post",
        "Threads.edit",
        "Threads.find",
        "Store.sent",
        "Store.put_back",
    )
    for side in ("before", "after")
)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.chaos.imported"])


class Process:
    """A replica that runs with these settings alone, until it dies or is killed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = FORKS.Process(target=live, args=(dict(environment),), daemon=True)
        self._died = asyncio.Event()

    async def start(self) -> None:
        """Start it, and notice when it ends."""
        await asyncio.to_thread(self._process.start)
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._ends)

    def _ends(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._died.set()

    @property
    def returncode(self) -> int | None:
        """How it ended, -9 by SIGKILL; None while it runs."""
        return self._process.exitcode

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self._process.pid or 0, number)

    async def wait(self) -> None:
        """Wait for its end."""
        await self._died.wait()

    async def kill(self) -> None:
        """End it, also when it stands still."""
        if self.returncode is None:
            self.send(signal.SIGKILL)
        await self.wait()


def live(environment: Mapping[str, str]) -> None:
    """Be a replica with these settings, and write nothing on the screen."""
    os.environ.clear()
    os.environ.update(environment)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    store_postgres.LEASE = timedelta(seconds=float(os.environ.get("CHAOS_LEASE", "30")))
    if os.environ.get("CHAOS_ALIVE"):
        tell(Path(os.environ["CHAOS_ALIVE"]))
    if os.environ.get("CHAOS_POINT"):
        arm(os.environ["CHAOS_POINT"], int(os.environ.get("CHAOS_COUNT", "1")))
    sys.argv = ["batchbot", "run"]
    main()


def arm(point: str, count: int) -> None:
    """Make the process die at the given call of a point."""
    method, _, side = point.partition(":")
    owner, _, name = method.partition(".")
    kind = OWNERS[owner]
    whole: Callable[..., Awaitable[Any]] = getattr(kind, name)
    calls = 0

    async def armed(*args: Any, **values: Any) -> Any:
        nonlocal calls
        calls += 1
        if side == "before" and calls >= count:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await whole(*args, **values)
        # An empty claim is no step of a message's life.
        if side == "after" and calls >= count and (name != "claim" or answer is not None):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(kind, name, armed)


def tell(alive: Path) -> None:
    """Touch a file once this process has asked for the lead."""
    asks = Store.lead

    async def lead(self: Store) -> bool:
        leads = await asks(self)
        alive.touch()  # noqa: ASYNC240
        return leads

    Store.lead = lead  # type: ignore[method-assign]
