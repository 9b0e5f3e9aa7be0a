"""Finds the batch that a run label stands for.

A person's alias is believed first, then what the bot has learned, then what the request topic
and what the runners' logs say now.
"""

import asyncio
from collections.abc import Sequence

from bot.diagnosis.evidence.read import read
from bot.domain.evidence import LOGS, MEMORY, TOPIC, Missing
from bot.domain.ids import RunLabel, label_of_event
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources

MAX_LINES = 500
# A label is looked up before the answer begins: the sources of the answer need the time more.
MEMORY_SECONDS, SOURCE_SECONDS = 2.0, 5.0


async def refs_of(sources: Sources, label: str, *, deadline: Deadline) -> tuple[str, ...]:
    """Return the ids that a label stands for, newest first; empty when it is unknown.

    A person's alias gives what the person typed; everything else a BOS batch id.
    """
    known = await remembered(sources, label, deadline=deadline)
    return known or await _told_now(sources, label, deadline)


async def remembered(sources: Sources, label: str, *, deadline: Deadline) -> tuple[str, ...]:
    """Return what the bot's memory knows of a label; fast, nothing is searched."""
    alias = await read(
        MEMORY, sources.memory, lambda one: one.alias(label), deadline.next_timeout(MEMORY_SECONDS)
    )
    if isinstance(alias, str):
        return (alias,)
    learned = await read(
        MEMORY,
        sources.memory,
        lambda one: one.learned(label),
        deadline.next_timeout(MEMORY_SECONDS),
    )
    return () if isinstance(learned, Missing) else tuple(learned)


async def _told_now(sources: Sources, label: str, deadline: Deadline) -> tuple[str, ...]:
    asked, found = await asyncio.gather(
        read(
            TOPIC,
            sources.callbacks,
            lambda one: one.label(label),
            deadline.next_timeout(SOURCE_SECONDS),
        ),
        _from_logs(sources, label, deadline),
    )
    told = (*found, asked) if isinstance(asked, RunLabel) else found
    return tuple(dict.fromkeys(one.bos_batch_id for one in told))


async def _from_logs(sources: Sources, label: str, deadline: Deadline) -> tuple[RunLabel, ...]:
    """The banner names a run once; JSON lines that hold both ids are only asked for without it."""
    texts = ((f"(label: {label})",), (f'"batch_label":"{label}"', f'"batch_id":"{label}"'))
    for any_of in texts:
        answer = await _search(sources, any_of, deadline)
        found = _labels(answer.events if isinstance(answer, LogSearch) else (), label)
        if found:
            return found
    return ()


async def _search(
    sources: Sources, texts: tuple[str, ...], deadline: Deadline
) -> LogSearch | Missing:
    query = LogQuery(any_of=texts, roles=(Role.RUNNER,), max_events=MAX_LINES)
    return await read(
        LOGS,
        sources.logs,
        lambda source: source.search(query),
        deadline.next_timeout(SOURCE_SECONDS),
    )


def _labels(events: Sequence[LogEvent], label: str) -> tuple[RunLabel, ...]:
    """What the events teach about one label, newest first."""
    told = (learned for event in reversed(events) if (learned := label_of_event(event)))
    return tuple(one for one in told if one.label == label)
