"""What Slack, or a proxy before it, answers becomes a typed error that says what may be done."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import PostError, PostFailure
from bot.slack.outbound.web_api import Web, make_client

JSON = "application/json"


@asynccontextmanager
async def answering(**answer: Any) -> AsyncIterator[Web]:
    """Run a Slack that gives one answer to everything."""

    async def give(_: web.Request) -> web.Response:
        return web.Response(**answer)

    site = web.Application()
    site.router.add_route("*", "/{path:.*}", give)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        async with aiohttp.ClientSession() as session:
            yield Web(make_client("xoxb-x", address, session))
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ({"text": "ok"}, PostFailure.AMBIGUOUS),
        ({"text": "<html>log in</html>", "content_type": "text/html"}, PostFailure.AMBIGUOUS),
        ({"body": b'{"ok":true,"x":"\xe9"}', "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"text": '{"ok":true,"ts":"1', "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"text": "[]", "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"text": "[1]", "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"text": "null", "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"status": 504, "text": "timed out", "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"status": 504, "text": "[1]", "content_type": JSON}, PostFailure.AMBIGUOUS),
        ({"status": 502, "text": "bad gateway"}, PostFailure.AMBIGUOUS),
        ({"status": 408, "text": "x", "content_type": "text/html"}, PostFailure.AMBIGUOUS),
        ({"status": 503, "text": "away", "content_type": JSON}, PostFailure.UNAVAILABLE),
        ({"status": 403, "text": "blocked", "content_type": "text/html"}, PostFailure.REFUSED),
        (
            {"text": '{"ok":false,"error":"thread_locked"}', "content_type": JSON},
            PostFailure.REFUSED,
        ),
    ],
)
async def test_an_answer_is_typed_by_whether_the_call_may_have_been_done(
    answer: Mapping[str, Any], failure: PostFailure
) -> None:
    async with answering(**answer) as slack:
        with pytest.raises(PostError) as caught:
            await slack.call("chat.postMessage", channel="C1", text="x")
        with pytest.raises(PostError) as queried:
            await slack.query("conversations.history", channel="C1")
    assert (caught.value.failure, queried.value.failure) == (failure, failure)
