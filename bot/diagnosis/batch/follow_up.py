"""The second reading of a batch, made only where the first found something to follow.

Comparisons that wait for long are followed by their own ids through logs and queue; callbacks
that came twice are joined to their batch by id, since their log line names no batch.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.causes import LOST_AFTER
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import LogClue, Outcome, clue_of
from bot.diagnosis.comparison.repeats import REPEATED
from bot.diagnosis.evidence.log_coverage import merged
from bot.diagnosis.evidence.read import read
from bot.diagnosis.queue import evidence as queue_evidence
from bot.diagnosis.queue.conservation import SETTLED
from bot.diagnosis.queue.evidence import QueueEvidence
from bot.domain.batch import BatchHeader, PairRow, PendingPair
from bot.domain.evidence import DATABASE, LOGS, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role, Service
from bot.domain.queue import QueueItem, QueueReading
from bot.ports import Deadline, Sources

MAX_FOLLOWED = 50
MAX_LINES = 4_000
ANSWERED_AT_ALL = "completed successfully, correlation_id"
PASSED_WITHIN = timedelta(minutes=10)
# Where Redis is not read, only lines tell whether what waits is in the queue still.
UNREAD_AFTER = timedelta(seconds=60)


async def with_later_answers(
    sources: Sources, evidence: BatchEvidence, now: datetime, *, deadline: Deadline
) -> BatchEvidence:
    """Return the evidence with an answer after its last failure, where none of its lines tells one.

    Whether an overload passed is not this batch's alone: its last failure may have ended it.
    """
    last = max((at for one in evidence.failures if (at := evidence.last_met(one))), default=None)
    if last is None or evidence.is_answered_after(last):
        return evidence
    query = LogQuery(
        any_of=(ANSWERED_AT_ALL,),
        roles=(Role.LLM_PROVIDER,),
        since=last,
        until=min(now, last + PASSED_WITHIN),
        max_events=1,
    )
    found = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    return evidence.having(logs=_joined(evidence.logs, found))


async def follow_up(
    sources: Sources,
    evidence: BatchEvidence,
    now: datetime,
    *,
    deadline: Deadline,
) -> BatchEvidence:
    """Return the evidence with late comparisons, a look at the queue and joined callbacks."""
    waiting = followed(evidence, now)
    doubled = doubled_requests(evidence)
    if not (waiting or doubled or items_of(evidence)):
        return evidence
    ids = tuple(str(pair.correlation_id) for pair in waiting if pair.correlation_id)
    found, services, look = await asyncio.gather(
        _lines(sources, evidence, (*ids, *doubled), now, deadline),
        read(LOGS, sources.logs, lambda source: source.services(), deadline.next_timeout()),
        _look(sources, evidence, now, deadline),
    )
    known = () if isinstance(services, Missing) else tuple(dict.fromkeys(s for s, _ in services))
    seen = evidence.having(logs=_joined(evidence.logs, found), look=look)
    seen = seen.having(comparisons=comparisons_of(seen, waiting, seen.logs, known))
    return await _with_owners(sources, seen, doubled, deadline)


def overdue(evidence: BatchEvidence, now: datetime) -> tuple[PendingPair, ...]:
    """Return the sampled comparisons that wait longer than an answer takes.

    An answer that did not come before its batch ended is late, however short it waited.
    """
    if evidence.ended:
        return evidence.rows.pending[:MAX_FOLLOWED]
    late = (
        pair
        for pair in evidence.rows.pending
        if (sent := pair.submitted_at or pair.created_at) and now - sent > LOST_AFTER
    )
    return tuple(late)[:MAX_FOLLOWED]


def followed(evidence: BatchEvidence, now: datetime) -> tuple[PendingPair, ...]:
    """Return the sampled comparisons whose way is read: what is late, or may be lost already."""
    late = (*overdue(evidence, now), *gone_from_queue(evidence, now))
    if not late and isinstance(evidence.queue, Missing):
        late = tuple(
            pair
            for pair in evidence.rows.pending
            if pair.submitted_at and now - pair.submitted_at > UNREAD_AFTER
        )
    return late[:MAX_FOLLOWED]


def gone_from_queue(evidence: BatchEvidence, now: datetime) -> tuple[PendingPair, ...]:
    """Return the sampled comparisons of an open batch that wait a while and are not in Redis.

    What was just answered is among them: their lines tell it from what was lost.
    """
    if evidence.ended or looked_at(evidence.queue) is None:
        return ()
    queued = {item.correlation_id for item in items_of(evidence)}
    late = {pair.pair_id for pair in overdue(evidence, now)}
    return tuple(
        pair
        for pair in evidence.rows.pending
        if pair.correlation_id
        and pair.pair_id not in late
        and str(pair.correlation_id) not in queued
        and pair.submitted_at
        and now - pair.submitted_at > SETTLED
    )


def looked_at(queue: QueueReading | Missing) -> datetime | None:
    """Return when the queue was read to its end; None where it was not."""
    if isinstance(queue, Missing) or queue.truncated:
        return None
    return queue.at


def items_of(evidence: BatchEvidence) -> tuple[QueueItem, ...]:
    """Return the queue's items that belong to the batch, by its ids or a comparison's."""
    if isinstance(evidence.queue, Missing):
        return ()
    header = evidence.header
    names = {str(header.batch_id), header.bos_batch_id}
    asked = {str(pair.correlation_id) for pair in evidence.rows.pending if pair.correlation_id}
    return tuple(
        item
        for item in evidence.queue.items
        if {item.cj_batch_id, item.bos_batch_id} & names or item.correlation_id in asked
    )


def is_repeated(logs: LogSearch | Missing) -> bool:
    """Say whether a line tells of an answer that came a second time, whoever's it is."""
    return isinstance(logs, LogSearch) and any(REPEATED in one.event for one in logs.events)


