"""A Watch over given values, for detector tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.domain.batch import BatchSummary, BlockedSession, ErrorGroup
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueFront, QueueReading
from bot.domain.service_state import ContainerState, ServiceHealth


@dataclass
class GivenWatch:
    """What a tick sees, given as values."""

    now: datetime
    since: datetime
    environment: str = "test"
    logs: Followed | Missing | None = None
    reading: QueueReading | Missing | None = None
    others: Sequence[QueueFront] | Missing | None = None
    owners: Mapping[UUID, int] | Missing | None = None
    batches: Sequence[BatchSummary] | Missing | None = None
    essays: Mapping[str, int] | Missing | None = None
    errors: Sequence[ErrorGroup] | Missing | None = None
    sessions: Sequence[BlockedSession] | Missing | None = None
    outbox: Sequence[OutboxGroup] | Missing | None = None
    services: Sequence[ServiceHealth] | Missing | None = None
    engine: Sequence[ContainerState] | Missing | None = None
    topic: Sequence[SeenCallback] | Missing | None = None
    consumer: ConsumerBacklog | Missing | None = None
    revision: str | Missing | None = None

    async def queue(self) -> QueueReading | Missing | None:
        return self.reading

    async def fronts(self) -> Sequence[QueueFront] | Missing | None:
        return self.others

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        return self.batches

    async def failed_batches(self, since: datetime) -> Sequence[BatchSummary] | Missing | None:
        return self.batches

    async def failures(self, batch_id: int) -> Sequence[ErrorGroup] | Missing | None:
        return self.errors

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        return self.owners

    async def essay_batches(self, ids: Sequence[str]) -> Mapping[str, int] | Missing | None:
        return self.essays

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        return self.sessions

    async def unpublished(self) -> Sequence[OutboxGroup] | Missing | None:
        return self.outbox

    async def health(self) -> Sequence[ServiceHealth] | Missing | None:
        return self.services

    async def containers(self) -> Sequence[ContainerState] | Missing | None:
        return self.engine

    async def callbacks(self) -> Sequence[SeenCallback] | Missing | None:
        return self.topic

    async def backlog(self) -> ConsumerBacklog | Missing | None:
        return self.consumer

    async def schema_revision(self) -> str | Missing | None:
        return self.revision


def said(at: datetime, text: str, *, level: str = "error", role: Role = Role.RUNNER) -> LogEvent:
    """Return an event with a message and nothing else."""
    return LogEvent(at, "service", "container", role, level, text)
