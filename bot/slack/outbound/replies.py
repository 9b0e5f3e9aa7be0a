"""Says answers where they were asked, each once, with a fallback for everything Slack refuses."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp

from bot.domain.chart import Chart
from bot.domain.report import Attachment
from bot.errors import PostError, PostFailure
from bot.ports import Place
from bot.slack.blocks.charts import CHART, MAX_CHARTS
from bot.slack.blocks.limits import CONTAINER
from bot.slack.outbound.block_fallback import ASKS, BlockFallback, Message, Sent, with_details
from bot.slack.outbound.canvases import show_canvas
from bot.slack.outbound.posts import QUIETLY, ChannelPosts
from bot.slack.outbound.response_urls import ResponseUrls, post_to
from bot.slack.outbound.web_api import Web

log = logging.getLogger(__name__)

EVENT_TYPE = "batchbot_answer"
PATIENCE_SECONDS = 90.0
SUBJECT_SECONDS = 5.0
MAX_FILE_BYTES = 5_000_000
MORE_TEXT = "More of this answer"

Draw = Callable[[Chart], Awaitable[Attachment | None]]


async def draw_nothing(_: Chart) -> Attachment | None:
    """Draw no picture, where there is no drawing process."""
    return None


class SlackReplies:
    """Implements the ReplySender port on the Web API and on response_url."""

    def __init__(
        self,
        web: Web,
        session: aiohttp.ClientSession,
        draw: Draw = draw_nothing,
        fallback: BlockFallback | None = None,
    ) -> None:
        self._web = web
        self._session = session
        self._draw = draw
        self._fallback = fallback or BlockFallback()
        self._posts = ChannelPosts(web, EVENT_TYPE)
        self._urls = ResponseUrls()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def public(self, place: Place, message: Message, *, ts: str = "") -> str:
        """Post for everybody in the place, or edit `ts`; return the message's ts, "" if unknown."""
        everyone = {key: value for key, value in message.items() if key != ASKS}
        sent = await self._in_channel(place, everyone, ts)
        if sent.ts:
            thread = place.thread_ts or sent.ts
            refused = CONTAINER in sent.without
            await self._lay_open(place, thread, message.get("details" if refused else "rest", ()))
            for file in message.get("files", ()):
                await self._upload(place.channel, thread, file)
                if file.is_document:
                    await self._canvas(place, thread, file)
            if CHART in sent.without:
                await self._pictures(place.channel, thread, message)
        return sent.ts

    async def private(self, place: Place, message: Message) -> None:
        """Show a message to the asker alone; its files come in a direct message."""
        shown = message
        if message.get("rest") and message.get(ASKS):
            shown = {**message, "blocks": with_details(message["blocks"], message[ASKS]), ASKS: ""}
        await self._to_asker(place, shown)
        if message.get("files"):
            await self.files(place, message["files"], message["text"])

    async def subject(self, place: Place) -> str:
        """Return what the place's thread is about, as our messages in it say; else ""."""
        try:
            async with asyncio.timeout(SUBJECT_SECONDS):
                return await self._posts.subject(place.channel, place.thread_ts)
        except (PostError, TimeoutError) as error:
            log.warning("cannot read what a thread is about: %s", error)
            return ""

    async def withdraw(self, place: Place) -> None:
        """Take away the message, seen by one person alone, whose button was pressed."""
        if not place.response_url or not self._urls.use(place.response_url):
            return
        try:
            await post_to(self._session, place.response_url, {"delete_original": True})
        except PostError as error:
            log.info("an ephemeral message stays: %s", error.message)

    async def _to_asker(self, place: Place, message: Message) -> None:
        if place.response_url and await self._respond(place, message, "ephemeral"):
            return
        try:
            await self._fallback.send(
                message, lambda some: self._whisper(place, some), patience=PATIENCE_SECONDS
            )
        except PostError as error:
            log.warning("could not whisper: %s", error.message)
            await self._direct(place, message)

    async def _in_channel(self, place: Place, message: Message, ts: str) -> Sent:
        async def post(some: Message) -> str:
            return await self._post_once(place, some)

        async def edit(some: Message) -> str:
            await self._posts.edit(place.channel, ts, some)
            return ts

        try:
            async with self._turns[place.channel]:
                return await self._fallback.send(
                    message, edit if ts else post, patience=PATIENCE_SECONDS
                )
        except PostError as error:
            if ts and error.failure is PostFailure.MESSAGE_GONE:
                return await self._in_channel(place, message, "")
            log.warning("could not say an answer in %s: %s", place.channel, error.message)
        if not (place.response_url and await self._respond(place, message, "in_channel")):
            await self._direct(place, message)
        if message.get("files"):
            await self.files(place, message["files"], message["text"])
        return Sent("")

    async def _lay_open(self, place: Place, thread_ts: str, pages: Sequence[Any]) -> None:
        """Say in the thread what is folded, or did not fit, in an answer that everybody reads."""
        there = replace(place, thread_ts=thread_ts, response_url="")
        for page in pages:
            await self._in_channel(there, {"text": MORE_TEXT, "blocks": list(page)}, "")

    async def _canvas(self, place: Place, thread_ts: str, file: Attachment) -> None:
        there = replace(place, thread_ts=thread_ts, response_url="")
        await show_canvas(
            self._web, place.channel, file, lambda told: self._in_channel(there, told, "")
        )

    async def _post_once(self, place: Place, message: Message) -> str:
        """Post, and when it is unknown whether Slack accepted it, look before posting again."""
        token, began = uuid4().hex, datetime.now(UTC)
        for _ in range(3):
            try:
                return await self._posts.post(
                    place.channel, message, token=token, thread_ts=place.thread_ts
                )
            except PostError as error:
                if error.failure is not PostFailure.AMBIGUOUS:
                    raise
                log.warning("an answer may have been taken, looking: %s", error.message)
            await asyncio.sleep(0.5)
            found = await self._posts.find(
                place.channel, token=token, since=began, thread_ts=place.thread_ts
            )
            if found:
                return found
        raise PostError(PostFailure.UNAVAILABLE, "Slack did not take the answer in three tries")

    async def _whisper(self, place: Place, message: Message) -> str:
        await self._web.call(
            "chat.postEphemeral",
            channel=place.channel,
            user=place.user,
            thread_ts=place.whisper_ts or None,
            text=message["text"],
            blocks=list(message["blocks"]) or None,
            link_names=False,
            parse="none",
        )
        return ""

    async def _direct(self, place: Place, message: Message) -> None:
        """Say it in a direct message, the last way left."""

        async def send(some: Message) -> str:
            return await self._posts.post(place.user, some, token=uuid4().hex)

        try:
            await self._fallback.send(message, send, patience=PATIENCE_SECONDS)
        except PostError as error:
            log.error("an answer was lost: %s", error.message)  # noqa: TRY400 - said in full

    async def _respond(self, place: Place, message: Message, kind: str) -> bool:
        """Answer through the response_url; return whether Slack took it."""

        thread_ts = place.whisper_ts if kind == "ephemeral" else place.thread_ts

        async def send(some: Message) -> str:
            if not self._urls.use(place.response_url):
                raise PostError(PostFailure.RIGHTS, "the response_url is used up")
            body = {
                "response_type": kind,
                "replace_original": False,
                "text": some["text"],
                **({"blocks": list(some["blocks"])} if some["blocks"] else {}),
                **({"thread_ts": thread_ts} if thread_ts else {}),
                **{key: QUIETLY[key] for key in ("unfurl_links", "unfurl_media")},
            }
            await post_to(self._session, place.response_url, body)
            return ""

        try:
            await self._fallback.send(message, send, brief=True, patience=PATIENCE_SECONDS)
        except PostError as error:
            log.info("response_url did not work: %s", error.message)
            return False
        return True

    async def files(self, place: Place, files: Sequence[Attachment], about: str) -> None:
        """Send files in a direct message: a file cannot be shown to one person in a channel."""
        note: Mapping[str, Any] = {"text": about, "blocks": []}
        try:
            channel, ts = await self._posts.open(place.user, note, token=uuid4().hex)
        except PostError as error:
            log.warning("could not send files: %s", error.message)
            return
        for file in files:
            await self._upload(channel, ts, file)

    async def _pictures(self, channel: str, thread_ts: str, message: Message) -> None:
        """Show the charts as pictures where the workspace does not draw them itself."""
        for chart in list(message.get("charts", ()))[:MAX_CHARTS]:
            picture = await self._draw(chart)
            if picture is not None:
                await self._upload(channel, thread_ts, picture)

    async def _upload(self, channel: str, thread_ts: str, file: Attachment) -> None:
        if not file.content:
            return
        if len(file.content) > MAX_FILE_BYTES:
            log.warning("%s is too large to be attached", file.filename)
            return
        try:
            await self._web.upload(channel, thread_ts, file)
        except PostError as error:
            log.warning("could not attach %s: %s", file.filename, error.message)