def doubled_requests(evidence: BatchEvidence) -> tuple[str, ...]:
    """Return the request ids of the answers that came a second time, at most 50."""
    twice = (clue for clue in evidence.clues if clue.outcome is Outcome.DUPLICATE)
    return tuple(dict.fromkeys(clue.queue_id for clue in twice if clue.queue_id))[:MAX_FOLLOWED]


def comparisons_of(
    evidence: BatchEvidence,
    waiting: Sequence[PendingPair],
    logs: LogSearch | Missing,
    services: tuple[Service, ...],
) -> tuple[ComparisonEvidence, ...]:
    """Return the way of each waiting comparison, as rows, lines and queue show it; pure."""
    same = logs is evidence.logs
    clues = evidence.clues if same else _clues(logs.events if isinstance(logs, LogSearch) else ())
    by_id = _by_id(clues)
    items = evidence.queue.items if isinstance(evidence.queue, QueueReading) else ()
    comparisons = []
    for pair in waiting:
        ids = _ids_of(str(pair.correlation_id).lower(), clues, by_id, items)
        places = sorted({place for id in ids for place in by_id.get(id, ())})
        mine = tuple(clues[place] for place in places)
        comparisons.append(
            ComparisonEvidence(
                pair=_row(evidence.header, pair),
                logs=logs,
                clues=mine,
                item=next((i for i in items if {i.queue_id, i.correlation_id} & ids), None),
                looked_at=looked_at(evidence.queue),
                services=services,
                held=evidence.delivery.memory.of(ids),
            )
        )
    return tuple(comparisons)


async def _lines(
    sources: Sources, evidence: BatchEvidence, ids: Sequence[str], now: datetime, deadline: Deadline
) -> LogSearch | Missing:
    if not ids:
        return evidence.logs
    query = LogQuery(
        any_of=(*ids,),
        roles=(Role.CJ, Role.LLM_PROVIDER),
        since=evidence.header.created_at - timedelta(minutes=1),
        until=now,
        max_events=MAX_LINES,
    )
    return await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )


async def _look(
    sources: Sources, evidence: BatchEvidence, now: datetime, deadline: Deadline
) -> QueueEvidence | None:
    if not items_of(evidence):
        return None
    return await queue_evidence.collect(sources, now, deadline=deadline)


async def _with_owners(
    sources: Sources, evidence: BatchEvidence, requests: Sequence[str], deadline: Deadline
) -> BatchEvidence:
    database, known = sources.database, evidence.owned
    if not requests or database is None or isinstance(database, Missing):
        return evidence
    if isinstance(known, Missing):
        return evidence
    wanted = set(requests)
    ids = {UUID(c.correlation_id) for c in evidence.clues if _names(c, wanted)}
    found = await read(
        DATABASE, database, lambda source: source.owned(sorted(ids)), deadline.next_timeout()
    )
    return evidence if isinstance(found, Missing) else evidence.having(owned={**known, **found})


def _names(clue: LogClue, requests: set[str]) -> bool:
    """Whether a line binds a callback that was taken to one of the requests."""
    return clue.queue_id in requests and len(clue.correlation_id) == 36


def _joined(first: LogSearch | Missing, second: LogSearch | Missing) -> LogSearch | Missing:
    if isinstance(first, LogSearch) and isinstance(second, LogSearch) and first is not second:
        return merged(first, second)
    return first


def _clues(events: Iterable[LogEvent]) -> tuple[LogClue, ...]:
    return tuple(clue for event in events if (clue := clue_of(event)) is not None)


def _by_id(clues: Sequence[LogClue]) -> dict[str, list[int]]:
    """Return where each id stands among the clues."""
    places: dict[str, list[int]] = {}
    for place, clue in enumerate(clues):
        for id in {clue.queue_id, clue.correlation_id} - {""}:
            places.setdefault(id, []).append(place)
    return places


def _ids_of(
    correlation: str,
    clues: Sequence[LogClue],
    by_id: Mapping[str, Sequence[int]],
    items: Sequence[QueueItem],
) -> set[str]:
    """Return a comparison's correlation id and the queue ids that lines and items bind to it."""
    bound = {clues[place].queue_id for place in by_id.get(correlation, ())}
    bound |= {item.queue_id for item in items if item.correlation_id == correlation}
    return {correlation, *bound} - {""}


def _row(header: BatchHeader, pair: PendingPair) -> PairRow:
    return PairRow(
        pair_id=pair.pair_id,
        batch_id=header.batch_id,
        bos_batch_id=header.bos_batch_id,
        batch_status=header.status,
        batch_state=header.state,
        request_correlation_id=pair.correlation_id,
        matched_by="request_correlation_id",
        created_at=pair.created_at,
        submitted_at=pair.submitted_at,
        essay_a=pair.essay_a,
        essay_b=pair.essay_b,
    )
