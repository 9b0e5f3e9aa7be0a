"""Socket Mode against a real WebSocket: envelopes are acknowledged, a lost socket comes back."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import SettingsError
from bot.slack.inbound.socket_mode import Sockets
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.identity import check_app_token

ENVELOPE = {"envelope_id": "e1", "type": "slash_commands", "payload": {"command": "/queue"}}


class Server:
    """Hands out one-time addresses and sends one envelope on each new socket."""

    def __init__(self) -> None:
        self.opened = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.url = ""

    async def open(self, _: web.Request) -> web.Response:
        """Answer apps.connections.open."""
        self.opened += 1
        return web.json_response({"ok": True, "url": f"{self.url}/link/{self.opened}"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one socket."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1})
        await socket.send_json(ENVELOPE)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self.acks.put(message.json())
        return socket


async def _dispatch(_: Mapping[str, Any], __: Mapping[str, str]) -> tuple[int, str, str]:
    return 200, "", ""


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Web]:
    site = web.Application()
    site.router.add_post("/api/apps.connections.open", server.open)
    site.router.add_get("/link/{n}", server.link)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        yield Web(make_client("xoxb-test", f"{server.url}/api/", session))
    await runner.cleanup()


async def test_an_envelope_is_acknowledged_and_a_refresh_brings_a_new_socket() -> None:
    server = Server()
    async with serving(server) as api:
        sockets = Sockets(api, "xapp-test", _dispatch, count=1, ping_seconds=0.2)
        await sockets.open(await check_app_token(api, "xapp-test"))
        assert (await server.acks.get())["envelope_id"] == "e1"
        assert await sockets.connected() == 1
        assert sockets.of_the_app == 1
        assert sockets.health() == (True, "connected")
        await server.sockets[0].send_json({"type": "disconnect", "reason": "refresh_requested"})
        assert (await server.acks.get())["envelope_id"] == "e1"
        assert server.opened == 2
        await sockets.close()


async def test_a_known_command_is_acknowledged_before_anything_is_worked_on() -> None:
    server, go_on, worked = Server(), asyncio.Event(), asyncio.Event()

    async def slow(_: Mapping[str, Any], __: Mapping[str, str]) -> tuple[int, str, str]:
        await go_on.wait()
        worked.set()
        return 200, "", ""

    async with serving(server) as api:
        sockets = Sockets(api, "xapp-test", slow, count=1, knows=lambda one: "command" in one)
        await sockets.open(await check_app_token(api, "xapp-test"))
        assert (await server.acks.get())["envelope_id"] == "e1"
        assert not worked.is_set()
        go_on.set()
        await worked.wait()
        assert server.acks.empty()
        await sockets.close()


async def test_what_comes_together_is_acknowledged_before_the_first_of_it_is_worked_on() -> None:
    server, crowd, acknowledged = Server(), 100, list[int]()
    first, done = asyncio.Event(), asyncio.Event()

    async def busy(_: Mapping[str, Any], __: Mapping[str, str]) -> tuple[int, str, str]:
        acknowledged.append(server.acks.qsize())
        first.set()
        if len(acknowledged) == crowd + 1:
            done.set()
        return 200, "", ""

    async with serving(server) as api:
        sockets = Sockets(api, "xapp-test", busy, count=1, knows=lambda one: "command" in one)
        await sockets.open(await check_app_token(api, "xapp-test"))
        await first.wait()
        for number in range(crowd):
            await server.sockets[0].send_json({**ENVELOPE, "envelope_id": f"f{number}"})
        await done.wait()
        assert acknowledged == [1] + [1 + crowd] * crowd
        await sockets.close()


async def test_a_refused_app_token_is_named() -> None:
    site = web.Application()

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "invalid_auth"})

    site.router.add_post("/api/apps.connections.open", refuse)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
            await check_app_token(Web(make_client("xoxb-test", url, session)), "xapp-test")
    await runner.cleanup()
