"""What is read for one look at the queue: Redis, the logs, health, and what is remembered."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.freshness import ended_at, heard
from bot.diagnosis.evidence.item_owners import owners_of
from bot.diagnosis.evidence.read import read
from bot.diagnosis.evidence.submission import (
    SUBMISSION_FAILED,
    SubmissionFault,
    lost_submission,
)
from bot.diagnosis.evidence.system_state import (
    NO_HEALTH,
    ProviderState,
    provider_state,
)
from bot.diagnosis.queue.conservation import Departure, vanished
from bot.diagnosis.queue.history import (
    Level,
    levels_of,
)
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS, SNAPSHOT_EVENT
from bot.diagnosis.queue.open_requests import TEXTS, OpenRequests
from bot.diagnosis.queue.timeline import OPENS_AFTER
from bot.diagnosis.queue.unkept_log import ACCEPTED, is_unkept, worked_at
from bot.diagnosis.queue.verdict import (
    Observation,
    carry,
    compact,
    signs_of,
)
from bot.domain.evidence import LOGS, MEMORY, QUEUE, Missing, SourceState
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.service_state import CIRCUIT_TEXTS, ServiceHealth
from bot.ports import Deadline, Sources

# An item leaves by its TTL after 4 hours at the latest, so nothing older can still be stuck.
LOOK_BACK = timedelta(hours=4, minutes=30)
MAX_LINES = 8_000
# Whose samples the bot's memory keeps; a picture is not worth waiting long for.
NEVER = datetime.max.replace(tzinfo=UTC)
WATCHED_BY, MEMORY_SECONDS = "stuck_queue", 3.0
NO_MEMORY = Missing(MEMORY, "not read", SourceState.NOT_CONFIGURED)
LOOP_TEXTS = (
    SNAPSHOT_EVENT,
    *DISPATCH_EVENTS,
    "Queue processor st",
    "Queue processing cancelled",
    "queue processing loop",
    "Failed to get next request",
    "Processing queued request",
    "completed successfully",
    "callback event for request",
    "Requeueing request",
    "Serial bundle processing",
    "processing serial bundle",
    "LLM service error processing",
    "has expired",
    "expired requests",
    "orphaned queue entries",
    "Queued request",
    *TEXTS,
    "Redis queue full",
    "Using local queue",
    *CIRCUIT_TEXTS,
)


@dataclass(frozen=True, slots=True)
class QueueEvidence:
    """What was read for one `/queue`: Redis and the loop's log lines, or why not.

    `owners` is the batch of each item that left the queue, as far as it is known, `ended` those of
    them that have ended. `refused` are CJ's lines on a provider that it could not connect to.
    `opens_after` is how long nothing may move until that is called stuck. `logs_end` is when the
    logs end, or the provider's own, where that is too long ago for them to tell of now,
    `silent_since` the loop's last
    line where others go on and it wrote none in what was looked back over.
    """

    reading: QueueReading | Missing
    logs: LogSearch | Missing
    health: tuple[ServiceHealth, ...] | Missing = NO_HEALTH
    remembered: tuple[Level, ...] | Missing = NO_MEMORY
    owners: Mapping[str, int] = field(default_factory=dict)
    ended: frozenset[int] = frozenset()
    refused: tuple[LogEvent, ...] = ()
    opens_after: timedelta = OPENS_AFTER
    logs_end: datetime | None = None
    silent_since: datetime | None = None

    @property
    def redis(self) -> QueueReading | None:
        """What Redis holds; None where it was not read."""
        return self.reading if isinstance(self.reading, QueueReading) else None

    @property
    def events(self) -> Sequence[LogEvent]:
        """The loop's log lines; none where they were not read."""
        return self.logs.events if isinstance(self.logs, LogSearch) else ()

    @property
    def loop_seen(self) -> bool:
        """Whether the loop's lines would have been found: the provider's log was really read."""
        return isinstance(self.logs, LogSearch) and any(
            cover.scanned or cover.begins_at for cover in self.logs.coverage
        )

    @property
    def dispatches(self) -> list[LogEvent]:
        """The lines by which the loop says what it took."""
        return [event for event in self.events if event.event.strip() in DISPATCH_EVENTS]

    @property
    def provider(self) -> ProviderState:
        """How the LLM provider answers, by its health, its log lines and its items."""
        items = self.redis.items if self.redis else ()
        # A request that asked for a mock says nothing of those that came after it.
        names = [str(event.fields.get("provider") or "") for event in self.dispatches[-1:]]
        own = (*names, *(item.provider for item in items))
        return provider_state(self.health, self.events, own)

    @property
    def unreached(self) -> LogEvent | None:
        """CJ's first line on a provider out of reach, after the last line of its loop."""
        heard = max((one.at for one in self.events if one.at), default=None)
        later = [one for one in self.refused if one.at and (heard is None or one.at > heard)]
        return min(later, key=lambda one: one.at or NEVER, default=None)

    def as_of(self, now: datetime) -> datetime:
        """Return the time that it is known of: without Redis, when the logs end."""
        return self.logs_end if self.logs_end and self.redis is None else now

    def departed(self, now: datetime) -> tuple[Departure, ...]:
        """Return what the lines show to be queued and never to end, and Redis does not hold."""
        if self.redis is None or not self.loop_seen:
            return ()
        since = _seen_from(self.logs, now)
        found = vanished(self.redis, signs_of(self.events), since)
        # Whose end would stand in lines that were not read may have been answered.
        gap = self.logs_end is not None or log_coverage.has_gap(self.logs)
        return tuple(
            replace(
                one,
                is_sound=one.is_sound and not gap,
                batch=str(self.owners.get(one.queue_id, "")),
                is_past=self.owners.get(one.queue_id) in self.ended,
                is_late=log_coverage.is_late(self.logs),
            )
            for one in found
        )

    @property
    def rests_on_ended(self) -> bool:
        """Whether items wait since before the logs end: their silence is the worker's or their own.

        What is in processing is judged by Redis alone.
        """
        if self.logs_end is None or self.redis is None or any(map(_is_taken, self.redis.items)):
            return False
        return any(one.queued_at and one.queued_at <= self.logs_end for one in self.redis.items)

    def observed(self, now: datetime) -> Observation:
        """Return it as one look, such as a tick makes."""
        why = self.reading.reason if isinstance(self.reading, Missing) else ""
        # Beside Redis, which tells of now, the silence of logs that ended is none of the worker's.
        heard = self.loop_seen and (self.rests_on_ended or not (self.logs_end and self.redis))
        gap = log_coverage.has_gap(self.logs)
        requests = OpenRequests().after(self.events, sound=not gap)
        look = Observation(
            at=self.redis.at if self.redis else now,
            reading=requests.marked(self.redis) if self.redis else None,
            snapshots=requests.snapshots,
            signs=compact(requests.told(signs_of(self.events))),
            logs_readable=heard,
            logs_from=_seen_from(self.logs, now) if heard else None,
            unreadable="" if self.redis or self.loop_seen else why,
        )
        return carry(None, look)


