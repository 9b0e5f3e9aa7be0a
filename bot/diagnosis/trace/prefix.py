"""Finds the whole uuids that a short id begins: of batches, of comparisons, and in the logs."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from bot.border.outside import raw
from bot.diagnosis.evidence.read import read
from bot.domain.batch import BatchMatch
from bot.domain.evidence import DATABASE, LOGS, Missing
from bot.domain.ids import parse_uuid
from bot.domain.log import LogQuery, LogSearch
from bot.ports import Deadline, Sources

MAX_LINES = 500
SECONDS = 8.0
_UUID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")


async def begun_by(
    sources: Sources, prefix: str, batches: Sequence[BatchMatch], *, deadline: Deadline
) -> tuple[UUID, ...]:
    """Return every known uuid that begins with `prefix`, at most one that is meant.

    `batches` are those whose id begins so. What cannot be read adds nothing.
    """
    named = [parse_uuid(one.bos_batch_id) for one in batches]
    pairs, logged = await asyncio.gather(
        read(
            DATABASE,
            sources.database,
            lambda source: source.begun_by(prefix),
            deadline.next_timeout(SECONDS),
        ),
        _in_logs(sources, prefix, deadline),
    )
    rows = () if isinstance(pairs, Missing) else tuple(pairs)
    return tuple(dict.fromkeys((*filter(None, named), *rows, *logged)))


async def _in_logs(sources: Sources, prefix: str, deadline: Deadline) -> tuple[UUID, ...]:
    query = LogQuery(any_of=(prefix,), max_events=MAX_LINES)
    answer = await read(
        LOGS,
        sources.logs,
        lambda source: source.search(query),
        deadline.next_timeout(SECONDS),
    )
    if not isinstance(answer, LogSearch):
        return ()
    found = (id for event in answer.events for id in _uuids(raw(event.text)))
    return tuple(dict.fromkeys(UUID(id) for id in found if id.startswith(prefix)))


def _uuids(text: str) -> Iterator[str]:
    """Yield the uuids of a log line, those that the console wrapped in the middle too."""
    folded = text.casefold()
    yield from _UUID.findall(folded)
    if "\n" in folded:
        yield from _UUID.findall("".join(line.strip() for line in folded.split("\n")))
