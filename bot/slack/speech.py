"""Says answers where they were asked, each once, with a fallback for everything Slack refuses."""

import asyncio
import json
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp

from bot.domain.report import Attachment
from bot.errors import PostError, PostFailure
from bot.ports import Place
from bot.slack.parts import without
from bot.slack.posts import QUIETLY, Posts
from bot.slack.web import Web, patiently

log = logging.getLogger(__name__)

EVENT_TYPE = "batchbot_answer"
OPTIONAL_BLOCKS = frozenset({"table"})
MAX_RESPONSES = 4
RESPONSE_SECONDS = 10
PATIENCE_SECONDS = 90.0
MAX_FILE_BYTES = 5_000_000

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[str]]


class ResponseUrls:
    """Counts the uses of each response_url: Slack allows five within 30 minutes."""

    def __init__(self, limit: int = MAX_RESPONSES, remembered: int = 5_000) -> None:
        self._uses: OrderedDict[str, int] = OrderedDict()
        self._limit = limit
        self._remembered = remembered

    def use(self, url: str) -> bool:
        """Take one use, or say that there is none left."""
        used = self._uses.pop(url, 0)
        self._uses[url] = used + 1
        if len(self._uses) > self._remembered:
            self._uses.popitem(last=False)
        return used < self._limit


class SlackSpeech:
    """Implements the Speech port on the Web API and on response_url."""

    def __init__(self, web: Web, session: aiohttp.ClientSession) -> None:
        self._web = web
        self._session = session
        self._posts = Posts(web, EVENT_TYPE)
        self._urls = ResponseUrls()
        self._refused: frozenset[str] = frozenset()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def public(self, place: Place, message: Message, *, ts: str = "") -> str:
        """Post for everybody in the place, or edit `ts`; return the message's ts, "" if unknown."""
        stands_at = await self._in_channel(place, message, ts)
        if stands_at:
            for file in message.get("files", ()):
                await self._upload(place, place.thread_ts or stands_at, file)
        return stands_at

    async def private(self, place: Place, message: Message) -> None:
        """Show a message to the asker alone."""
        if place.response_url and await self._respond(place, message, "ephemeral"):
            return
        try:
            await self._fitting(message, lambda some: self._whisper(place, some))
        except PostError as error:
            log.warning("could not whisper: %s", error.message)
            await self._direct(place, message)

    async def home(self, user: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Publish the user's App Home."""

        async def publish(some: Message) -> str:
            view = {"type": "home", "blocks": list(some["blocks"])[:100]}
            await self._web.call("views.publish", user_id=user, view=view)
            return ""

        try:
            await self._fitting({"text": "Home", "blocks": list(blocks)}, publish, text_only=False)
        except PostError as error:
            log.warning("could not publish a home: %s", error.message)

    async def _in_channel(self, place: Place, message: Message, ts: str) -> str:
        async def post(some: Message) -> str:
            return await self._post_once(place, some)

        async def edit(some: Message) -> str:
            await self._posts.edit(place.channel, ts, some)
            return ts

        try:
            async with self._turns[place.channel]:
                return await self._fitting(message, edit if ts else post)
        except PostError as error:
            if ts and error.failure is PostFailure.MESSAGE_GONE:
                return await self._in_channel(place, message, "")
            log.warning("could not say an answer in %s: %s", place.channel, error.message)
        if place.response_url and await self._respond(place, message, "in_channel"):
            return ""
        await self._direct(place, message)
        return ""

    async def _post_once(self, place: Place, message: Message) -> str:
        """Post, and when nobody knows whether Slack took it, look before posting again."""
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
            thread_ts=place.thread_ts or None,
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
            await self._fitting(message, send)
        except PostError as error:
            log.error("an answer was lost: %s", error.message)  # noqa: TRY400 - said in full

    async def _fitting(self, message: Message, send: Send, *, text_only: bool = True) -> str:
        """Send a message; refused blocks are said in plainer ones, then in text alone."""
        plainer = {**message, "blocks": without(message["blocks"], OPTIONAL_BLOCKS)}
        full = {**message, "blocks": without(message["blocks"], self._refused)}
        bare = [{**message, "blocks": []}] if text_only else []
        waited, tries = 0.0, [full, *([plainer] if plainer != full else []), *bare]
        while True:
            try:
                sent = await send(tries[0])
            except PostError as error:
                if error.failure is PostFailure.PAYLOAD and len(tries) > 1:
                    log.warning("Slack refused a message's blocks: %s", error.message)
                    tries.pop(0)
                    continue
                waited = await patiently(error, waited, PATIENCE_SECONDS)
            else:
                if tries[0] is plainer:
                    self._refused = OPTIONAL_BLOCKS
                return sent

    async def _respond(self, place: Place, message: Message, kind: str) -> bool:
        """Answer through the response_url; return whether Slack took it."""

        async def send(some: Message) -> str:
            if not self._urls.use(place.response_url):
                raise PostError(PostFailure.RIGHTS, "the response_url is used up")
            body = {
                "response_type": kind,
                "replace_original": False,
                "text": some["text"],
                **({"blocks": list(some["blocks"])} if some["blocks"] else {}),
                **({"thread_ts": place.thread_ts} if place.thread_ts else {}),
                **{key: QUIETLY[key] for key in ("unfurl_links", "unfurl_media")},
            }
            await self._to_url(place.response_url, body)
            return ""

        try:
            await self._fitting(message, send)
        except PostError as error:
            log.info("response_url did not work: %s", error.message)
            return False
        return True

    async def _to_url(self, url: str, body: Mapping[str, Any]) -> None:
        timeout = aiohttp.ClientTimeout(total=RESPONSE_SECONDS)
        try:
            async with self._session.post(url, json=body, timeout=timeout) as answer:
                told = (await answer.text())[:500]
                status, wait = answer.status, answer.headers.get("Retry-After", "1")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise PostError(PostFailure.UNAVAILABLE, type(error).__name__) from error
        if status == 429:
            after = float(wait) if wait.isdigit() else 1.0
            raise PostError(PostFailure.LIMITED, "rate limited", retry_after=after)
        code = _response_error(status, told)
        if code:
            refused = "blocks" in code or "too_long" in code or "no_text" in code
            raise PostError(PostFailure.PAYLOAD if refused else PostFailure.UNAVAILABLE, code)

    async def _upload(self, place: Place, thread_ts: str, file: Attachment) -> None:
        content = file.content[:MAX_FILE_BYTES]
        if not content:
            return
        try:
            await self._web.upload(
                place.channel, thread_ts, file.filename, content, file.title or file.filename
            )
        except PostError as error:
            log.warning("could not attach %s: %s", file.filename, error.message)


def _response_error(status: int, told: str) -> str:
    """Return the error word of a response_url's answer, empty when it was taken."""
    if told.startswith("{"):
        try:
            data = json.loads(told)
        except ValueError:
            data = {}
        if isinstance(data, dict) and data.get("ok") is False:
            return str(data.get("error") or "refused")
    return "" if status < 300 else told[:80] or f"http_{status}"
