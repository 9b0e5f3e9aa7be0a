"""Which version of an Engine's API is spoken: a ping says it, and an Engine's version else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.sources.docker.engine import Engine


@asynccontextmanager
async def served(ping: web.Response, asked: list[str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/_ping":
            return ping
        if request.path == "/version":
            return web.json_response({"ApiVersion": "1.40"})
        return web.json_response([])

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"tcp://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("ping", "listed", "asks_version"),
    [
        (web.Response(text="OK", headers={"Api-Version": "1.43"}), "/v1.43/containers/json", False),
        (web.Response(text="OK"), "/v1.40/containers/json", True),
        (
            web.Response(text="OK", headers={"Api-Version": "x/../y"}),
            "/v1.40/containers/json",
            True,
        ),
        (web.Response(status=403), "/v1.40/containers/json", True),
    ],
)
async def test_a_ping_tells_the_version_and_one_that_does_not_is_no_fault(
    ping: web.Response, listed: str, asks_version: bool
) -> None:
    asked: list[str] = []
    async with served(ping, asked) as host:
        engine = Engine(host, "logs")
        assert await asyncio.to_thread(engine.containers) == []
        await asyncio.to_thread(engine.close)
    assert asked[-1] == listed
    assert ("/version" in asked) is asks_version
