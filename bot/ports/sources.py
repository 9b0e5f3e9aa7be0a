"""What can be read of HuleEdu; sources/ implements these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from bot.domain.batch import (
        BatchMatch,
        BatchRows,
        BatchSummary,
        BlockedSession,
        ComparisonTotals,
        TraceRows,
    )
    from bot.domain.batch.outbox import OutboxGroup
    from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
    from bot.domain.followed import Followed
    from bot.domain.ids import RunLabel
    from bot.domain.log import LogQuery, LogSearch, Service
    from bot.domain.queue import QueueFront, QueueItem, QueueReading, Requeued
    from bot.domain.runner import RunnerListing
    from bot.domain.service_state import ContainerState, ServiceHealth
    from bot.ports.rights import TriedRight


class Checkable(Protocol):
    """What every source and the bot's own database can do."""

    async def check(self) -> str:
        """Prove that it answers; return a detail for people. Raises SourceError."""
        ...


class CjDatabase(Protocol):
    """Read-only view of the CJ assessment database. Every method raises SourceError."""

    name: str

    async def find(self, ref: str) -> Sequence[BatchMatch]:
        """Return the batches that `ref` may mean, by the exact meaning first.

        An exact number is a CJ id; then an exact BOS uuid; then a uuid prefix of 6 or more.
        Exact matches hide looser ones; newest first, at most 20.
        """
        ...

    async def batch(self, batch_id: int) -> BatchRows | None:
        """Return everything about one batch, or None when there is no such batch."""
        ...

    async def rows_of(self, batch_ids: Sequence[int]) -> Mapping[int, BatchRows]:
        """Return everything about several batches by their ids, in one read."""
        ...

    async def newest(
        self, *, limit: int = 20, state: str | None = None, before: int | None = None
    ) -> Sequence[BatchSummary]:
        """Return the newest batches; `state` matches state or status, ignoring case.

        With `before` those that came before the batch of that id.
        """
        ...

    async def open_batches(self, *, limit: int = 500) -> Sequence[BatchSummary]:
        """Return the batches that have not ended, oldest activity first."""
        ...

    async def failed_batches(self, since: datetime, *, limit: int = 100) -> Sequence[BatchSummary]:
        """Return the batches that ended without a result since a moment, the newest first."""
        ...

    async def trace(self, id: UUID, *, since: datetime | None = None) -> TraceRows:
        """Return the pairs and batches that carry a uuid in any of their id columns."""
        ...

    async def owned(self, correlation_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        ...

    async def essay_batches(self, essay_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the CJ batch of each of these essays; an essay is of one batch only."""
        ...

    async def begun_by(self, prefix: str, *, limit: int = 20) -> Sequence[UUID]:
        """Return the request correlation ids of comparisons that begin with `prefix`."""
        ...

    async def members(self, batch_id: int, *, limit: int = 20_000) -> Sequence[UUID]:
        """Return the request correlation ids of a batch's comparisons, at most `limit`."""
        ...

    async def totals(self, batch_ids: Sequence[int]) -> ComparisonTotals:
        """Return the sums over the comparisons of several batches."""
        ...

    async def answered_by(self, batch_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        """Return the provider and the model of each batch's first valid answer."""
        ...

    async def blocked_sessions(self, *, older_than_seconds: float = 60) -> Sequence[BlockedSession]:
        """Return sessions idle in transaction or waiting for a lock for longer than that."""
        ...

    async def unpublished(self) -> Sequence[OutboxGroup]:
        """Return what waits in the event outbox, by event type."""
        ...

    async def schema_revision(self) -> str:
        """Return the newest migration that was applied, "" where that may not be read."""
        ...

    async def check(self) -> str:
        """Prove that the database answers; return a detail for people. Used by doctor."""
        ...

    async def tried_rights(self) -> Sequence[TriedRight]:
        """Try what the role should be refused, without a change; used by doctor."""
        ...


class LogSource(Protocol):
    """Bounded search and following of service logs. Every method raises SourceError."""

    name: str

    async def search(self, query: LogQuery) -> LogSearch:
        """Search the logs of the configured services."""
        ...

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> LogFollow:
        """Start to follow all services' logs from `since`, without losing or repeating lines.

        With `needles`, an event whose raw text holds none of them may be left out unparsed.
        """
        ...

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return what exists now: each service with the name of its container or file."""
        ...

    async def check(self) -> str:
        """Prove that the logs can be read; return a detail for people. Used by doctor."""
        ...


class LogFollow(Protocol):
    """A running follow; `take` never waits for a log line."""

    def take(self) -> Followed:
        """Return what arrived since the last call."""
        ...

    async def close(self) -> None:
        """Stop following and free what it holds."""
        ...


class LlmQueue(Protocol):
    """The LLM provider's request queue in Redis. Every method raises SourceError."""

    name: str

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        """Read both keys of the queue; an unreadable queue raises, it is never a size of 0."""
        ...

    async def read_other(self, prefix: str) -> QueueReading:
        """Read a further queue; one that is not configured raises SourceError."""
        ...

    async def fronts(self) -> Sequence[QueueFront]:
        """Return the front of each further queue."""
        ...

    async def find(self, id: UUID) -> Sequence[QueueItem]:
        """Return items whose queue id or correlation id is `id`."""
        ...

    async def requeue(self, item: QueueItem, *, dry_run: bool) -> Requeued:
        """Set an item's status to queued if it is still as it was read; nothing else changes."""
        ...

    async def check(self) -> str:
        """Prove that the queue answers; return a detail for people. Used by doctor."""
        ...


class CallbackTopic(Protocol):
    """The callback topic, read in no one's group and without a commit.

    Every method but `start` raises SourceError when it has nothing to return
    and the topic is not being read.
    """

    name: str

    async def start(self) -> None:
        """Begin to read in the background; what others call starts it too."""
        ...

    def take(self) -> Sequence[SeenCallback]:
        """Return the callbacks seen since the last call, good and rejected ones."""
        ...

    async def find(self, id: UUID) -> Sequence[SeenCallback]:
        """Return remembered callbacks with that correlation or request id."""
        ...

    async def backlog(self) -> ConsumerBacklog:
        """Return how far CJ's consumer group has come."""
        ...

    async def label(self, label: str) -> RunLabel | None:
        """Return what the newest request with that run label stands for."""
        ...

    async def check(self) -> str:
        """Prove that the topic answers; return a detail for people. Used by doctor."""
        ...


class RunnerSource(Protocol):
    """The ENG5 runners, as containers and as processes. Every method raises SourceError."""

    name: str

    async def list(self) -> RunnerListing:
        """Return the runners that exist now; only what matches the runner patterns is one."""
        ...

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        """Ask a runner to end, force it after the grace, and return in words how it ended.

        Looks again first, so that an id that is no runner any more is never touched.
        """
        ...

    async def check(self) -> str:
        """Prove that runners can be looked for; return a detail for people. Used by doctor."""
        ...


class ContainerSource(Protocol):
    """The containers of the configured services. Every method raises SourceError."""

    name: str

    async def containers(self) -> Sequence[ContainerState]:
        """Return the services' containers, stopped ones too, newest instance first."""
        ...

    async def check(self) -> str:
        """Prove that containers can be inspected; return a detail for people. Used by doctor."""
        ...


class ServiceProbe(Protocol):
    """The HTTP health and metrics of CJ and the LLM provider. Every method raises SourceError."""

    name: str

    async def health(self) -> Sequence[ServiceHealth]:
        """Return what each configured service says of itself now."""
        ...

    async def check(self) -> str:
        """Prove that the services answer; return a detail for people. Used by doctor."""
        ...
