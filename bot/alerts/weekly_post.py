"""Asks once a week how batches did, and says it; what was reported survives a restart."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from bot.alerts.policy.digest import WEEK
from bot.alerts.policy.weekly import MondayAt, ToldWeek, due, week_message
from bot.domain.routing.message import AlertMessage
from bot.text.kept import kept_moment

PROGRESS = "weekly"
TellWeek = Callable[[datetime, datetime], Awaitable[ToldWeek | None]]


class WeeklyPost:
    """The weekly message; `tell` reads from a moment to another, None when there is nothing."""

    def __init__(self, monday: MondayAt, tell: TellWeek) -> None:
        self._monday = monday
        self._tell = tell
        self.told: datetime | None = None

    async def message(
        self, now: datetime, environment: str
    ) -> tuple[AlertMessage | None, datetime]:
        """Return the message where it is due, and the moment up to which weeks are reported."""
        is_due, moment = due(self.told, now, self._monday)
        if not is_due:
            return None, moment
        found = await self._tell(moment - WEEK, now)
        return (week_message(found, moment - WEEK, now, environment) if found else None), moment


async def weekly_message(
    post: WeeklyPost | None, now: datetime, environment: str
) -> tuple[AlertMessage | None, dict[str, str]]:
    """Return the message of the week where it is due, and what a tick keeps of that."""
    if post is None:
        return None, {}
    message, told = await post.message(now, environment)
    return message, {PROGRESS: told.isoformat()}


def resume_weekly(post: WeeklyPost | None, kept: Mapping[str, Any]) -> None:
    """Go on from what a tick kept."""
    if post is not None and (told := kept.get(PROGRESS)):
        post.told = kept_moment(told)
