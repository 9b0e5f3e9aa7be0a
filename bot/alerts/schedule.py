"""The jobs that run the tick, and that keep the lead meanwhile."""

from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.alerts.tick import Tick

# Several times within the idle time after which a leader's session is ended.
KEEP_SECONDS = 4.0


def build_scheduler(tick: Tick, seconds: float) -> AsyncIOScheduler:
    """Return a scheduler, not yet started, that runs the tick, never two at once, and keeps the
    lead between ticks and during them."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick.run,
        IntervalTrigger(seconds=seconds, timezone="UTC"),
        id="tick",
        max_instances=1,
        coalesce=True,
        misfire_grace_time=max(1, round(seconds)),
        next_run_time=datetime.now(tz=scheduler.timezone),
    )

    async def keep_lead() -> None:
        if await tick.keep_lead():
            scheduler.modify_job("tick", next_run_time=datetime.now(tz=scheduler.timezone))

    scheduler.add_job(
        keep_lead,
        IntervalTrigger(seconds=KEEP_SECONDS, timezone="UTC"),
        id="lead",
        max_instances=1,
        coalesce=True,
        misfire_grace_time=round(KEEP_SECONDS),
    )
    return scheduler