def _is_taken(item: QueueItem) -> bool:
    return item.processing_started_at is not None or item.status == "processing"


async def collect_other(sources: Sources, prefix: str, *, deadline: Deadline) -> QueueEvidence:
    """Read a further queue, of which Redis is the only witness."""
    redis = await read(
        QUEUE, sources.queue, lambda queue: queue.read_other(prefix), deadline.next_timeout()
    )
    unheard = Missing(LOGS, "the logs tell of the provider's own queue", SourceState.NOT_CONFIGURED)
    return QueueEvidence(redis, unheard)


async def collect(sources: Sources, now: datetime, *, deadline: Deadline) -> QueueEvidence:
    """Read Redis, and the loop's life signs in the logs since no item can be older."""
    redis, (logs, sent), health, samples = await asyncio.gather(
        read(QUEUE, sources.queue, lambda queue: queue.read(), deadline.next_timeout()),
        _lines(sources, now, deadline),
        system_state.health(sources, deadline),
        read(
            MEMORY,
            sources.memory,
            lambda memory: memory.load_samples(WATCHED_BY, now - LOOK_BACK),
            deadline.next_timeout(MEMORY_SECONDS),
        ),
    )
    ended = ended_at(logs)
    if ended and not isinstance(redis, QueueReading):
        logs, sent = await _lines(sources, ended, deadline)
    ended = ended or _own_end(logs, sent)
    remembered = samples if isinstance(samples, Missing) else levels_of(samples)
    evidence = QueueEvidence(
        redis, logs, health, remembered, refused=_out_of_reach(sent), logs_end=ended
    )
    gone = [one.queue_id for one in evidence.departed(now)]
    owners, batches = await owners_of(sources, gone, now - LOOK_BACK, now, deadline)
    known = evidence.events or evidence.redis
    silent = None if known else await _last_line(sources, now - LOOK_BACK, deadline)
    return replace(evidence, owners=owners, ended=batches, silent_since=silent)


