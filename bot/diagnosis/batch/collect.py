"""Reads everything about a batch: rows, logs, queue, and what is around it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bot.diagnosis.batch.changes import batch_changes
from bot.diagnosis.batch.evidence import LOOKED_AFTER, BatchEvidence
from bot.diagnosis.batch.finalisation_lines import NOT_FINALISED
from bot.diagnosis.batch.follow_up import follow_up, is_repeated, with_later_answers
from bot.diagnosis.batch.log_counts import LINES
from bot.diagnosis.batch.publisher import (
    CJ_STARTED,
    OUT_OF_RANGE,
    TAKEN,
    with_delivery,
    with_results,
)
from bot.diagnosis.batch.rules.content import NOT_PREPARED
from bot.diagnosis.batch.rules.ended import ENDINGS
from bot.diagnosis.batch.rules.worth import AT_ONCE
from bot.diagnosis.comparison import failure_reasons
from bot.diagnosis.comparison.last_step import EVICTION
from bot.diagnosis.comparison.queue_fate.lines import QUEUE_TEXTS, STARTED
from bot.diagnosis.comparison.rejections import (
    NOT_COUNTED,
    NOT_STORED,
    RECEIVED,
    TEXTS,
    rejected_ids,
)
from bot.diagnosis.comparison.repeats import REPEATED
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.read import read
from bot.diagnosis.evidence.silent_logs import with_silent
from bot.diagnosis.evidence.submission import (
    KAFKA_AWAY,
    REQUEST_TAKEN,
    SERVICE_STARTED,
    SUBMISSION_FAILED,
)
from bot.diagnosis.publishing.outbox_events import OUTBOX_TEXTS
from bot.diagnosis.publishing.signs import NEEDLES
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.diagnosis.runner.log_events import PHASES, RUN_TEXTS
from bot.domain.batch import BatchHeader, BatchMatch, BatchRows
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing
from bot.domain.log import LogQuery, LogSearch, Role
from bot.domain.service_state import CIRCUIT_TEXTS
from bot.ports import Deadline, Progress, Sources, no_progress

# Ten thousand comparisons leave about seven lines each.
WHOLE_EVENTS = 100_000
# It binds the id by which a failing line names a request to the one in the rows.
ERROR_ANSWERED = "Published error callback event for request"
# What is read for each batch beside the lines that name it.
TELLING = (
    REPEATED,
    *CIRCUIT_TEXTS,
    "FileNotFoundError",
    *(phase for phase, _ in PHASES),
    *DISPATCH_EVENTS,
    *RUN_TEXTS,
    *TEXTS,
    SUBMISSION_FAILED,
    *KAFKA_AWAY,
    *failure_reasons.NEEDLES,
    failure_reasons.NO_TOOL,
    ERROR_ANSWERED,
    *ENDINGS,
    STARTED,
    *NOT_FINALISED,
    NOT_PREPARED,
    *AT_ONCE,
    CJ_STARTED,
    OUT_OF_RANGE,
    SERVICE_STARTED,
    NOT_STORED,
    *OUTBOX_TEXTS,
)


async def find(sources: Sources, ref: str, deadline: Deadline) -> Sequence[BatchMatch] | Missing:
    """Return the batches that an id may mean."""
    return await read(
        DATABASE, sources.database, lambda source: source.find(ref), deadline.next_timeout()
    )


async def collect(
    sources: Sources,
    batch_id: int,
    now: datetime,
    *,
    deadline: Deadline,
    whole: bool = False,
    progress: Progress = no_progress,
) -> BatchEvidence | Missing | None:
    """Read everything about a batch; None when it does not exist, Missing when rows are unread.

    `whole` reads every line of its comparisons' way. So it is read too where answers are missing
    or came twice: of what became of them nothing is said that a line not read could refute.
    """
    rows, queue, around = await asyncio.gather(
        read(
            DATABASE,
            sources.database,
            lambda source: source.batch(batch_id),
            deadline.next_timeout(),
        ),
        read(QUEUE, sources.queue, lambda source: source.read(), deadline.next_timeout()),
        system_state.collect(sources, deadline),
    )
    if rows is None or isinstance(rows, Missing):
        return rows
    progress("database and queue read, searching the logs")
    whole = whole or bool(rows.pairs.pending)
    logs, changes = await asyncio.gather(
        _lines(sources, _query(rows.header, now, whole=whole), deadline),
        batch_changes(sources, rows.header, now, deadline=deadline),
    )
    if not whole and is_repeated(logs):
        logs = await _lines(sources, _query(rows.header, now, whole=True), deadline)
    answered = rows.pairs.first_submitted_at, rows.pairs.last_completed_at
    logs = await with_silent(sources, logs, answered, deadline=deadline)
    progress(f"logs: {log_coverage.counted(logs)}")
    owned, members = await asyncio.gather(
        owned_of(sources, logs, deadline), _members(sources, rows, deadline, whole=whole)
    )
    evidence = BatchEvidence(rows, logs, queue, owned, around, members=members, changes=changes)
    evidence = await with_results(sources, with_delivery(evidence), now, deadline=deadline)
    evidence = await with_later_answers(sources, evidence, now, deadline=deadline)
    return await follow_up(sources, evidence, now, deadline=deadline)


async def _lines(sources: Sources, query: LogQuery, deadline: Deadline) -> LogSearch | Missing:
    return await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )


def numbered(number: object) -> tuple[str, ...]:
    """Return how log lines of either format write a batch's number."""
    spaced = (f"batch_id': {number}", f'batch_id": {number}', f'batch_id":{number}')
    return (*spaced, f"Batch {number} ")


