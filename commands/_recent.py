"""Finds what exists now: recent batches, alerts, runners and services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.deferred import Pattern
from bot.domain.evidence import DATABASE, MEMORY, RUNNERS, Missing
from bot.domain.words import Span, words
from bot.ports import Choice, CommandContext
from bot.text.log_words import service_words

if TYPE_CHECKING:
    from bot.domain.batch import BatchSummary

MOST = 25
SECONDS = 4.0
_UUID = Pattern(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b")
_PREFIX = Pattern(r"\b8f3a11d7\b")
_NUMBER = Pattern(r"(?<=\s)3[34]\b")


async def found(kind: str, context: CommandContext) -> Sequence[Choice]:
    """Return what there is of a kind, newest first; nothing where it cannot be read."""
    find = _FINDERS.get(kind)
    return (await find(context))[:MOST] if find else ()


async def newest(context: CommandContext) -> Sequence[BatchSummary]:
    """Return the newest batches; none where there is no database, or none that answers soon."""
    from bot.diagnosis.evidence.read import read

    found = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.newest(limit=MOST),
        context.deadline.next_timeout(SECONDS),
    )
    return () if isinstance(found, Missing) else found


def alive(example: str, batches: Sequence[BatchSummary]) -> str:
    """Return an example of a command with the ids of batches that exist."""
    if not batches or not example.startswith(("/batch", "/trace", "/logs")):
        return example
    ids = [str(one.header.batch_id) for one in batches]
    by_word = {"34": ids[0], "33": ids[1] if len(ids) > 1 else ids[0]}
    uuid = str(batches[0].header.bos_batch_id)
    named = _PREFIX.sub(uuid[:8], _UUID.sub(uuid, example)) if uuid else example
    return _NUMBER.sub(lambda found: by_word[found.group()], named)


async def _batches(context: CommandContext) -> Sequence[Choice]:
    now = context.now()
    return [
        Choice(
            str(one.header.batch_id),
            words(
                f"{one.header.batch_id} · "
                f"{one.header.status.lower().replace('_', ' ')} · {one.pairs.valid} "
                f"of {one.pairs.total} valid · ",
                Span(now - one.header.created_at),
                " old",
            ),
        )
        for one in await newest(context)
    ]


async def _alerts(context: CommandContext) -> Sequence[Choice]:
    now = context.now()
    from bot.diagnosis.evidence.read import read

    found = await read(
        MEMORY,
        context.sources.memory,
        lambda memory: memory.alerts(now),
        context.deadline.next_timeout(SECONDS),
    )
    if isinstance(found, Missing):
        return ()
    return [
        Choice(str(one.number), f"#{one.number} · {one.condition.rule} · {one.subject}")
        for one in found
        if one.number
    ]


async def _runners(context: CommandContext) -> Sequence[Choice]:
    from bot.diagnosis.evidence.read import read

    found = await read(
        RUNNERS,
        context.sources.runners,
        lambda source: source.list(),
        context.deadline.next_timeout(SECONDS),
    )
    if isinstance(found, Missing):
        return ()
    return [Choice(one.id, f"{one.name} · {one.id}") for one in found.runners if one.running]


async def _services(context: CommandContext) -> Sequence[Choice]:
    return [Choice(word, word) for word in service_words(context.options.services)]


_FINDERS: Mapping[str, Callable[[CommandContext], Awaitable[Sequence[Choice]]]] = {
    "batch": _batches,
    "alert": _alerts,
    "runner": _runners,
    "service": _services,
}
