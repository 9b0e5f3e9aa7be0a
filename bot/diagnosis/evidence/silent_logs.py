"""Logs without one line of a time in which their service is known to have worked."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from bot.diagnosis.evidence.read import read
from bot.domain.evidence import LOGS, Missing
from bot.domain.followed import NEEDED, NOT_KEPT
from bot.domain.log import LogCoverage, LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources

# The clocks of two hosts differ, and a line is written a little before or after what it tells.
AROUND = timedelta(seconds=30)


async def with_silent(
    sources: Sources,
    logs: LogSearch | Missing,
    answered: tuple[datetime | None, datetime | None],
    *,
    deadline: Deadline,
) -> LogSearch | Missing:
    """Return what was searched with each needed log among what was not read that skips a time.

    `answered` is from when to when rows show that comparisons were sent and answered: who wrote
    nothing then was at work all the same, so that its lines were not kept. A log without any line
    is reported as such already.
    """
    first, last = answered
    if isinstance(logs, Missing) or first is None or last is None:
        return logs
    since, until = first - AROUND, last + AROUND
    wrote = {event.role for event in logs.events if event.at and since <= event.at <= until}
    asked = [role for role in NEEDED if role not in wrote and _lines_of(logs, role)]
    found = await asyncio.gather(
        *(_any_line(sources, role, since, until, deadline) for role in asked)
    )
    told = [
        (str(cover.container), NOT_KEPT)
        for role, is_there in zip(asked, found, strict=True)
        if not is_there
        for cover in _lines_of(logs, role)
    ]
    return replace(logs, missing=(*logs.missing, *told)) if told else logs


def _lines_of(logs: LogSearch, role: Role) -> list[LogCoverage]:
    """Return the logs of a service that hold lines, and of which nothing is said to be missing."""
    named = {str(name) for name, _ in logs.missing}
    return [
        one
        for one in logs.coverage
        if one.role is role and one.begins_at is not None and str(one.container) not in named
    ]


async def _any_line(
    sources: Sources, role: Role, since: datetime, until: datetime, deadline: Deadline
) -> bool:
    """Say whether a service wrote anything then; a search that was cut short does not tell."""
    query = LogQuery(roles=(role,), since=since, until=until, max_events=1)
    found = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    if isinstance(found, Missing) or found.events:
        return True
    return any(cover.truncated for cover in found.coverage)
