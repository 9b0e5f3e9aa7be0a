"""What a tick can read of live sources: each source is read at most once a tick."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from bot.domain.batch import BatchSummary, BlockedSession, ErrorGroup
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.evidence import Missing
from bot.domain.followed import Followed, silence
from bot.domain.log import LogEvent, taken_at
from bot.domain.queue import QueueFront, QueueReading
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.errors import SourceError
from bot.ports import CallbackTopic, LogFollow, Sources
from bot.ports.bounded import bounded_read
from bot.text.kept import kept_moment

READ_SECONDS = 8.0
# Lines of several containers do not arrive in the order of their times; a follow that starts
# again begins this much earlier and drops what was already seen.
OVERLAP = timedelta(seconds=10)
MAX_RECENT = 2_000
# So far the clocks of two hosts may differ.
AHEAD = timedelta(seconds=60)

T = TypeVar("T")
Source = TypeVar("Source")


@dataclass
class LiveWatch:
    """One tick's view of the sources; made by a LiveWatcher."""

    now: datetime
    since: datetime
    environment: str
    logs: Followed | Missing | None
    sources: Sources
    timeout: float = READ_SECONDS
    _reads: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    _owned: dict[UUID, int] = field(default_factory=dict)
    _known: set[UUID] = field(default_factory=set)

    async def queue(self) -> QueueReading | Missing | None:
        """Return the queue as it is now."""
        return await self._once("queue", self.sources.queue, lambda queue: queue.read())

    async def fronts(self) -> Sequence[QueueFront] | Missing | None:
        """Return the front of each further queue."""
        return await self._once("fronts", self.sources.queue, lambda queue: queue.fronts())

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        """Return the batches that have not ended."""
        return await self._once("batches", self.sources.database, lambda db: db.open_batches())

    async def failed_batches(self, since: datetime) -> Sequence[BatchSummary] | Missing | None:
        """Return the batches that ended without a result since a moment."""
        return await self._once(
            "failed", self.sources.database, lambda db: db.failed_batches(since)
        )

    async def failures(self, batch_id: int) -> Sequence[ErrorGroup] | Missing | None:
        """Return the failed comparisons of a batch, by what was answered; read at each call."""
        database = self.sources.database
        if database is None or isinstance(database, Missing):
            return database
        answer = await bounded_read(database.name, database.totals([batch_id]), self.timeout)
        return answer if isinstance(answer, Missing) else answer.errors

    async def essay_batches(self, ids: Sequence[str]) -> Mapping[str, int] | Missing | None:
        """Return the CJ batch of each of these essays; read at each call."""
        database = self.sources.database
        if database is None or isinstance(database, Missing):
            return database
        return await bounded_read(database.name, database.essay_batches(ids), self.timeout)

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        """Return the database sessions that block or wait."""
        return await self._once("sessions", self.sources.database, lambda db: db.blocked_sessions())

    async def unpublished(self) -> Sequence[OutboxGroup] | Missing | None:
        """Return what waits in the CJ service's outbox, by event type."""
        return await self._once("outbox", self.sources.database, lambda db: db.unpublished())

    async def health(self) -> Sequence[ServiceHealth] | Missing | None:
        """Return the services' own state."""
        return await self._once("health", self.sources.probe, lambda probe: probe.health())

    async def containers(self) -> Sequence[ContainerState] | Missing | None:
        """Return the services' containers, the newest instance of each first."""
        return await self._once("containers", self.sources.containers, lambda c: c.containers())

    async def callbacks(self) -> Sequence[SeenCallback] | Missing | None:
        """Return the callbacks that the topic brought since the previous tick."""
        return await self._once("callbacks", self.sources.callbacks, _take)

    async def backlog(self) -> ConsumerBacklog | Missing | None:
        """Return how far CJ's consumer has come on the callback topic."""
        return await self._once("backlog", self.sources.callbacks, lambda topic: topic.backlog())

    async def schema_revision(self) -> str | Missing | None:
        """Return the newest migration of the CJ database."""
        return await self._once("schema", self.sources.database, lambda db: db.schema_revision())

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        database = self.sources.database
        if database is None or isinstance(database, Missing):
            return database
        unknown = [id for id in ids if id not in self._known]
        if unknown:
            answer = await bounded_read(database.name, database.owned(unknown), self.timeout)
            if isinstance(answer, Missing):
                return answer
            self._owned.update(answer)
            self._known.update(unknown)
        return {id: self._owned[id] for id in ids if id in self._owned}

    async def _once(
        self,
        name: str,
        source: Source | Missing | None,
        call: Callable[[Source], Awaitable[T]],
    ) -> T | Missing | None:
        if source is None or isinstance(source, Missing):
            return source
        if name not in self._reads:
            label = str(getattr(source, "name", name))
            self._reads[name] = asyncio.create_task(bounded_read(label, call(source), self.timeout))
        answer: T | Missing = await asyncio.shield(self._reads[name])
        return answer


