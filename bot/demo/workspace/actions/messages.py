"""What people do with messages: type, press, run shortcuts and read; the /workspace/* calls."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.actions.payloads import MENTION, Payloads
from bot.demo.workspace.actions.requests import channel_of, pressed, user_of
from bot.demo.workspace.state.installation import Installation
from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.sockets import SocketConnections
from bot.demo.workspace.state.space import (
    BOT_NAME,
    BOT_USER,
    CHANNELS,
    DMS,
    USERS,
    Space,
    channel_id,
)
from bot.demo.workspace.validation.messages import check_message
from bot.demo.workspace.web_api.calls import base_of, body_of


class People:
    """Turns what a person does with messages into what Slack would send to the bot."""

    def __init__(
        self, space: Space, door: SocketConnections, payloads: Payloads, app: Installation
    ) -> None:
        self._space = space
        self._door = door
        self._payloads = payloads
        self._app = app
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, request: web.Request) -> web.Response:
        """POST /workspace/send: type a message; `/x` is a slash command."""
        body = await body_of(request)
        user = user_of(body)
        channel = channel_of(body, user)
        text, thread = str(body.get("text") or "").strip(), str(body.get("thread_ts") or "")
        if not text:
            raise web.HTTPBadRequest(text="text is empty")
        if text.startswith("/"):
            if thread:
                raise web.HTTPBadRequest(text=f"{text.split()[0]} is not supported in threads.")
            self._start(self._slash(base_of(request), channel, user, text))
            return web.json_response({"ok": True})
        ts = self._space.post(channel, {"text": text, "thread_ts": thread}, user=user)
        self._tell(channel, ts)
        return web.json_response({"ok": True, "ts": ts})

    async def messages(self, request: web.Request) -> web.Response:
        """GET /workspace/messages: a channel or thread as a person sees it."""
        viewer = USERS.get(request.query.get("viewer", ""), "")
        channel = channel_id(request.query.get("channel", ""), viewer)
        if channel is None:
            raise web.HTTPNotFound(
                text=f"channels are {', '.join(CHANNELS)}, and with a viewer @{BOT_NAME}"
            )
        thread = request.query.get("thread_ts", "")
        return web.json_response({"messages": self._space.seen(channel, thread, viewer)})

    async def act(self, request: web.Request, body: Mapping[str, Any]) -> web.Response:
        """POST /workspace/act on a message: press or choose, or run a shortcut on it."""
        user = user_of(body)
        channel = channel_of(body, user)
        message = self._space.any(channel, str(body.get("ts") or ""))
        if message is None:
            raise web.HTTPNotFound(text="there is no such message")
        base = base_of(request)
        if body.get("callback_id"):
            callback = str(body["callback_id"])
            payload = self._payloads.shortcut(base, channel, user, message, callback)
        else:
            action = pressed(message["blocks"], body)
            payload = self._payloads.press(base, channel, user, message, action)
        self._start(self._door.send("interactive", payload))
        return web.json_response({"ok": True})

    async def close(self) -> None:
        """Let go of what still waits for the bot."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _slash(self, base: str, channel: str, user: str, text: str) -> None:
        command, _, rest = text.partition(" ")
        if self._app.strict and not self._app.has_command(command):
            words = f"{command} is not a valid command."
            self._space.post(channel, {"text": words}, user="slackbot", to=user)
            return
        payload = self._payloads.slash(base, channel, user, command, rest.strip())
        ack = await self._door.send("slash_commands", payload)
        said = (ack or {}).get("payload")
        if ack is None:
            words = f"{command} failed with the error “operation_timeout”"
            self._space.post(channel, {"text": words}, user="slackbot", to=user)
        elif isinstance(said, dict) and (said.get("text") or said.get("blocks")):
            self._show_ack(channel, user, command, said)

    def _show_ack(self, channel: str, user: str, command: str, said: Mapping[str, Any]) -> None:
        try:
            check_message(said, refused=self._space.faults.refuse_blocks)
        except Refusal as refusal:
            words = f"{command} failed with the error “{refusal.error}”"
            self._space.post(channel, {"text": words}, user="slackbot", to=user)
            return
        to = "" if said.get("response_type") == "in_channel" else user
        self._space.post(channel, said, user=BOT_USER, to=to)

    def _tell(self, channel: str, ts: str) -> None:
        """Send the app an event for a message that concerns it, if its manifest lists it."""
        message = self._space.find(channel, ts)
        assert message is not None  # noqa: S101 - it was posted just now
        if MENTION in message["text"] and channel not in DMS.values():
            self._start(self._door.send_event(self._payloads.said(message, channel)))
        elif channel in DMS.values() and "message.im" in self._app.events:
            payload = self._payloads.said(message, channel, "message")
            self._start(self._door.send_event(payload))

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
