"""Reads what the bot noted, of a stretch of time."""

import asyncio
from datetime import datetime

from bot.diagnosis.changes.report import MOST, NotedChanges
from bot.diagnosis.evidence.read import read
from bot.domain.evidence import MEMORY, Missing
from bot.ports import Deadline, Sources


async def collect(
    sources: Sources, since: datetime, until: datetime, *, deadline: Deadline
) -> NotedChanges | Missing:
    """Return what changed between two moments, the newest first."""
    timeout = deadline.next_timeout()
    found, noted = await asyncio.gather(
        read(MEMORY, sources.memory, lambda one: one.changes(since, until, limit=MOST), timeout),
        read(MEMORY, sources.memory, lambda one: one.last_noted(), timeout),
    )
    if isinstance(found, Missing):
        return found
    if isinstance(noted, Missing):
        return noted
    return NotedChanges(since, tuple(found), noted.known if noted else None)