async def _last_line(sources: Sources, until: datetime, deadline: Deadline) -> datetime | None:
    """Return when the loop wrote last, before what was looked back over."""
    query = LogQuery(any_of=LOOP_TEXTS, roles=(Role.LLM_PROVIDER,), until=until, max_events=1)
    found = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    events = found.events if isinstance(found, LogSearch) else ()
    return max((one.at for one in events if one.at), default=None)


async def _lines(
    sources: Sources, until: datetime, deadline: Deadline
) -> tuple[LogSearch | Missing, LogSearch | Missing]:
    """Return the loop's lines, and CJ's on requests that it handed over, or could not."""
    query = LogQuery(
        any_of=LOOP_TEXTS,
        roles=(Role.LLM_PROVIDER,),
        since=until - LOOK_BACK,
        until=until,
        max_events=MAX_LINES,
    )
    failed = replace(
        query, any_of=(SUBMISSION_FAILED, ACCEPTED), roles=(Role.CJ,), max_events=1_000
    )
    loop, sent = await asyncio.gather(
        read(LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()),
        read(LOGS, sources.logs, lambda source: source.search(failed), deadline.next_timeout()),
    )
    return (loop if isinstance(loop, Missing) else heard(loop, sent)), sent


def _own_end(logs: LogSearch | Missing, sent: LogSearch | Missing) -> datetime | None:
    """Return when the provider's log, which these are, ended while CJ's goes on.

    It ended, too, where CJ's lines show the provider at work since.
    """
    if isinstance(logs, Missing):
        return None
    newest = max((one.newest for one in logs.coverage if one.newest), default=None)
    worked = worked_at(sent.events) if isinstance(sent, LogSearch) else None
    unkept = newest if is_unkept(worked, newest) else None
    return log_coverage.ended_at(logs, logs.coverage) or unkept


def _out_of_reach(logs: LogSearch | Missing) -> tuple[LogEvent, ...]:
    """Return CJ's lines on a provider that it could not connect to."""
    events = logs.events if isinstance(logs, LogSearch) else ()
    found = ((event, lost_submission(event)) for event in events)
    return tuple(event for event, lost in found if lost and lost.fault is SubmissionFault.PROVIDER)


def _seen_from(logs: LogSearch | Missing, now: datetime) -> datetime:
    start = now - LOOK_BACK
    if not isinstance(logs, LogSearch):
        return now
    horizon = log_coverage.begins_at(logs.coverage)
    if any(cover.truncated for cover in logs.coverage):
        horizon = next((event.at for event in logs.events if event.at), horizon)
    return max(start, horizon) if horizon else start
