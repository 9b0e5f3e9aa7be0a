"""What a tick needs of the others: the memory it writes to, and the watch it looks through."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.alerts.policy.messages import OutboxHealth
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.alert import (
    Alert,
    Sample,
)
from bot.domain.mute import Mute
from bot.ports import Watch


class Memory(Protocol):
    """The part of the bot's memory that a tick needs."""

    async def lead(self) -> bool:
        """Become or remain the one that ticks, and begin a tick."""
        ...

    async def keep(self) -> bool:
        """Become or remain the one that ticks."""
        ...

    async def load_alerts(self, now: datetime) -> list[Alert]:
        """Return the alerts that are open or ended of late."""
        ...

    async def load_samples(self, detector: str, since: datetime) -> tuple[Sample, ...]:
        """Return a detector's samples after `since`, oldest first."""
        ...

    async def load_progress(self) -> tuple[datetime, Mapping[str, Any]] | None:
        """Return when the last tick was, and what it left for the next."""
        ...

    async def mutes(self, now: datetime) -> Sequence[Mute]:
        """Return the silences that hold."""
        ...

    async def outbox_health(self) -> OutboxHealth:
        """Return how much waits to be said."""
        ...

    async def save_tick(self, record: TickRecord) -> None:
        """Write one tick as a whole."""
        ...


class Watcher(Protocol):
    """Makes the watch of each tick."""

    def resume(self, progress: Mapping[str, Any]) -> None:
        """Go on where a predecessor ended."""
        ...

    def progress(self) -> Mapping[str, Any]:
        """Return what a successor needs to go on from here."""
        ...

    async def look(self, *, since: datetime, now: datetime) -> Watch:
        """Return the watch of one tick."""
        ...

    async def close(self) -> None:
        """Stop following."""
        ...