class LiveWatcher:
    """Makes each tick's watch and follows the logs between ticks.

    `wants` says which log events matter; the others are dropped as they come. An event that holds
    none of `needles` matters to no detector, so that a source need not parse it. `progress` is
    what a successor needs to follow on from here without losing or repeating an event.
    """

    def __init__(
        self,
        sources: Sources,
        *,
        environment: str = "",
        wants: Callable[[LogEvent], bool],
        needles: Sequence[str] | None = None,
        timeout: float = READ_SECONDS,
    ) -> None:
        self._sources = sources
        self._bounds = {} if needles is None else {"needles": tuple(needles)}
        self._environment = environment
        self._wants = wants
        self._timeout = timeout
        self._follow: LogFollow | None = None
        self._seen_until: datetime | None = None
        self._recent: deque[tuple[datetime, str]] = deque(maxlen=MAX_RECENT)
        self._skip: frozenset[str] = frozenset()
        # Of each container how far its lines reach, and when they were last seen to go on.
        self._reached: dict[str, tuple[datetime, datetime]] = {}

    def resume(self, progress: Mapping[str, Any]) -> None:
        """Go on where a predecessor's `progress` ended."""
        self._recent.clear()
        self._seen_until = None
        if progress.get("seen_until"):
            until, rows = kept_moment(progress["seen_until"]), progress.get("recent") or ()
            self._recent.extend([(kept_moment(at), str(mark)) for at, mark in rows])
            self._seen_until = until

    def progress(self) -> Mapping[str, Any]:
        """Return what `resume` takes, as JSON values."""
        until = self._seen_until.isoformat() if self._seen_until else None
        return {
            "seen_until": until,
            "recent": [(at.isoformat(), mark) for at, mark in self._recent],
        }

    @property
    def configured(self) -> frozenset[str]:
        """The names of the sources that the settings name."""
        sources = self._sources
        every = (
            *(sources.database, sources.logs, sources.queue, sources.callbacks),
            *(sources.runners, sources.containers, sources.probe),
        )
        return frozenset(
            one.source if isinstance(one, Missing) else one.name for one in every if one is not None
        )

    async def observe(self, *, since: datetime, now: datetime) -> LiveWatch:
        """Return the watch of one tick."""
        logs = _unless_ended(await self._logs(since, now), now, self._sources)
        return LiveWatch(now, since, self._environment, logs, self._sources, self._timeout)

    async def close(self) -> None:
        """Stop following."""
        follow, self._follow = self._follow, None
        if follow is not None:
            await follow.close()

    async def _logs(self, since: datetime, now: datetime) -> Followed | Missing | None:
        source = self._sources.logs
        if source is None or isinstance(source, Missing):
            return source
        if self._follow is None:
            # A line may be written before a tick and reach its reader only after it.
            start = min(since, self._seen_until or since) - OVERLAP
            follow = await bounded_read(
                source.name, source.follow(since=start, **self._bounds), self._timeout
            )
            if isinstance(follow, Missing):
                return follow
            self._follow = follow
            self._skip = frozenset(mark for _, mark in self._recent)
        try:
            followed = self._follow.take()
            return replace(self._new_events(followed, now), reached=self._reaching(followed, now))
        except SourceError as error:
            await self.close()
            return Missing(source.name, error.message)

    def _new_events(self, followed: Followed, now: datetime) -> Followed:
        """Return what was not seen before; what a fast clock dates later was written by now."""
        events = tuple(event for event in followed.events if self._wants(event))
        marked = [(event, _event_hash(event)) for event in events]
        if self._skip:
            marked = [(event, mark) for event, mark in marked if mark not in self._skip]
        self._remember(marked, now, behind=followed.behind)
        return replace(followed, events=tuple(_by_now(event, now) for event, _ in marked))

    def _reaching(self, followed: Followed, now: datetime) -> Mapping[str, datetime]:
        """Return until when the log of each container is known to be written.

        A line that came since the look before was written by now, whatever its clock says: the
        clocks of two hosts differ. A clock that is ahead says nothing of when that was.
        """
        if followed.behind:
            return {name: min(now, at) for name, at in followed.reached.items()}
        for container, at in followed.reached.items():
            before, seen = self._reached.get(container, (at, min(now, at)))
            self._reached[container] = at, now if at != before else seen
        return {name: self._reached[name][1] for name in followed.reached}

    def _remember(
        self, marked: Sequence[tuple[LogEvent, str]], now: datetime, *, behind: bool
    ) -> None:
        times = [event.at for event, _ in marked if event.at is not None]
        if not times:
            return
        # A follow that starts again at a time to come would leave out what is written until then.
        self._seen_until = min(now, max(*times, self._seen_until or times[0]))
        edge = self._seen_until - 2 * OVERLAP
        self._recent.extend((event.at, mark) for event, mark in marked if event.at is not None)
        while self._recent and self._recent[0][0] < edge:
            self._recent.popleft()
        if self._skip and not behind and min(times) > edge + OVERLAP:
            self._skip = frozenset()


def _unless_ended(
    logs: Followed | Missing | None, now: datetime, sources: Sources
) -> Followed | Missing | None:
    """Return what was followed; a missing source where no service writes into it any more.

    Its silence is no end of what an alert tells.
    """
    ended = logs.ended_at(now) if isinstance(logs, Followed) else None
    if ended is None or sources.logs is None or isinstance(sources.logs, Missing):
        return logs
    return Missing(sources.logs.name, silence(ended))


def _by_now(event: LogEvent, now: datetime) -> LogEvent:
    """Return an event as of now, where its clock is ahead by more than clocks differ."""
    return taken_at(event, now) if event.at is not None and event.at - now > AHEAD else event


async def _take(topic: CallbackTopic) -> Sequence[SeenCallback]:
    return topic.take()


def _event_hash(event: LogEvent) -> str:
    text = f"{event.container}|{event.at}|{event.text or event.event}"
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=9).hexdigest()
