"""Collects everything about one uuid: rows, queue item, callbacks, and the lines of all services.

Two bounded searches are enough: the LLM provider binds a queue id to a correlation id in some
lines and writes only one of them in others, so what the first search learns feeds the second.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.diagnosis.evidence import system_state
from bot.diagnosis.evidence.log_coverage import merged
from bot.diagnosis.evidence.read import read
from bot.diagnosis.queue import evidence as queue_evidence
from bot.diagnosis.queue import report as queue_look
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.diagnosis.queue.timeline import OPENS_AFTER
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.publisher import failed_submission, held_callback
from bot.diagnosis.trace.search_windows import dispatch_window, second_start, since_of
from bot.domain.batch import BatchRows, TraceRows
from bot.domain.evidence import DATABASE, LOGS, QUEUE, TOPIC, Missing
from bot.domain.log import LogQuery, LogSearch, Role, Service
from bot.domain.queue import QueueItem
from bot.ports import Deadline, Sources

MAX_LEARNED = 4
MAX_LINES = 2_000
MAX_DISPATCHES = 200


async def collect(
    sources: Sources,
    id: UUID,
    now: datetime,
    *,
    deadline: Deadline,
    opens_after: timedelta = OPENS_AFTER,
) -> TraceEvidence:
    """Read every source about `id`, one stage after the other.

    `opens_after` is how long nothing may move in the queue until that is called stuck.
    """
    found = await _first(sources, id, now, deadline)
    found = await _learn(sources, found, now, deadline)
    found = await _second(sources, found, now, deadline)
    held, unsent = await asyncio.gather(
        held_callback(sources, found.clues, found.ids, now, deadline),
        failed_submission(sources, next(iter(found.pairs), None), now, deadline),
    )
    found = replace(found, held=held, unsent=unsent)
    return await _around(sources, found, now, deadline, opens_after)


async def _first(sources: Sources, id: UUID, now: datetime, deadline: Deadline) -> TraceEvidence:
    rows, items, callbacks, services, health = await asyncio.gather(
        _rows(sources, id, deadline),
        _item(sources, id, deadline),
        read(TOPIC, sources.callbacks, lambda source: source.find(id), deadline.next_timeout()),
        read(LOGS, sources.logs, lambda source: source.services(), deadline.next_timeout()),
        system_state.health(sources, deadline),
    )
    query = LogQuery(any_of=(str(id),), since=since_of(rows), until=now, max_events=MAX_LINES)
    logs = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    return TraceEvidence(
        id=id,
        rows=rows,
        items=items if isinstance(items, Missing) else tuple(items),
        callbacks=callbacks if isinstance(callbacks, Missing) else tuple(callbacks),
        logs=logs,
        services=() if isinstance(services, Missing) else _distinct(services),
        ids=frozenset({str(id)}),
        health=health,
    )


async def _learn(
    sources: Sources, found: TraceEvidence, now: datetime, deadline: Deadline
) -> TraceEvidence:
    """Add the ids that rows, item, callbacks and lines bind to it; look their rows up as well."""
    if isinstance(found.rows, TraceRows) and found.rows.batches and not found.rows.pairs:
        return found
    ids = found.ids | frozenset(sorted(_bound(found) - found.ids)[:MAX_LEARNED])
    rows = found.rows
    if isinstance(rows, TraceRows) and not rows.pairs:
        for other in sorted(ids - found.ids):
            answer = await _rows(sources, UUID(other), deadline)
            if isinstance(answer, TraceRows) and answer.pairs:
                rows = answer
                break
    items = found.items
    if not items and not isinstance(items, Missing):
        items = await _items(sources, sorted(ids - found.ids), deadline)
    return replace(found, ids=ids, rows=rows, items=items)


async def _items(
    sources: Sources, ids: Sequence[str], deadline: Deadline
) -> tuple[QueueItem, ...] | Missing:
    for other in ids:
        found = await _item(sources, UUID(other), deadline)
        if isinstance(found, Missing):
            return found
        if found:
            return tuple(found)
    return ()


async def _rows(sources: Sources, id: UUID, deadline: Deadline) -> TraceRows | Missing:
    return await read(
        DATABASE, sources.database, lambda source: source.trace(id), deadline.next_timeout()
    )


async def _item(sources: Sources, id: UUID, deadline: Deadline) -> Sequence[QueueItem] | Missing:
    return await read(QUEUE, sources.queue, lambda source: source.find(id), deadline.next_timeout())


async def _second(
    sources: Sources, found: TraceEvidence, now: datetime, deadline: Deadline
) -> TraceEvidence:
    """Search for what was learned, and for the bundles that may have held the item."""
    learned = tuple(sorted(found.ids - {str(found.id)}))
    start = second_start(found)
    window = dispatch_window(found, now)
    more, bundles = await asyncio.gather(
        _search(sources, learned, (), start, now, deadline) if learned else _nothing(),
        _search(sources, DISPATCH_EVENTS, (Role.LLM_PROVIDER,), *window, deadline)
        if window
        else _nothing(),
    )
    logs = found.logs
    if isinstance(logs, LogSearch) and isinstance(more, LogSearch):
        logs = merged(logs, more)
    dispatches = bundles.events if isinstance(bundles, LogSearch) else ()
    return replace(found, logs=logs, dispatches=dispatches)


async def _around(
    sources: Sources,
    found: TraceEvidence,
    now: datetime,
    deadline: Deadline,
    opens_after: timedelta,
) -> TraceEvidence:
    """Read the batch of a row without a valid answer, and judge the queue that holds the item."""
    number = _batch_number(found)
    batch = None
    if number is not None:
        batch = await _batch(sources, number, deadline)
    if found.item is None:
        return replace(found, batch=batch)
    look = await queue_evidence.collect(sources, now, deadline=deadline)
    look = replace(look, opens_after=opens_after)
    findings = queue_look.findings_about(look, now, found.item.queue_id)
    return replace(found, batch=batch, queue_findings=findings)


def _batch_number(found: TraceEvidence) -> int | None:
    """The batch whose counts are wanted: of a row without a valid answer, or that the id names."""
    errors = [pair.batch_id for pair in found.pairs if pair.winner in (None, "error")]
    if errors or found.pairs or isinstance(found.rows, Missing):
        return errors[0] if errors else None
    return found.rows.batches[0].batch_id if len(found.rows.batches) == 1 else None


async def _batch(sources: Sources, number: int, deadline: Deadline) -> BatchRows | Missing | None:
    return await read(
        DATABASE, sources.database, lambda source: source.batch(number), deadline.next_timeout()
    )


async def _search(
    sources: Sources,
    texts: tuple[str, ...],
    roles: tuple[Role, ...],
    since: datetime | None,
    until: datetime,
    deadline: Deadline,
) -> LogSearch | Missing:
    limit = MAX_DISPATCHES if roles else MAX_LINES
    query = LogQuery(any_of=texts, roles=roles, since=since, until=until, max_events=limit)
    return await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )


async def _nothing() -> None:
    return None


def _bound(found: TraceEvidence) -> frozenset[str]:
    """The ids that belong to the same comparison.

    A line of CJ may carry the whole batch's correlation id beside a request's, so only the LLM
    provider's lines and the sources themselves are believed.
    """
    ids = {str(pair.request_correlation_id) for pair in found.pairs if pair.request_correlation_id}
    if len(ids) > 1:
        ids &= {str(found.id)}
    for item in found.items if isinstance(found.items, tuple) else ():
        ids |= {item.queue_id, item.correlation_id}
    for callback in found.callbacks if isinstance(found.callbacks, tuple) else ():
        ids |= {callback.request_id, callback.correlation_id}
    for clue in found.clues:
        if clue.event.role is not Role.CJ:
            ids |= {clue.queue_id, clue.correlation_id}
        elif clue.correlation_id == str(found.id):
            ids.add(clue.queue_id)
    return frozenset(id.lower() for id in ids if _is_uuid(id))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _distinct(services: Sequence[tuple[Service, str]]) -> tuple[Service, ...]:
    return tuple(dict.fromkeys(service for service, _ in services))
