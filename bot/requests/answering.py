"""Runs one job to its answer within a deadline, the same from Slack and from a terminal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.errors import BatchbotError, UsageError
from bot.ports import Deadline
from bot.requests import audit
from bot.requests.command_text import CommandLine

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.requests.job import Job


async def run_job(job: Job, seconds: float) -> Report:
    """Run a job, the same from Slack and from a terminal; a change is audited before it is made.

    Raises BatchbotError, also when there is no answer within `seconds`.
    """
    context = replace(job.context, deadline=Deadline.after(seconds))
    try:
        async with asyncio.timeout(seconds):
            if job.is_change:
                await audit.begin(job)
            return await job.command.run(job.request, context)
    except UsageError as error:
        CommandLine(job.command, job.typed.partition(" ")[2]).offers_meant(error)
        raise
    except TimeoutError as error:
        raise BatchbotError(
            f"There was no answer within {seconds:g} s.",
            hint="Narrow it (an id, a shorter time), or see `/help` for what each reads.",
        ) from error
