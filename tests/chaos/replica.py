"""One replica of the real bot that kills itself at a named point; run as a process of its own.

The point is a method and a side of it, such as `Store.sent:before`; the process ends with SIGKILL
there, so nothing of its own gets to clean up. CHAOS_POINT names it, CHAOS_COUNT says at which
call, CHAOS_LEASE shortens the poster's lease so that a round does not take half a minute.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
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


if __name__ == "__main__":
    store_postgres.LEASE = timedelta(seconds=float(os.environ.get("CHAOS_LEASE", "30")))
    if os.environ.get("CHAOS_ALIVE"):
        tell(Path(os.environ["CHAOS_ALIVE"]))
    if os.environ.get("CHAOS_POINT"):
        arm(os.environ["CHAOS_POINT"], int(os.environ.get("CHAOS_COUNT", "1")))
    sys.argv = ["batchbot", "run"]
    main()
