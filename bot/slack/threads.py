"""Alert messages in Slack: heads, replies and edits, each findable by its token."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.alert import AlertMessage
from bot.slack.alert_message import Takes, any_command, render
from bot.slack.posts import Posts
from bot.slack.web import Web

EVENT_TYPE = "batchbot_alert"


class Threads:
    """Posts alert messages; implements the Messenger port. No method tries twice by itself."""

    def __init__(
        self, web: Web, takes: Takes = any_command, names: Mapping[str, str] | None = None
    ) -> None:
        self._posts = Posts(web, EVENT_TYPE)
        self._takes = takes
        self._names = names or {}

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Post a head message, or a reply into `thread_ts`; return the message's ts."""
        return await self._posts.post(
            channel, render(message, self._takes, self._names), token=token, thread_ts=thread_ts
        )

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Edit a head message so that it shows what is known now."""
        await self._posts.edit(channel, ts, render(message, self._takes, self._names))

    async def find(
        self, *, channel: str, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries `token`, or None when there is none."""
        return await self._posts.find(channel, token=token, since=since, thread_ts=thread_ts)
