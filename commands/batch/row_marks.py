"""What is said of each batch of a list: what its own answer says of it, where that needs a look.

All rows are read in one query, CJ's lines in one search. What a line tells of a batch whose rows
show no fault is read for it as for its own answer; where answers came twice, all of it is read.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bot.diagnosis.batch.collect import TELLING, collect, owned_of, time_of
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.finalisation_lines import DECIDED
from bot.diagnosis.batch.headline import AROUND
from bot.diagnosis.batch.marks import ENDED_AGAIN, look_needed
from bot.diagnosis.batch.publisher import kept_of
from bot.diagnosis.batch.rules import RULES
from bot.diagnosis.batch.rules.content import CONTENT_MISSING, LACKED, PREPARED_FOR, PUBLISHED
from bot.diagnosis.comparison.causes import REPEATED_FINALISATION
from bot.diagnosis.comparison.log_events import clue_of
from bot.diagnosis.comparison.repeats import REPEATED
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.read import configured, read
from bot.diagnosis.evidence.submission import KAFKA_AWAY
from bot.diagnosis.publishing.outbox_events import AFTER_TEXTS, kept_events
from bot.domain.batch import BatchHeader, BatchSummary
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing, SourceReading
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.domain.report import Confidence, Severity
from bot.ports import Deadline, Sources
from bot.text.wording import many

TWICE = "essays missing or named twice"
MOST_LINES = 20_000
# It carries the rate that must not pass 1.
COUNTED = ("completion detected", " completion check: ")
# Reading everything of a batch takes a second where it has many lines.
MOST_WHOLE = 10
_NOT_READ = Missing(QUEUE, "a list does not read it")
# A client that cannot reach Kafka writes a line an attempt, ten thousand in an hour. They tell in
# words why a comparison was not sent, and mark no row.
_TOLD = (*TELLING, *DECIDED, *LACKED, PREPARED_FOR, PUBLISHED, *AFTER_TEXTS, *COUNTED)
_LINES = tuple(text for text in _TOLD if text not in KAFKA_AWAY)


@dataclass(frozen=True, slots=True)
class RowMarks:
    """Why each batch needs a look, by its number; how many were judged by counts alone.

    `logs` are the lines that were read for all of them, None where there was none to ask for.
    """

    by_number: Mapping[int, str]
    logs: LogSearch | Missing | None = None
    unread: int = 0

    @property
    def words(self) -> str:
        """What was not read, as a sentence; empty where all was."""
        rows = f"The rows of {many(self.unread, 'batch')} could not be read, only their counts."
        lines = "The logs could not be read: what lines alone tell is not among these marks."
        unread = isinstance(self.logs, Missing) and configured(self.logs)
        told = (rows if self.unread else "", lines if unread else "")
        return "".join(f" {one}" for one in told if one)

    @property
    def readings(self) -> tuple[SourceReading, ...]:
        """The account of the logs, where there are any."""
        if self.logs is None or not configured(self.logs):
            return ()
        return (log_coverage.reading(self.logs),)


async def row_marks(
    sources: Sources, batches: Sequence[BatchSummary], now: datetime, *, deadline: Deadline
) -> RowMarks:
    """Return why each batch needs a look, "" where its own answer would call it well."""
    if not batches:
        return RowMarks({})
    read = await collect_several(sources, [one.header for one in batches], now, deadline=deadline)
    found = {} if isinstance(read.batches, Missing) else read.batches
    marks = {
        one.header.batch_id: _mark(one, found.get(one.header.batch_id), now) for one in batches
    }
    unread = len(batches) if isinstance(read.batches, Missing) else 0
    return RowMarks(marks, read.logs, unread)


def _mark(summary: BatchSummary, evidence: BatchEvidence | None, now: datetime) -> str:
    counted = look_needed(summary, now)
    if evidence is None or (counted and not _lacks_essays(summary)):
        return counted
    loud = [
        one
        for rule in RULES
        if (one := rule(evidence, now)) and one.severity is not Severity.INFO
        if one.rule not in AROUND
    ]
    worst = sorted(loud, key=lambda one: one.severity is not Severity.ERROR)
    left_out = next((one for one in loud if one.rule == CONTENT_MISSING), None)
    # The lesser of two faults is not what a line has room for.
    if counted and left_out and worst[0].severity is left_out.severity:
        return counted if left_out.confidence is Confidence.HIGH else TWICE
    return _in_words(worst[0].rule) if worst else ""


def _in_words(rule: str) -> str:
    """Return a rule as a mark: the words in which the rows alone would say it."""
    return ENDED_AGAIN if rule == REPEATED_FINALISATION.rule else rule.replace("-", " ")


def _lacks_essays(summary: BatchSummary) -> bool:
    return missing_essays(summary.header, summary.pairs.total, summary.essays) > 0


@dataclass(frozen=True, slots=True)
class Several:
    """What was read of each batch, by its number, and the lines that were read for all of them."""

    batches: Mapping[int, BatchEvidence] | Missing
    logs: LogSearch | Missing


async def collect_several(
    sources: Sources, headers: Sequence[BatchHeader], now: datetime, *, deadline: Deadline
) -> Several:
    """Read one batch or more at once; Missing takes the place of what could not be read."""
    numbers = [one.batch_id for one in headers]
    rows, logs, around = await asyncio.gather(
        read(
            DATABASE,
            sources.database,
            lambda source: source.rows_of(numbers),
            deadline.next_timeout(),
        ),
        _lines(sources, headers, now, deadline),
        system_state.collect(sources, deadline),
    )
    if isinstance(rows, Missing):
        return Several(rows, logs)
    owned = await owned_of(sources, logs, deadline)
    kept = () if isinstance(logs, Missing) else kept_events(logs.events)
    found = {
        number: BatchEvidence(
            mine,
            _of_time(logs, mine.header, now),
            _NOT_READ,
            owned,
            around,
            kept_results=kept_of(mine.header, kept),
        )
        for number, mine in rows.items()
    }
    twice = await _answered_twice(sources, found, logs, deadline)
    whole = await asyncio.gather(
        *(collect(sources, number, now, deadline=deadline, whole=True) for number in twice)
    )
    read_whole = {
        one.header.batch_id: one
        for one in whole
        if one is not None and not isinstance(one, Missing)
    }
    return Several(found | read_whole, logs)


async def _lines(
    sources: Sources, headers: Iterable[BatchHeader], now: datetime, deadline: Deadline
) -> LogSearch | Missing:
    query = LogQuery(
        any_of=_LINES,
        roles=(Role.CJ, Role.RUNNER),
        since=min(time_of(one, now)[0] for one in headers),
        until=now,
        max_events=MOST_LINES,
    )
    return await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )


def _of_time(logs: LogSearch | Missing, header: BatchHeader, now: datetime) -> LogSearch | Missing:
    """Return the lines of one batch's time, as its own answer reads them."""
    if isinstance(logs, Missing):
        return logs
    since, until = time_of(header, now)
    mine = (event for event in logs.events if event.at is None or since <= event.at <= until)
    return replace(logs, events=tuple(mine))


