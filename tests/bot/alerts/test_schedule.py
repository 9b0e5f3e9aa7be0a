"""The jobs: no tick twice at once, and none that keeps the lead from being kept."""

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.alerts.schedule import Schedule
from bot.alerts.store.postgres import LEAD_IDLE
from bot.log import Redacted


class TakingOver:
    """A tick that has just won the lead whenever it is asked."""

    def __init__(self) -> None:
        self.first, self.again = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        (self.again if self.first.is_set() else self.first).set()

    async def keep_lead(self) -> bool:
        return True


class Lasting:
    """A tick that goes on until it is ended; one that is broken fails at once."""

    def __init__(self, *, broken: bool = False) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()
        self.broken = broken

    async def run(self) -> None:
        self.began.set()
        if self.broken:
            raise RuntimeError("a bug")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended.set()

    async def keep_lead(self) -> bool:
        return False


async def test_the_job_never_runs_twice_at_once_and_skips_what_was_missed() -> None:
    job, lead = Schedule(TakingOver(), 15).scheduler.get_jobs()  # type: ignore[arg-type]
    assert lead.trigger.interval * 3 <= LEAD_IDLE
    assert (job.max_instances, job.coalesce, job.misfire_grace_time) == (1, True, 15)
    assert job.trigger.interval == timedelta(seconds=15)


async def test_the_first_tick_of_a_new_leader_is_not_made_by_what_keeps_its_session_alive() -> None:
    tick = TakingOver()
    schedule = Schedule(tick, 3_600)  # type: ignore[arg-type]
    schedule.start()
    try:
        await asyncio.wait_for(tick.first.wait(), 5)
        lead = schedule.scheduler.get_job("lead")
        await lead.func(*lead.args)
        await asyncio.wait_for(tick.again.wait(), 5)
    finally:
        await schedule.close()


async def test_who_stops_in_the_middle_of_a_tick_waits_for_its_end_and_logs_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tick = Lasting()
    schedule = Schedule(tick, 3_600)  # type: ignore[arg-type]
    schedule.start()
    await tick.began.wait()
    await schedule.close()
    assert tick.ended.is_set()
    assert not caplog.records


async def test_a_job_that_breaks_is_logged_as_one(caplog: pytest.LogCaptureFixture) -> None:
    tick = Lasting(broken=True)
    schedule = Schedule(tick, 3_600)  # type: ignore[arg-type]
    schedule.start()
    await tick.began.wait()
    await schedule.close()
    assert "a bug" in caplog.text


async def test_the_log_names_the_job_that_was_skipped() -> None:
    schedule = Schedule(TakingOver(), 15)  # type: ignore[arg-type]
    said = 'Execution of job "%s" skipped: maximum number of running instances reached (%d)'
    for job in schedule.scheduler.get_jobs():
        record = logging.makeLogRecord(
            {"name": "apscheduler.scheduler", "levelno": 30, "msg": said, "args": (job, 1)}
        )
        line = Redacted().format(record)
        assert f'job "{job.id} (trigger: interval[0:00:' in line
        assert "…" not in line
