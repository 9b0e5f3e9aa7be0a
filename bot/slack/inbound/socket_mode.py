"""The Socket Mode connections: opened with plain errors, watched, and closed without loss."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack.outbound.web_api import Web

log = logging.getLogger(__name__)

SOCKETS = 2
PING_SECONDS = 10.0
WATCH_SECONDS = 5.0
DEAF_SECONDS = 15.0
LOUD_SECONDS = 60.0
# Listeners take turns on one loop; those that wait their turn do not slow the others' acks.
DISPATCHED_AT_ONCE = 8
# Work begins once nothing came for this long, or once it has waited for long enough.
CALM_SECONDS, WAITS_SECONDS = 0.025, 0.5

Dispatch = Callable[[Mapping[str, Any], Mapping[str, str]], Awaitable[tuple[int, str, str]]]


class Sockets:
    """Two connections to Slack, so that one is there while the other is exchanged.

    Slack closes a connection every few hours on purpose; a single one would miss events.
    What `knows` says will be acknowledged with nothing more to say is so at once, before anything
    is worked on: of two hundred questions that come together the last one waits for none.
    """

    def __init__(
        self,
        web: Web,
        app_token: str,
        dispatch: Dispatch,
        *,
        knows: Callable[[Mapping[str, Any]], bool] = lambda _: False,
        count: int = SOCKETS,
        ping_seconds: float = PING_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
        deaf_seconds: float = DEAF_SECONDS,
    ) -> None:
        self._web = web
        self._app_token = app_token
        self._dispatch = dispatch
        self._knows = knows
        self._gate = asyncio.Semaphore(DISPATCHED_AT_ONCE)
        self._count = count
        self._ping_seconds = ping_seconds
        self._watch_seconds = watch_seconds
        self._deaf_seconds = deaf_seconds
        self._clients: list[SocketModeClient] = []
        self._opening: list[asyncio.Task[None]] = []
        self._watchdog: asyncio.Task[None] | None = None
        self._heard_at = time.monotonic()
        self._came_at = 0.0
        # How many connections the app had when Slack last greeted one: other processes' too.
        self.of_the_app = 0

    async def open(self, first_url: str = "") -> None:
        """Connect; returns once the first connection stands. `first_url` is an unused address."""
        self._clients = [self._client() for _ in range(self._count)]
        self._clients[0].wss_uri = first_url or None
        self._opening = [asyncio.create_task(_connect(client)) for client in self._clients]
        self._watchdog = asyncio.create_task(self._watch())
        await asyncio.wait(self._opening, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Stop listening; envelopes that were acknowledged go on being answered."""
        for task in (self._watchdog, *self._opening):
            if task is not None:
                task.cancel()
        await asyncio.gather(
            *(task for task in (self._watchdog, *self._opening) if task is not None),
            return_exceptions=True,
        )
        for client in self._clients:
            await client.close()  # type: ignore[no-untyped-call]

    async def connected(self) -> int:
        """Return how many connections stand now."""
        return sum([await client.is_connected() for client in self._clients])

    def health(self) -> tuple[bool, str]:
        """Say whether Slack can reach the bot, and since when it cannot."""
        silent = time.monotonic() - self._heard_at
        if silent <= LOUD_SECONDS:
            return True, "connected"
        return False, f"no connection to Slack for {int(silent)} s"

    def _client(self) -> SocketModeClient:
        client = SocketModeClient(
            app_token=self._app_token,
            web_client=self._web.client,
            logger=logging.getLogger("slack_sdk.socket_mode"),
            proxy=self._web.client.proxy,
            ping_interval=self._ping_seconds,
        )
        client.proxy = self._web.client.proxy
        client.socket_mode_request_listeners.append(self._take)
        client.message_listeners.append(self._greeted)
        return client

    async def _greeted(
        self, _: AsyncBaseSocketModeClient, message: dict[str, Any], __: str | None = None
    ) -> None:
        told = message.get("num_connections")
        if message.get("type") == "hello" and isinstance(told, int):
            self.of_the_app = told

    async def _take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        headers = {}
        if request.retry_attempt is not None:
            headers["x-slack-retry-num"] = str(request.retry_attempt)
        self._came_at = time.monotonic()
        acknowledged = self._knows(request.payload)
        if acknowledged:
            await _acknowledge(client, request)
            await self._calm()
        async with self._gate:
            status, kind, body = await self._dispatch(request.payload, headers)
        if acknowledged:
            return
        if status != 200:
            log.info("an envelope was not acknowledged: status %s", status)
            return
        payload = json.loads(body) if body and kind.startswith("application/json") else None
        if body and payload is None:
            payload = {"text": body}
        await _acknowledge(client, request, payload)

    async def _calm(self) -> None:
        """Wait until what came together is acknowledged: work holds the loop, and so the acks."""
        until = time.monotonic() + WAITS_SECONDS
        while (now := time.monotonic()) < min(self._came_at + CALM_SECONDS, until):  # noqa: ASYNC110
            await asyncio.sleep(self._came_at + CALM_SECONDS - now)

    async def _watch(self) -> None:
        """Give a client that receives nothing a new address.

        The SDK retries a failed handshake for ever with the same one-time address
        (https://github.com/slackapi/python-slack-sdk/issues/1110); without an address it asks for
        a new one at its next turn.
        """
        deaf_since: dict[int, float] = {}
        loud = False
        while True:
            await asyncio.sleep(self._watch_seconds)
            now = time.monotonic()
            for index, client in enumerate(self._clients):
                if await client.is_connected():
                    deaf_since.pop(index, None)
                    self._heard_at = now
                    loud = False
                elif now - deaf_since.setdefault(index, now) >= self._deaf_seconds:
                    log.warning("socket %s is deaf, asking Slack for a new address", index)
                    client.wss_uri = None
                    deaf_since[index] = now
            if not loud and now - self._heard_at > LOUD_SECONDS:
                loud = True
                log.error("Slack cannot reach the bot: no connection for %d s", LOUD_SECONDS)


async def _acknowledge(
    client: AsyncBaseSocketModeClient,
    request: SocketModeRequest,
    payload: dict[str, Any] | None = None,
) -> None:
    response = SocketModeResponse(envelope_id=request.envelope_id, payload=payload)
    await client.send_socket_mode_response(response)


async def _connect(client: SocketModeClient) -> None:
    await client.connect()  # type: ignore[no-untyped-call]
