"""Collects everything about one uuid: rows, queue item, callbacks, and the lines of all services.

Two bounded searches are enough: the LLM provider binds a queue id to a correlation id in some
lines and writes only one of them in others, so what the first search learns feeds the second.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, clues_of
from bot.diagnosis.evidence import system_state
from bot.diagnosis.evidence.log_coverage import merged
from bot.diagnosis.evidence.read import read
from bot.diagnosis.evidence.system_state import NO_HEALTH, ProviderState, provider_state
from bot.diagnosis.publishing.memory import HeldMessage
from bot.diagnosis.queue import evidence as queue_evidence
from bot.diagnosis.queue import report as queue_look
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.diagnosis.trace.publisher import failed_submission, held_callback
from bot.domain.batch import BatchRows, PairRow, TraceRows
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import DATABASE, LOGS, QUEUE, TOPIC, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role, Service
from bot.domain.queue import QueueItem
from bot.domain.report import Finding
from bot.domain.service_state import ServiceHealth
from bot.ports import Deadline, Sources

BEFORE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=4, minutes=30)
MAX_LEARNED = 4
MAX_LINES = 2_000
MAX_DISPATCHES = 200


@dataclass(frozen=True, slots=True)
class TraceEvidence:
    """What was read about one uuid; `ids` are all ids that belong to it, lower case.

    `held` is its callback where Kafka did not take it, `unsent` are lines without an id that may
    say that it was never handed over.
    """

    id: UUID
    rows: TraceRows | Missing
    items: tuple[QueueItem, ...] | Missing
    callbacks: tuple[SeenCallback, ...] | Missing
    logs: LogSearch | Missing
    dispatches: tuple[LogEvent, ...] = ()
    services: tuple[Service, ...] = ()
    ids: frozenset[str] = frozenset()
    batch: BatchRows | Missing | None = None
    queue_findings: tuple[Finding, ...] = ()
    health: tuple[ServiceHealth, ...] | Missing = NO_HEALTH
    held: HeldMessage | None = None
    unsent: tuple[LogEvent, ...] = ()

    @property
    def provider(self) -> ProviderState:
        """How the LLM provider answers, by its health, its log lines and the answer."""
        names = [pair.provider or "" for pair in self.pairs]
        names += [item.provider for item in self.items] if isinstance(self.items, tuple) else []
        return provider_state(self.health, self.events, names)

    @property
    def pairs(self) -> tuple[PairRow, ...]:
        """The pairs that carry the id; none when the database was not read."""
        return self.rows.pairs if isinstance(self.rows, TraceRows) else ()

    @property
    def events(self) -> tuple[LogEvent, ...]:
        """The log events found; none when the logs were not read."""
        return self.logs.events if isinstance(self.logs, LogSearch) else ()

    @property
    def clues(self) -> tuple[LogClue, ...]:
        """The log events that show a step of the comparison."""
        return clues_of(self.events, self.ids)

    @property
    def item(self) -> QueueItem | None:
        """The queue item, where the comparison is in the queue."""
        return next(iter(self.items), None) if isinstance(self.items, tuple) else None


async def collect(
    sources: Sources, id: UUID, now: datetime, *, deadline: Deadline
) -> TraceEvidence:
    """Read every source about `id`, one stage after the other."""
    found = await _first(sources, id, now, deadline)
    found = await _learn(sources, found, now, deadline)
    found = await _second(sources, found, now, deadline)
    held, unsent = await asyncio.gather(
        held_callback(sources, found.clues, found.ids, now, deadline),
        failed_submission(sources, next(iter(found.pairs), None), now, deadline),
    )
    return await _around(sources, replace(found, held=held, unsent=unsent), now, deadline)


async def _first(sources: Sources, id: UUID, now: datetime, deadline: Deadline) -> TraceEvidence:
    rows, items, callbacks, services, health = await asyncio.gather(
        _rows(sources, id, deadline),
        _item(sources, id, deadline),
        read(TOPIC, sources.callbacks, lambda source: source.find(id), deadline.next_timeout()),
        read(LOGS, sources.logs, lambda source: source.services(), deadline.next_timeout()),
        system_state.health(sources, deadline),
    )
    query = LogQuery(any_of=(str(id),), since=_since(rows), until=now, max_events=MAX_LINES)
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
    start = _start(found)
    window = _dispatch_window(found, now)
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
    sources: Sources, found: TraceEvidence, now: datetime, deadline: Deadline
) -> TraceEvidence:
    """Read the batch of an error row, and judge the queue that holds the item."""
    number = _batch_number(found)
    batch = None
    if number is not None:
        batch = await _batch(sources, number, deadline)
    if found.item is None:
        return replace(found, batch=batch)
    look = await queue_evidence.collect(sources, now, deadline=deadline)
    findings = queue_look.findings_about(look, now, found.item.queue_id)
    return replace(found, batch=batch, queue_findings=findings)


def _batch_number(found: TraceEvidence) -> int | None:
    """The batch whose counts are wanted: of an error row, or the one batch that the id names."""
    errors = [pair.batch_id for pair in found.pairs if pair.winner == "error"]
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


def _since(rows: TraceRows | Missing) -> datetime | None:
    if isinstance(rows, Missing):
        return None
    times = [pair.created_at or pair.submitted_at for pair in rows.pairs]
    times += [batch.created_at for batch in rows.batches]
    known = [time for time in times if time]
    return min(known) - BEFORE if known else None


def _start(found: TraceEvidence) -> datetime | None:
    """Where the second search begins: nothing of a request is older than its item can be."""
    times = [event.at for event in found.events if event.at]
    times += [found.item.queued_at] if found.item and found.item.queued_at else []
    rows = _since(found.rows)
    if rows:
        return rows
    return min(times) - LONGEST_WAIT if times else None


def _dispatch_window(found: TraceEvidence, now: datetime) -> tuple[datetime, datetime] | None:
    """When a bundle can have taken the item; None where a line names it, or nothing is known."""
    clues = found.clues
    if any(clue.step is Step.DISPATCHED for clue in clues):
        return None
    queued = _first_time(clues, (Step.QUEUED, Step.SENT)) or _submitted(found)
    if found.item is not None:
        queued = found.item.queued_at or queued
    if queued is None:
        return None
    ended = [c.event.at for c in clues if c.step is Step.ANSWERED and c.outcome is Outcome.DONE]
    ended += [clue.event.at for clue in clues if clue.step is Step.PUBLISHED]
    ends = [time for time in ended if time]
    until = max(ends) if ends else min(now, queued + LONGEST_WAIT)
    return queued - timedelta(seconds=1), until


def _submitted(found: TraceEvidence) -> datetime | None:
    return next((pair.submitted_at for pair in found.pairs if pair.submitted_at), None)


def _first_time(clues: Iterable[LogClue], steps: tuple[Step, ...]) -> datetime | None:
    return next((clue.event.at for clue in clues if clue.step in steps and clue.event.at), None)


def _distinct(services: Sequence[tuple[Service, str]]) -> tuple[Service, ...]:
    return tuple(dict.fromkeys(service for service, _ in services))
