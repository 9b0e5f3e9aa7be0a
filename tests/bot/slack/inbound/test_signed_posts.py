"""HTTP mode: what Slack signed is taken once; anything else costs and tells nothing."""

import asyncio
import hashlib
import hmac
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, web

from bot.errors import SourceError
from bot.monitoring.http import Health, build_site, serve
from bot.slack.inbound.listeners import BoltReceiver, build_app
from bot.slack.inbound.signed_posts import MAX_BODY_BYTES, SignedPosts, Takes
from bot.slack.outbound.web_api import make_client
from bot.slack.setup.identity import Identity
from tests.support.slack import payloads
from tests.support.slack.bot import Bot

SECRET = "s3cret"
PATH = "/slack/events"
FORM = "application/x-www-form-urlencoded"


def signature(secret: str, stamp: str, body: bytes) -> str:
    base = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed(body: bytes, *, secret: str = SECRET, skew: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) + skew)
    return {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature(secret, stamp, body),
    }


@dataclass
class Site:
    """A real site with the signed path, and what came through it."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)

    async def dispatch(self, request: web.Request) -> web.Response:
        """Remember a body that was let through."""
        self.taken.append(await request.read())
        return web.Response(text="taken")

    async def says(self, body: bytes, headers: dict[str, str]) -> int:
        """Post a body and return the status."""
        async with ClientSession() as session:
            url = f"http://127.0.0.1:{self.port}{PATH}"
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status

    async def raw(self, sent: bytes) -> bytes:
        """Send bytes as they are, and return all that is answered until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def site(read_seconds: float = 5.0, takes: Takes | None = None) -> AsyncIterator[Site]:
    made = Site()
    posts = SignedPosts(SECRET, made.dispatch, takes, read_seconds=read_seconds)
    runner = await serve(build_site(Health({}, lambda: b""), {PATH: posts.post}), "127.0.0.1", 0)
    made.port = int(runner.addresses[0][1])
    try:
        yield made
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("skew", "secret", "status"),
    [(0, SECRET, 200), (-290, SECRET, 200), (-302, SECRET, 401), (302, SECRET, 401),
     (0, "wrong", 401), (0, "", 401)],
)  # fmt: skip
async def test_a_request_needs_a_fresh_right_signature(
    bot: Bot, skew: int, secret: str, status: int
) -> None:
    client = make_client(None, f"{bot.slack.url}/api/")
    identity = Identity("xoxb-test", "UBOT00000")
    app = build_app(client, bot.dispatcher, identity, signing_secret=SECRET)
    body = urlencode(payloads.slash("/batch", "status 34")).encode()
    async with site() as made:
        made.dispatch = BoltReceiver(app).post  # type: ignore[method-assign]
        posts = SignedPosts(SECRET, made.dispatch)
        runner = await serve(
            build_site(Health({}, lambda: b""), {PATH: posts.post}), "127.0.0.1", 0
        )
        try:
            made.port = int(runner.addresses[0][1])
            assert await made.says(body, signed(body, secret=secret, skew=skew)) == status
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "body", [b"payload=", b"payload=nonsense", b"payload=" + b"[" * 100_000, b"payload=%F0"]
)
async def test_a_payload_that_cannot_be_read_is_no_error_of_ours(
    bot: Bot, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with site() as made:
        made.dispatch = BoltReceiver(bot.app).post  # type: ignore[method-assign]
        posts = SignedPosts(SECRET, made.dispatch)
        runner = await serve(
            build_site(Health({}, lambda: b""), {PATH: posts.post}), "127.0.0.1", 0
        )
        try:
            made.port = int(runner.addresses[0][1])
            assert await made.says(body, signed(body)) in (400, 404)
        finally:
            await runner.cleanup()
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_the_same_signed_request_is_taken_once() -> None:
    body = b"command=%2Fbatch&text=status+34"
    headers = signed(body)
    async with site() as made:
        assert [await made.says(body, headers) for _ in range(3)] == [200, 401, 401]
        assert await made.says(body, signed(body, skew=-1)) == 200
    assert made.taken == [body, body]


async def test_what_another_replica_took_is_refused() -> None:
    body, known = b"command=%2Fbatch&text=status+34", set[str]()

    async def takes(signature: str, now: datetime) -> bool:
        new = signature not in known
        known.add(signature)
        return new

    headers = signed(body)
    async with site(takes=takes) as one, site(takes=takes) as other:
        assert await one.says(body, headers) == 200
        assert await other.says(body, headers) == 401
        assert other.taken == []


async def test_without_an_answer_of_the_database_each_process_knows_its_own() -> None:
    async def takes(signature: str, now: datetime) -> bool:
        raise SourceError("memory", "the database is away")

    body = b"command=%2Fbatch&text=status+34"
    headers = signed(body)
    async with site(takes=takes) as made:
        assert [await made.says(body, headers) for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Request-Timestamp": "soon"}, {"X-Slack-Request-Timestamp": "\u00b2"},
        {"X-Slack-Request-Timestamp": "9" * 400}, {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=0"}, {"X-Slack-Signature": ""},
        {"Content-Encoding": "gzip", "X-Slack-Signature": "v0=" + "0" * 64},
    ],
)  # fmt: skip
async def test_what_is_not_signed_is_refused_unparsed_and_unlogged(
    change: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    body = b"payload=%7B\xff\xfe not utf-8"
    async with site() as made:
        assert await made.says(body, {**signed(body), **change}) == 401
    assert made.taken == []
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def head(headers: dict[str, str], size: int) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    told = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n{lines}\r\n"
    return told.encode()


async def test_a_body_beyond_the_cap_is_refused_before_it_is_read() -> None:
    async with site() as made:
        answer = await made.raw(head(signed(b"x"), MAX_BODY_BYTES + 1) + b"x")
    assert answer.startswith(b"HTTP/1.1 413")
    assert made.taken == []


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with site(read_seconds=0.1) as made:
        answer = await made.raw(head(signed(b"x" * 100), 100) + b"x")
    assert answer.startswith(b"HTTP/1.1 408")
    assert made.taken == []


async def test_a_head_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.monitoring.http.IDLE_SECONDS", 0.1)
    async with site() as made:
        assert await made.raw(head(signed(b"x"), 1)[:-8]) == b""
    assert made.taken == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: " + b"b" * 20_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\nHost: x\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /slack/events HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: \x00\r\n\r\n",
    ],
)
async def test_a_stranger_s_garbage_is_no_error_of_ours(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(read_seconds=0.1) as made:
        answer = await made.raw(sent)
    assert re.match(rb"HTTP/1\.[01] 4", answer)
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