def _query(header: BatchHeader, now: datetime, *, whole: bool = False) -> LogQuery:
    number = header.batch_id
    since, until = time_of(header, now)
    return LogQuery(
        any_of=(
            header.bos_batch_id,
            header.event_correlation_id,
            *_named(number),
            f"Batch {number} ",
            f"{NOT_COUNTED} {number}:",
            *TELLING,
            *(
                (*LINES, *NEEDLES, TAKEN, *RECEIVED, REQUEST_TAKEN, *QUEUE_TEXTS, EVICTION)
                if whole
                else ()
            ),
        ),
        roles=(Role.CJ, Role.LLM_PROVIDER, Role.RUNNER),
        since=since,
        until=until,
        max_events=WHOLE_EVENTS if whole else 2_000,
    )


def time_of(header: BatchHeader, now: datetime) -> tuple[datetime, datetime]:
    """Return the time whose lines are read for a batch: until a while after its end."""
    last = header.last_activity_at or header.created_at
    until = min(now, last + LOOKED_AFTER) if header.ended else now
    return header.created_at - timedelta(minutes=1), until


def _named(number: int) -> tuple[str, ...]:
    """How fields write a batch's number: as Python or as JSON, as a number or as text."""
    return tuple(
        f"batch_id{quote}:{gap}{value}"
        for quote, gap in (("'", " "), ('"', " "), ('"', ""))
        for value in (number, f"{quote}{number}{quote}")
    )


async def _members(
    sources: Sources, rows: BatchRows, deadline: Deadline, *, whole: bool
) -> frozenset[str]:
    """Return the correlation ids of the comparisons, where lines have to be joined to them."""
    if not (whole or rows.pairs.error or rows.pairs.pending):
        return frozenset()
    number = rows.header.batch_id
    ids = await read(
        DATABASE, sources.database, lambda source: source.members(number), deadline.next_timeout()
    )
    return frozenset() if isinstance(ids, Missing) else frozenset(str(id) for id in ids)


async def owned_of(
    sources: Sources, logs: LogSearch | Missing, deadline: Deadline
) -> Mapping[UUID, int] | Missing:
    """Return which of the rejected callbacks' ids belong to a batch, and to which."""
    events = () if isinstance(logs, Missing) else logs.events
    ids = sorted({id for event in events for id in rejected_ids(event)})[:200]
    if not ids or sources.database is None or isinstance(sources.database, Missing):
        return {}
    return await read(
        DATABASE, sources.database, lambda source: source.owned(ids), deadline.next_timeout()
    )
