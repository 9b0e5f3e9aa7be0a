"""`/batch compare`: reads what stands on both sides, two batches or two batching modes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.compare.report import diagnose
from bot.diagnosis.compare.sides import (
    MODES,
    UNKNOWN,
    collect_modes,
    known_mode,
    mode_counts,
    mode_side,
    side_of,
)
from bot.diagnosis.investigate.report import Investigation, collect
from bot.domain.evidence import DATABASE, Missing
from bot.domain.ids import kind_of
from bot.domain.report import Report
from bot.errors import UsageError
from bot.ports import CommandContext, Request
from bot.registry import Usage
from commands._words import misuse, shown, span, usage_lines

PREFIX = "mode:"
DEFAULT_SINCE = timedelta(days=7)
Read = Callable[[str], Awaitable[int | Report]]


def check_compared(
    verb: str, words: Sequence[str], options: Mapping[str, str], usages: Sequence[Usage]
) -> None:
    """Check the words of a comparison, and that only one over a time has --since.

    Raises UsageError.
    """
    modes = [word for word in words if word.casefold().startswith(PREFIX)]
    if "since" in options and not (verb == "compare" and modes):
        raise UsageError(
            "--since goes with /batch compare mode:… mode:….", usage=usage_lines("batch", usages)
        )
    if verb != "compare":
        return
    if modes and len(modes) != len(words):
        raise misuse("Compare two batches or two modes, not one of each.", "batch", usages)
    for word in words:
        _check_side(word, usages)
    if "since" in options and span(options["since"]) is None:
        raise UsageError(
            "--since takes a span such as 12h, 3d or 1w.", usage=usage_lines("batch", usages)
        )


async def compare(request: Request, context: CommandContext, read: Read) -> Report:
    """Compare two batches, or two modes over a stretch of time."""
    if request.words[0].casefold().startswith(PREFIX):
        return await _modes(request, context)
    numbers = await asyncio.gather(*(read(word) for word in request.words))
    for number in numbers:
        if isinstance(number, Report):
            return replace(number, command="batch compare")
    known = [number for number in numbers if isinstance(number, int)]
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
    back = span(request.options["since"]) if "since" in request.options else None
    since = now - (back or DEFAULT_SINCE)
    evidence = await collect_modes(context.sources, since, now, deadline)
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
    words = f"{left.batches} and {right.batches} batches, {counts.get(UNKNOWN, 0)} of unknown mode."
    found = bool(left.batches and right.batches)
    said = report.summary if found else "There is nothing to compare."
    return replace(report, summary=f"{said} {words}", found=found)


def _check_side(word: str, usages: Sequence[Usage]) -> None:
    if not word.casefold().startswith(PREFIX):
        if kind_of(word) is None:
            raise misuse(f"{shown(word)} is no id.", "batch", usages)
        return
    name = word[len(PREFIX) :]
    if known_mode(name) is None:
        raise misuse(
            f"{shown(name)} is no mode; there are {', '.join(MODES)} and {UNKNOWN}.",
            "batch",
            usages,
            word=name,
            choices=MODES,
        )


def _unreadable(request: Request, missing: Missing) -> Report:
    report = batch_report.unreadable(" and ".join(shown(word) for word in request.words), missing)
    return replace(report, command="batch compare")
