"""A Watch over given values, for detector tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.domain.evidence import Missing
from bot.domain.log import Followed, LogEvent, Role
from bot.domain.queue import QueueReading
from bot.domain.rows import BatchSummary, BlockedSession


@dataclass
class GivenWatch:
    """What a tick sees, given as values."""

    now: datetime
    since: datetime
    environment: str = "test"
    logs: Followed | Missing | None = None
    reading: QueueReading | Missing | None = None
    owners: Mapping[UUID, int] | Missing | None = None

    async def queue(self) -> QueueReading | Missing | None:
        return self.reading

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        return None

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        return self.owners

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        return None


def said(at: datetime, text: str, *, level: str = "error", role: Role = Role.RUNNER) -> LogEvent:
    """Return an event with a message and nothing else."""
    return LogEvent(at, "service", "container", role, level, text)
