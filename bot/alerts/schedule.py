"""The jobs that run the tick, and that keep the lead meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.alerts.tick import Tick

# Several times within the idle time after which a leader's session is ended.
KEEP_SECONDS = 4.0


class Schedule:
    """Runs the tick, never two at once, and keeps the lead between ticks and during them."""

    def __init__(self, tick: Tick, seconds: float) -> None:
        self._tick = tick
        # What runs, and the scheduler's task that waits for it.
        self._running: dict[asyncio.Task[None], asyncio.Task[None] | None] = {}
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        self.scheduler.add_job(
            self._run,
            IntervalTrigger(seconds=seconds, timezone="UTC"),
            args=[tick.run],
            id="tick",
            name="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=max(1, round(seconds)),
            next_run_time=self._now(),
        )
        self.scheduler.add_job(
            self._run,
            IntervalTrigger(seconds=KEEP_SECONDS, timezone="UTC"),
            args=[self._keep_lead],
            id="lead",
            name="lead",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=round(KEEP_SECONDS),
        )

    def start(self) -> None:
        """Begin with a tick at once. Needs a running event loop."""
        self.scheduler.start()

    async def close(self) -> None:
        """Begin no job any more, and end the one that runs: what it reads is closed next."""
        self.scheduler.pause()
        for run in self._running:
            run.cancel()
        if waiting := [*filter(None, self._running.values())]:
            await asyncio.wait(waiting)
        self.scheduler.shutdown(wait=False)

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run in a task that can be ended by itself: the scheduler logs its own's end as a bug."""
        run = asyncio.ensure_future(_awaited(work))
        self._running[run] = asyncio.current_task()
        try:
            await asyncio.wait({run})
        finally:
            run.cancel()
            del self._running[run]
        if not run.cancelled():
            run.result()

    async def _keep_lead(self) -> None:
        if await self._tick.keep_lead():
            self.scheduler.modify_job("tick", next_run_time=self._now())

    def _now(self) -> datetime:
        return datetime.now(tz=self.scheduler.timezone)


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()
