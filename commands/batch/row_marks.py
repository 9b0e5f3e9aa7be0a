"""What is said of each batch of a list: by its rows, the services' health and CJ's essay lines."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.headline import AROUND
from bot.diagnosis.batch.marks import look_needed
from bot.diagnosis.batch.publisher import event_ids, lost_results
from bot.diagnosis.batch.rules import RULES
from bot.diagnosis.batch.rules.content import NOT_PREPARED, PREPARED_FOR, content_missing
from bot.diagnosis.comparison.causes import OUTBOX_UNPUBLISHED
from bot.diagnosis.evidence import system_state
from bot.diagnosis.evidence.read import read
from bot.diagnosis.evidence.system_state import SystemState
from bot.domain.batch import BatchRows, BatchSummary
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing
from bot.domain.log import LogQuery, LogSearch, Role
from bot.domain.report import Confidence, Severity
from bot.ports import Deadline, Sources
from bot.text.wording import many

TWICE = "essays missing or named twice"
_NOT_READ = "a list does not read it"


@dataclass(frozen=True, slots=True)
class RowMarks:
    """Why each batch needs a look, by its number, and how many were judged by counts alone."""

    by_number: Mapping[int, str]
    unread: int = 0

    @property
    def words(self) -> str:
        """What was not read, as a sentence; empty where all was."""
        if not self.unread:
            return ""
        return f" The rows of {many(self.unread, 'batch')} could not be read, only their counts."


async def row_marks(
    sources: Sources,
    batches: Sequence[BatchSummary],
    now: datetime,
    *,
    deadline: Deadline,
    with_events: bool = False,
) -> RowMarks:
    """Return why each batch needs a look, "" where neither its rows nor its line says so.

    `with_events` asks the logs for events too that rows call published and CJ's publisher held.
    """
    begun = [one.header.created_at for one in batches] if with_events else []
    logs, lost, around, rows = await asyncio.gather(
        _essay_lines(sources, batches, deadline),
        _lost_events(sources, begun, now, deadline),
        system_state.collect(sources, deadline),
        asyncio.gather(*(_rows(sources, one, deadline) for one in batches)),
    )
    marks = {
        one.header.batch_id: _mark(one, read_of_it, logs, around, now)
        or (OUTBOX_UNPUBLISHED.rule.replace("-", " ") if lost & event_ids(one.header) else "")
        for one, read_of_it in zip(batches, rows, strict=True)
    }
    return RowMarks(marks, sum(isinstance(one, Missing) for one in rows))


def _mark(
    summary: BatchSummary,
    rows: BatchRows | Missing | None,
    logs: LogSearch | Missing,
    around: SystemState,
    now: datetime,
) -> str:
    counted = look_needed(summary, now)
    if rows is None or isinstance(rows, Missing) or (counted and not _lacks_essays(summary)):
        return counted
    unread = (Missing(LOGS, _NOT_READ), Missing(QUEUE, _NOT_READ))
    evidence = BatchEvidence(rows, *unread, system=around)
    left_out = content_missing(evidence.having(logs=logs), now) if counted else None
    if left_out:
        return counted if left_out.confidence is Confidence.HIGH else TWICE
    judged = (rule(evidence, now) for rule in RULES if rule is not content_missing)
    loud = (one for one in judged if one and one.severity is not Severity.INFO)
    found = [one for one in loud if one.rule not in AROUND]
    worst = sorted(found, key=lambda one: one.severity is not Severity.ERROR)
    return worst[0].rule.replace("-", " ") if worst else ""


async def _lost_events(
    sources: Sources, begun: Sequence[datetime], now: datetime, deadline: Deadline
) -> frozenset[str]:
    if not begun:
        return frozenset()
    return await lost_results(sources, min(begun), now, deadline=deadline)


def _lacks_essays(summary: BatchSummary) -> bool:
    return missing_essays(summary.header, summary.pairs.total, summary.essays) > 0


async def _rows(
    sources: Sources, summary: BatchSummary, deadline: Deadline
) -> BatchRows | Missing | None:
    number = summary.header.batch_id
    return await read(
        DATABASE, sources.database, lambda source: source.batch(number), deadline.next_timeout()
    )


async def _essay_lines(
    sources: Sources, batches: Sequence[BatchSummary], deadline: Deadline
) -> LogSearch | Missing:
    """Return CJ's lines on the essays of the batches that have fewer than were expected."""
    mine = [one.header for one in batches if _lacks_essays(one)]
    if not mine:
        return Missing(LOGS, _NOT_READ)
    query = LogQuery(
        any_of=(PREPARED_FOR, NOT_PREPARED),
        roles=(Role.CJ,),
        since=min(one.created_at for one in mine),
        max_events=2_000,
    )
    return await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
