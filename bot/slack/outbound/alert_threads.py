"""Alert messages in Slack: parent messages, replies and edits, each findable by its token."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from bot.domain.routing.message import AlertMessage
from bot.errors import PostError
from bot.slack.blocks.alert import render
from bot.slack.blocks.alert_buttons import Takes, any_command
from bot.slack.blocks.charts import CHART
from bot.slack.blocks.limits import CONTAINER
from bot.slack.outbound.block_fallback import BlockFallback, Message
from bot.slack.outbound.posts import SUBJECT, ChannelPosts
from bot.slack.outbound.replies import Draw, draw_nothing
from bot.slack.outbound.web_api import Web

log = logging.getLogger(__name__)

EVENT_TYPE = "batchbot_alert"
MORE_TEXT = "What it rests on"


class Threads:
    """Posts alert messages; implements the Messenger port. No method retries."""

    def __init__(
        self,
        web: Web,
        takes: Takes = any_command,
        names: Mapping[str, str] | None = None,
        draw: Draw = draw_nothing,
        fallback: BlockFallback | None = None,
    ) -> None:
        self._web = web
        self._draw = draw
        self._fallback = fallback or BlockFallback()
        self._posts = ChannelPosts(web, EVENT_TYPE)
        self._takes = takes
        self._names = names or {}

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Post a parent message, or a reply into `thread_ts`; return the message's ts."""

        async def send(some: Message) -> str:
            return await self._posts.post(
                channel, some, token=token, thread_ts=thread_ts, broadcast=message.broadcast
            )

        shown = {**render(message, self._takes, self._names), SUBJECT: _subject(message)}
        sent = await self._fallback.send(shown, send, bare=False)
        thread = thread_ts or sent.ts
        if CONTAINER in sent.without:
            await self._lay_open(shown, channel, thread)
        if CHART in sent.without:
            await self._picture(message, channel, thread)
        return sent.ts

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Edit a parent message so that it shows what is known now."""

        async def send(some: Message) -> str:
            await self._posts.edit(channel, ts, some)
            return ts

        await self._fallback.send(render(message, self._takes, self._names), send, bare=False)

    async def _lay_open(self, shown: Message, channel: str, thread_ts: str) -> None:
        """Say in the thread what is folded where Slack folds nothing; without it the alert stands.

        What is already said is known by its token, which comes of the thread and the page.
        """
        for number, page in enumerate(shown.get("details", ())):
            token = str(uuid5(NAMESPACE_OID, f"{channel} {thread_ts} {number}"))
            more = {"text": MORE_TEXT, "blocks": list(page)}
            try:
                await self._posts.post(channel, more, token=token, thread_ts=thread_ts)
            except PostError as error:
                log.warning("could not say what an alert rests on: %s", error.message)

    async def _picture(self, message: AlertMessage, channel: str, thread_ts: str) -> None:
        """Show the chart as a picture in the thread; without it the alert is said all the same."""
        chart = message.alert.condition.chart
        picture = await self._draw(chart) if chart else None
        if picture is None:
            return
        try:
            await self._web.upload(channel, thread_ts, picture)
        except PostError as error:
            log.warning("could not attach an alert's chart: %s", error.message)

    async def find(
        self, *, channel: str, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries `token`, or None when there is none."""
        return await self._posts.find(channel, token=token, since=since, thread_ts=thread_ts)

    async def greet(self) -> None:
        """Return once Slack answered the smallest of questions. Raises PostError."""
        await self._web.call("auth.test")


def _subject(message: AlertMessage) -> str:
    """Return what a question in an alert's thread may leave out."""
    condition = message.alert.condition
    if condition.batch:
        return f"batch {condition.batch}"
    if condition.correlation_id:
        return f"trace {condition.correlation_id}"
    return "queue" if "queue" in message.alert.detector else ""
