"""What became of a batch's callbacks between provider and CJ, read where answers are missing."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.log_events import Outcome, Step, clue_of
from bot.diagnosis.comparison.rejections import TAKEN_END
from bot.diagnosis.evidence.log_coverage import covers, merged
from bot.diagnosis.evidence.read import read
from bot.diagnosis.publishing.delivery import Delivery
from bot.diagnosis.publishing.memory import (
    Fate,
    PublishedCallback,
    memory_of,
    published_by_all,
)
from bot.diagnosis.publishing.outbox_events import (
    AFTER_TEXTS,
    KeptEvent,
    kept_events,
)
from bot.domain.batch import BatchHeader
from bot.domain.evidence import LOGS
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources

TAKEN = "Processing LLM comparison callback"
CJ_STARTED = "CJ Assessment Kafka consumer started"
OUT_OF_RANGE, CALLBACKS = " is out of range for partition", "comparison_result"
MAX_LINES = 20_000
# The clocks of two services differ, and a callback is on its way when the consumer stops.
BESIDE = timedelta(seconds=10)


def with_delivery(evidence: BatchEvidence) -> BatchEvidence:
    """Return the evidence with what was published, held back, lost and taken."""
    if not evidence.pairs.pending or not isinstance(evidence.logs, LogSearch):
        return evidence
    return evidence.having(delivery=delivery_of(evidence.logs))


async def with_results(
    sources: Sources, evidence: BatchEvidence, now: datetime, *, deadline: Deadline
) -> BatchEvidence:
    """Return the evidence with the batch's events that only CJ's publisher held, and their fate.

    What became of them may stand in lines that are later than the batch.
    """
    if not isinstance(evidence.logs, LogSearch):
        return evidence
    events = evidence.logs.events
    first = min((one.at for one in kept_of(evidence.header, kept_events(events))), default=None)
    if first is None:
        return evidence
    query = LogQuery(
        any_of=AFTER_TEXTS, roles=(Role.CJ,), since=first, until=now, max_events=MAX_LINES
    )
    found = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    later = merged(evidence.logs, found).events if isinstance(found, LogSearch) else events
    return replace(evidence, kept_results=kept_of(evidence.header, kept_events(later)))


def event_ids(header: BatchHeader) -> Set[str]:
    """Return the ids by which CJ's events name a batch: its uuid, or its number."""
    return {header.bos_batch_id, str(header.batch_id)}


def kept_of(header: BatchHeader, events: Iterable[KeptEvent]) -> tuple[KeptEvent, ...]:
    """Return the batch's events that only CJ's publisher holds, or held and lost."""
    mine = event_ids(header)
    return tuple(one for one in events if one.aggregate in mine and one.fate is not Fate.DELIVERED)


def delivery_of(logs: LogSearch) -> Delivery:
    """Return what lines say of callbacks between the provider and CJ; pure."""
    published = published_by_all(logs.events)
    taken = [one for one in map(_taken, logs.events) if one is not None]
    ids = {queue_id: at for at, queue_id in reversed(taken)}
    memory = memory_of(logs.events)
    return Delivery(
        memory=memory.without(ids, max(ids.values())) if ids else memory,
        untaken=tuple(one for one in published if one.queue_id not in ids),
        taken_at=max((at for at, _ in taken), default=None),
        at_work=is_at_work(logs.events),
        heard=_is_heard(logs, published),
        overtaken=_overtaken(published, ids),
        regrouped_at=_regrouped_at(logs.events),
        skipped_at=max((one.at for one in logs.events if one.at and _skips(one)), default=None),
    )


def _overtaken(
    published: Iterable[PublishedCallback], taken: Mapping[str, datetime]
) -> Mapping[str, datetime]:
    """Return, by the ids of what was not taken, when one that was published later first was."""
    newest = sorted(published, key=lambda one: one.at, reverse=True)
    found: dict[str, datetime] = {}
    place, first = 0, None
    for one in newest:
        while newest[place].at > one.at + BESIDE:
            at = taken.get(newest[place].queue_id)
            first = min((moment for moment in (first, at) if moment), default=None)
            place += 1
        if first is not None and one.queue_id not in taken:
            found[one.queue_id] = first
    return found


def _regrouped_at(events: Iterable[LogEvent]) -> datetime | None:
    """Return when CJ's consumer began under another group's name than the time before."""
    last = None
    for event in events:
        if event.role is Role.CJ and event.event.startswith(CJ_STARTED):
            group = event.fields.get("group_id")
            if last and group and group != last:
                return event.at
            last = group or last
    return None


def _skips(event: LogEvent) -> bool:
    """Say whether CJ's consumer asks for callbacks that the topic no longer has.

    The line carries no time: it stands behind the line before it.
    """
    return event.role is Role.CJ and any(
        OUT_OF_RANGE in line and CALLBACKS in line for line in event.text.splitlines()
    )


def is_at_work(events: Iterable[LogEvent]) -> bool:
    """Say whether CJ has not ended with the last callback that it took, as it did with others."""
    at_work = ends = False
    for event in events:
        if event.role is Role.CJ and TAKEN in event.event and _taken(event):
            at_work = True
        elif event.role is Role.CJ and event.event.startswith((*TAKEN_END, CJ_STARTED)):
            at_work, ends = False, ends or event.event.startswith(TAKEN_END)
    return at_work and ends


def _taken(event: LogEvent) -> tuple[datetime, str] | None:
    clue = clue_of(event) if event.role is Role.CJ else None
    if clue is None or event.at is None or clue.step is not Step.CONSUMED:
        return None
    return (event.at, clue.queue_id) if clue.outcome is Outcome.DONE else None


def _is_heard(logs: LogSearch, published: Iterable[PublishedCallback]) -> bool:
    """Whether CJ's log was read from before the first publish on, without a cut."""
    first = min((one.at for one in published), default=None)
    names = {one.service for one in logs.coverage if one.service.startswith("cj_")}
    return covers(logs, names, first)
