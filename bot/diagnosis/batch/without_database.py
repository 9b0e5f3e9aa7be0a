"""What can be said of a batch while the CJ database cannot be read: its lines and queue items."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import numbered
from bot.diagnosis.comparison.log_events import line_text
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.freshness import unheard
from bot.diagnosis.evidence.read import read, reading
from bot.domain.evidence import HEALTH, LOGS, QUEUE, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch
from bot.domain.queue import QueueReading
from bot.domain.report import Report, TimelineEntry
from bot.domain.service_state import ServiceHealth
from bot.domain.words import joined
from bot.ports import Deadline, Sources
from bot.text.wording import many

MOST_LINES = 20


async def without_rows(
    sources: Sources, ref: str, missing: Missing, now: datetime, *, deadline: Deadline
) -> Report:
    """Return what logs and queue say of `ref`; the verdict stays unknown."""
    names = numbered(ref) if ref.isdecimal() else (ref,)
    query = LogQuery(any_of=names, until=now, max_events=500)
    logs, queue, health = await asyncio.gather(
        read(LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()),
        read(QUEUE, sources.queue, lambda source: source.read(), deadline.next_timeout()),
        system_state.health(sources, deadline),
    )
    return judged(ref, missing, logs, queue, health)


def judged(
    ref: str,
    missing: Missing,
    logs: LogSearch | Missing,
    queue: QueueReading | Missing,
    health: tuple[ServiceHealth, ...] | Missing = system_state.NO_HEALTH,
) -> Report:
    """Return the report of what was found without rows; pure."""
    report = batch_report.unreadable(ref, missing)
    found_events = logs.events if isinstance(logs, LogSearch) else ()
    events = tuple(event for event in found_events if _names(event, ref))
    items = queue.items if isinstance(queue, QueueReading) else ()
    mine = [item for item in items if ref in (item.cj_batch_id, item.bos_batch_id)]
    provider = system_state.provider_state(health, events)
    size = f"{queue.size} in the queue" if isinstance(queue, QueueReading) else ""
    of_those = "Of the logs, those read " if log_coverage.has_gap(logs) else "Logs "
    found = (
        f"{of_those}name it in {many(len(events), 'line')}." if isinstance(logs, LogSearch) else "",
        log_coverage.unread(logs),
        unheard(logs, "what it did since"),
        f"The queue holds {len(mine)} of its items." if isinstance(queue, QueueReading) else "",
    )
    return replace(
        report,
        facts={
            "log_lines": len(events) if isinstance(logs, LogSearch) else None,
            "queue_items": len(mine) if isinstance(queue, QueueReading) else None,
            **provider.facts(),
        },
        timeline=tuple(_entry(event) for event in _telling(events)),
        sources=(
            *report.sources,
            log_coverage.reading(logs),
            reading(QUEUE, queue, size),
            reading(HEALTH, health, system_state.health_words(health)),
        ),
        summary=joined(" ", (part for part in (report.summary, *found, provider.words) if part)),
    )


def _names(event: LogEvent, ref: str) -> bool:
    """Whether a line names the batch itself: number 34 is no part of 340."""
    return not ref.isdecimal() or bool(re.search(rf"(?<!\d){ref}(?!\d)", event.text))


def _telling(events: tuple[LogEvent, ...]) -> list[LogEvent]:
    """Return the errors first of all, then the newest lines, in the order of the log."""
    bad = [event for event in events if event.level in ("error", "critical", "warning")]
    chosen = {id(event) for event in (*bad[-MOST_LINES // 2 :], *events[-MOST_LINES // 2 :])}
    return [event for event in events if id(event) in chosen]


def _entry(event: LogEvent) -> TimelineEntry:
    return TimelineEntry(event.at, event.service, event.container, line_text(event))
