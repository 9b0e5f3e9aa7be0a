"""What a detector reads, out of a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bot.domain.batch import BatchSummary, BlockedSession, ErrorGroup
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.queue import QueueFront, QueueReading
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.replay.samples import Recorded


@dataclass(slots=True)
class RecordedWatch:
    """The Watch port over a recording."""

    now: datetime
    since: datetime
    environment: str
    logs: Followed | Missing | None
    recorded: Recorded | None = field(default=None)

    async def queue(self) -> QueueReading | Missing | None:
        """Return the recorded queue."""
        return self.recorded.queue if self.recorded else None

    async def fronts(self) -> Sequence[QueueFront] | Missing | None:
        """Return nothing: a recording holds the provider's own queue."""
        return None

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        """Return the recorded batches; None when none were recorded."""
        return self.recorded.batches if self.recorded else None

    async def failed_batches(self, since: datetime) -> Sequence[BatchSummary] | Missing | None:
        """Return the recorded batches that ended without a result; None when none were recorded."""
        return await self.open_batches()

    async def failures(self, batch_id: int) -> Sequence[ErrorGroup] | Missing | None:
        """Return nothing: a recording holds the lines in which the provider failed."""
        return None

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        """Return the recorded owners; None when none were recorded."""
        return self.recorded.owned if self.recorded else None

    async def essay_batches(self, ids: Sequence[str]) -> Mapping[str, int] | Missing | None:
        """Return nothing: a recording holds no essays."""
        return None

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        """Return the recorded sessions; None when none were recorded."""
        return self.recorded.sessions if self.recorded else None

    async def unpublished(self) -> Sequence[OutboxGroup] | Missing | None:
        """Return the recorded outbox; None when none was recorded."""
        return self.recorded.outbox if self.recorded else None

    async def health(self) -> Sequence[ServiceHealth] | Missing | None:
        """Return the recorded health; None when none was recorded."""
        return self.recorded.health if self.recorded else None

    async def containers(self) -> Sequence[ContainerState] | Missing | None:
        """Return the recorded containers; None when none were recorded."""
        return self.recorded.containers if self.recorded else None

    async def callbacks(self) -> Sequence[SeenCallback] | Missing | None:
        """Return nothing: a recording holds the log lines that callbacks leave."""
        return None

    async def backlog(self) -> ConsumerBacklog | Missing | None:
        """Return nothing: a recording holds no topic."""
        return None

    async def schema_revision(self) -> str | Missing | None:
        """Return nothing: a recording holds no migrations."""
        return None
