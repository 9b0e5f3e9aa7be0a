"""Socket Mode: tickets, hello, envelopes and their acknowledgements."""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.demo.workspace.state.space import APP, Space

ACK_SECONDS = 3.0
# Slack repeats an unacknowledged event three times: at once, after 1 and after 5 minutes.
RETRY_SECONDS = (0.5, 60.0, 300.0)
MAX_SOCKETS = 10
START_SECONDS = 60.0


class SocketConnections:
    """The workspace's side of Socket Mode.

    `app_starts` says that the app comes up beside it: until it has connected once, what people
    do waits for it, so that a question typed meanwhile is answered.
    """

    def __init__(self, space: Space, *, app_starts: bool = False) -> None:
        self._space = space
        self._met = asyncio.Event()
        self._patience = START_SECONDS if app_starts else 0.0
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._tickets: set[str] = set()

    @property
    def open(self) -> int:
        """How many connections stand."""
        return len(self._sockets)

    def ticket(self) -> str:
        """Return a ticket for one connection."""
        ticket = uuid4().hex
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or len(self._sockets) >= MAX_SOCKETS:
            raise web.HTTPRequestTimeout
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._sockets) + 1,
                "debug_info": {"host": "local", "approximate_connection_time": 3600},
                "connection_info": {"app_id": APP},
            }
        )
        self._sockets.append(socket)
        self._met.set()
        self._space.feed.say("stats")
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._sockets.remove(socket)
            self._space.feed.say("stats")
        return socket

    async def send_event(self, payload: Mapping[str, Any]) -> None:
        """Send an event, and repeat it until it is acknowledged."""
        retry: dict[str, Any] = {}
        for attempt, pause in enumerate((*RETRY_SECONDS, 0.0), start=1):
            if await self.send("events_api", payload, **retry) is not None:
                return
            await asyncio.sleep(pause)
            retry = {"retry_attempt": attempt, "retry_reason": "timeout"}

    async def send(
        self, kind: str, payload: Mapping[str, Any], **retry: Any
    ) -> Mapping[str, Any] | None:
        """Send an envelope; return the acknowledgement, None when none came in three seconds."""
        if self._patience and not self._met.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._met.wait(), self._patience)
        if not self._sockets:
            return None
        envelope = uuid4().hex
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = answer
        began = time.perf_counter()
        try:
            await random.choice(self._sockets).send_json(  # noqa: S311 - as Slack does
                {
                    "envelope_id": envelope,
                    "type": kind,
                    "payload": payload,
                    "accepts_response_payload": kind != "events_api",
                    **retry,
                }
            )
            ack = await asyncio.wait_for(answer, ACK_SECONDS)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._waiting[envelope]
        self._space.acks_ms.append((time.perf_counter() - began) * 1000)
        self._space.feed.say("stats")
        return ack

    async def drop(self) -> None:
        """Cut every connection, as a network does."""
        for socket in list(self._sockets):
            await socket.close(code=1011)

    def _take(self, data: str) -> None:
        try:
            message = json.loads(data)
        except ValueError:
            return
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)
