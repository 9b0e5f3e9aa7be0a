"""What the bot remembers, as commands see it; alerts/ implements it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.domain.alert import Alert, AlertEvent, Recording, Sample
    from bot.domain.changes.change import Change, Noted
    from bot.domain.ids import RunLabel
    from bot.domain.mute import Mute
    from bot.domain.progress import BatchWatch


class BotMemory(Protocol):
    """The bot's own Postgres as commands see it. Every method raises SourceError."""

    name: str

    async def check(self) -> str:
        """Prove that the database answers; return a detail for people."""
        ...

    async def load_samples(self, detector: str, since: datetime) -> tuple[Sample, ...]:
        """Return what a detector's ticks saw after `since`, oldest first, as far as kept."""
        ...

    async def alias(self, label: str) -> str | None:
        """Return the id that a run label stands for."""
        ...

    async def set_alias(self, label: str, ref: str, *, by: str) -> None:
        """Remember what a run label stands for."""
        ...

    async def learn(self, labels: Sequence[RunLabel]) -> None:
        """Remember what run labels stand for, as the bot read it; a person's alias goes first."""
        ...

    async def learned(self, label: str) -> Sequence[str]:
        """Return the BOS ids of the runs that had a label, newest first."""
        ...

    async def audit(self, who: str, where: str, what: str, outcome: str) -> None:
        """Write one line of the audit trail."""
        ...

    async def alerts(
        self, now: datetime, *, history: bool = False, limit: int = 5_000
    ) -> Sequence[Alert]:
        """Return open alerts (or all), last changed first, with the silences that hold."""
        ...

    async def events(self, key: str = "", *, limit: int = 100) -> Sequence[AlertEvent]:
        """Return what happened to one alert, or to any, newest first."""
        ...

    async def acknowledge(self, key: str, *, by: str, now: datetime) -> Alert:
        """Note who looks after an open alert; return it with whoever said so first.

        Raises NotFoundError when no such alert is open.
        """
        ...

    async def snooze(self, key: str, until: datetime, *, by: str, now: datetime) -> Alert:
        """Silence one alert until a time, over resolves and restarts. Raises NotFoundError."""
        ...

    async def release(self, key: str, *, by: str, now: datetime) -> Alert:
        """Withdraw the acknowledgement of an alert. Raises NotFoundError where there is none."""
        ...

    async def wake(self, key: str, *, by: str, now: datetime) -> Alert:
        """End the snooze of an alert. Raises NotFoundError when it is not snoozed."""
        ...

    async def note(self, key: str, text: str, *, by: str, now: datetime) -> Alert:
        """Keep what helped against an alert; it is shown when it opens again."""
        ...

    async def mute(self, mute: Mute, *, now: datetime) -> None:
        """Silence a pattern; a mute takes the place of an earlier one on the same pattern."""
        ...

    async def unmute(self, pattern: str, *, by: str, now: datetime) -> int:
        """End every silence on a pattern, also those to come; return how many there were."""
        ...

    async def mutes(self, now: datetime) -> Sequence[Mute]:
        """Return the silences that hold, and those to come."""
        ...

    async def watch(
        self, batch_id: int, *, channel: str, thread_ts: str, asker: str, now: datetime
    ) -> bool:
        """Begin to watch a batch in a channel; False when it is watched there already."""
        ...

    async def watches(self) -> Sequence[BatchWatch]:
        """Return what is watched, oldest first."""
        ...

    async def watched(self, id: int, *, ts: str, now: datetime, ended: bool = False) -> None:
        """Remember a watch's message, and that it is over."""
        ...

    async def unwatch(self, batch_id: int, *, channel: str, now: datetime) -> int:
        """Stop watching a batch in a channel; return how many watches that ended."""
        ...

    async def changes(
        self, since: datetime, until: datetime, *, limit: int = 500
    ) -> Sequence[Change]:
        """Return what changed between two moments, the newest first."""
        ...

    async def last_noted(self) -> Noted | None:
        """Return what the bot knows of what may change; None before its first tick."""
        ...

    async def recording(self, key: str, *, now: datetime) -> Recording:
        """Return an alert with the samples it was judged by. Raises NotFoundError."""
        ...
