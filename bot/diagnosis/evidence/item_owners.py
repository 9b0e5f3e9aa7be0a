"""Whose items of the LLM queue are, and which of their batches have ended meanwhile.

A line binds an item's id to its request's, and the database knows whose a request is. What became
of an item of a batch that has ended is the past: no one waits for it any more.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from bot.border.outside import raw
from bot.diagnosis.evidence.read import read
from bot.domain.evidence import DATABASE, LOGS, Missing
from bot.domain.log import LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources
from bot.text.redaction import UUID as UUID_TEXT

# Of more items the batches of these tell enough.
MOST_ASKED = 50
MAX_LINES = 2_000
# A list of open batches may be cut at so many: then one that it lacks need not have ended.
MOST_LISTED = 500
_CORRELATION = re.compile(r"correlation_id['\"]?[:=]\s*['\"]?([0-9a-fA-F-]{36})")


async def owners_of(
    sources: Sources, items: Sequence[str], since: datetime, now: datetime, deadline: Deadline
) -> tuple[Mapping[str, int], frozenset[int]]:
    """Return the batch of each item, as far as it is known, and those that have ended."""
    if not items or sources.database is None or isinstance(sources.database, Missing):
        return {}, frozenset()
    bound = await _requests(sources, items[:MOST_ASKED], since, now, deadline)
    ids = {queue: UUID(request) for queue, request in bound.items()}
    owned = await read(
        DATABASE, sources.database, lambda db: db.owned([*ids.values()]), deadline.next_timeout()
    )
    if isinstance(owned, Missing) or not owned:
        return {}, frozenset()
    listed = await read(
        DATABASE, sources.database, lambda db: db.open_batches(), deadline.next_timeout()
    )
    batches = {queue: owned[id] for queue, id in ids.items() if id in owned}
    if isinstance(listed, Missing) or len(listed) >= MOST_LISTED:
        return batches, frozenset()
    open_ = {one.header.batch_id for one in listed if not one.header.ended}
    return batches, frozenset(set(batches.values()) - open_)


async def _requests(
    sources: Sources, items: Sequence[str], since: datetime, now: datetime, deadline: Deadline
) -> dict[str, str]:
    """Return the request's correlation id of each item, as a line of the provider binds them."""
    found: dict[str, str] = {}
    query = LogQuery(
        any_of=tuple(items),
        roles=(Role.LLM_PROVIDER,),
        since=since,
        until=now,
        max_events=MAX_LINES,
    )
    lines = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    for event in lines.events if isinstance(lines, LogSearch) else ():
        match = _CORRELATION.search(raw(event.event))
        told = match[1] if match else raw(str(event.fields.get("correlation_id", "")))
        if UUID_TEXT.fullmatch(told):
            for id in {one.lower() for one in UUID_TEXT.findall(raw(event.event))}:
                found.setdefault(id, told.lower())
    return {item: request for item, request in found.items() if item in items}
