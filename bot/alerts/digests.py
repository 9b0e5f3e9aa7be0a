"""What is said by the clock and not by an alert: the daily digest, the morning, the week."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.alerts.kept import taken_up
from bot.alerts.policy.digest import DigestState, digest
from bot.alerts.policy.inhibition import Decided
from bot.alerts.policy.morning import Morning, morning_digest
from bot.alerts.tick_progress import TickProgress
from bot.alerts.weekly_post import WeeklyPost, resume_weekly, weekly_message
from bot.domain.alert import Alert
from bot.domain.routing.message import AlertMessage


@dataclass(frozen=True, slots=True)
class Digests:
    """Which of them there are; `every` of zero means no daily digest."""

    environment: str
    every: timedelta
    morning: Morning | None = None
    weekly: WeeklyPost | None = None

    async def due(
        self,
        alerts: Sequence[Alert],
        decisions: Sequence[Decided],
        kept: TickProgress,
        now: datetime,
    ) -> tuple[tuple[AlertMessage, ...], TickProgress, Mapping[str, Any]]:
        """Return the messages that are due, and what is kept of them: of the week apart."""
        message, quiet = self._daily(decisions, kept, now)
        wake, told = morning_digest(
            alerts, decisions, kept.told_morning, now, self.morning, self.environment
        )
        week, weekly = await weekly_message(self.weekly, now, self.environment)
        messages = tuple(one for one in (message, wake, week) if one is not None)
        return messages, replace(kept, quiet=quiet, told_morning=told), weekly

    def resume(self, left: Mapping[str, Any]) -> None:
        """Go on from what was kept of the week."""
        taken_up("the week", lambda: resume_weekly(self.weekly, left), None)

    def _daily(
        self, decisions: Sequence[Decided], kept: TickProgress, now: datetime
    ) -> tuple[AlertMessage | None, DigestState]:
        if not self.every:
            return None, DigestState()
        return digest(decisions, kept.quiet, now, self.every, self.environment)
