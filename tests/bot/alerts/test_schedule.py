"""The jobs: no tick twice at once, and none that keeps the lead from being kept."""

import asyncio
from datetime import timedelta

from bot.alerts.schedule import build_scheduler
from bot.alerts.store.postgres import LEAD_IDLE


class TakingOver:
    """A tick that has just won the lead whenever it is asked."""

    def __init__(self) -> None:
        self.first, self.again = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        (self.again if self.first.is_set() else self.first).set()

    async def keep_lead(self) -> bool:
        return True


async def test_the_job_never_runs_twice_at_once_and_skips_what_was_missed() -> None:
    scheduler = build_scheduler(TakingOver(), 15)  # type: ignore[arg-type]
    job, lead = scheduler.get_jobs()
    assert lead.trigger.interval * 3 <= LEAD_IDLE
    assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, 15)
    assert job.trigger.interval == timedelta(seconds=15)


async def test_the_first_tick_of_a_new_leader_is_not_made_by_what_keeps_its_session_alive() -> None:
    tick = TakingOver()
    scheduler = build_scheduler(tick, 3_600)  # type: ignore[arg-type]
    scheduler.start()
    try:
        await asyncio.wait_for(tick.first.wait(), 5)
        lead = scheduler.get_job("lead")
        await lead.func()
        await asyncio.wait_for(tick.again.wait(), 5)
    finally:
        scheduler.shutdown(wait=False)
