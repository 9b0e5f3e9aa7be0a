"""`/batch compare`: reads what stands on both sides, two batches or two batching modes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.compare.report import diagnose
from bot.diagnosis.compare.sides import (
    collect_modes,
    mode_counts,
    mode_side,
    side_of,
)
from bot.diagnosis.investigate.report import Investigation, collect
from bot.domain.batch.modes import UNKNOWN, known_mode
from bot.domain.evidence import DATABASE, Missing
from bot.domain.report import Report
from bot.errors import UsageError
from bot.ports import CommandContext, Request
from bot.text.wording import many
from commands._moments import asked_time
from commands._words import shown
from commands.batch.compared_words import PREFIX

DEFAULT_SINCE = timedelta(days=7)
Read = Callable[[str], Awaitable[int | Report]]


async def compare(request: Request, context: CommandContext, read: Read) -> Report:
    """Compare two batches, or two modes over a stretch of time. Raises UsageError for one twice."""
    if request.words[0].casefold().startswith(PREFIX):
        return await _modes(request, context)
    numbers = await asyncio.gather(*(read(word) for word in request.words))
    for number in numbers:
        if isinstance(number, Report):
            return replace(number, command="batch compare")
    known = [number for number in numbers if isinstance(number, int)]
    if known[0] == known[1]:
        raise UsageError(
            f"Both are batch {known[0]}, and nothing differs from itself.",
            hint=f"/batch investigate {known[0]} tells its story; /batch list has the others.",
        )
    found = await asyncio.gather(*(_read(number, context) for number in known))
    for one in found:
        if one is None or isinstance(one, Missing):
            return _unreadable(request, one or Missing(DATABASE, "a batch went while it was read"))
    now = context.now()
    left, right = (side_of(one, now) for one in found if isinstance(one, Investigation))
    return diagnose(left, right)


async def _read(number: int, context: CommandContext) -> Investigation | Missing | None:
    return await collect(
        context.sources,
        number,
        context.now(),
        deadline=context.deadline,
        progress=context.progress,
    )


async def _modes(request: Request, context: CommandContext) -> Report:
    now, deadline = context.now(), context.deadline
    begin, end = asked_time(request.options, now, context.options.zone)
    since = begin or (end or now) - DEFAULT_SINCE
    evidence = await collect_modes(context.sources, since, end or now, deadline)
    if isinstance(evidence, Missing):
        return _unreadable(request, evidence)
    names = [known_mode(word[len(PREFIX) :]) or UNKNOWN for word in request.words]
    sides = [await mode_side(context.sources, evidence, name, deadline) for name in names]
    for side in sides:
        if isinstance(side, Missing):
            return _unreadable(request, side)
    left, right = (side for side in sides if not isinstance(side, Missing))
    counts = mode_counts(evidence)
    report = diagnose(
        left,
        right,
        since=since,
        batches_by_mode=counts,
        unknown_mode=counts.get(UNKNOWN, 0),
        truncated=evidence.truncated,
    )
    words = f"{left.batches} and {many(right.batches, 'batch')}, "
    words += f"{counts.get(UNKNOWN, 0)} of unknown mode."
    found = bool(left.batches and right.batches)
    said = report.summary if found else "There is nothing to compare."
    return replace(report, summary=f"{said} {words}", found=found)


def _unreadable(request: Request, missing: Missing) -> Report:
    report = batch_report.unreadable(" and ".join(shown(word) for word in request.words), missing)
    return replace(report, command="batch compare")