async def _answered_twice(
    sources: Sources,
    found: Mapping[int, BatchEvidence],
    logs: LogSearch | Missing,
    deadline: Deadline,
) -> Sequence[int]:
    """Return the newest batches of which a comparison was answered again, or may have been.

    A line whose id no row carries may be of any batch of its time.
    """
    events = () if isinstance(logs, Missing) else logs.events
    repeats = [event for event in events if REPEATED in event.event]
    if not repeats:
        return ()
    ids = sorted({given for event in repeats if (given := _id_of(event))})
    owned = await read(
        DATABASE, sources.database, lambda source: source.owned(ids), deadline.next_timeout()
    )
    owners = {} if isinstance(owned, Missing) else owned
    unowned = {id(event) for event in repeats if _id_of(event) not in owners}
    of_time = {
        number for number, one in found.items() if not unowned.isdisjoint(map(id, one.nearby))
    }
    numbers = (set(owners.values()) & found.keys()) | of_time
    return sorted(numbers, reverse=True)[:MOST_WHOLE]


def _id_of(event: LogEvent) -> UUID | None:
    """Return the comparison's id of a line that tells of an answer to what has one."""
    clue = clue_of(event)
    return UUID(clue.correlation_id) if clue and len(clue.correlation_id) == 36 else None
