"""The incident end to end: real Postgres, Redis protocol, log files, Bolt and sockets."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from bot.demo.run import start_demo
from bot.demo.services import Script

pytestmark = pytest.mark.timeout(300)


class Person:
    """Types and reads in the workspace, as a browser would; `script` is what the services do."""

    def __init__(self, session: aiohttp.ClientSession, url: str, script: Script) -> None:
        self._session = session
        self._url = url
        self.script = script

    async def types(self, text: str, *, user: str = "oncall", thread_ts: str = "") -> None:
        body = {"channel": "incidents", "user": user, "text": text, "thread_ts": thread_ts}
        async with self._session.post(f"{self._url}/workspace/send", json=body) as answer:
            assert answer.status == 200

    async def reads(self, channel: str, thread_ts: str = "") -> list[dict[str, Any]]:
        query = f"channel={channel}" + (f"&thread_ts={thread_ts}" if thread_ts else "")
        async with self._session.get(f"{self._url}/workspace/messages?{query}") as answer:
            messages: list[dict[str, Any]] = (await answer.json())["messages"]
            return messages

    async def sees(
        self, channel: str, wanted: Callable[[dict[str, Any]], bool], thread_ts: str = ""
    ) -> dict[str, Any]:
        while True:
            for message in await self.reads(channel, thread_ts):
                if wanted(message):
                    return message
            await asyncio.sleep(0.1)

    async def stats(self) -> dict[str, Any]:
        async with self._session.get(f"{self._url}/workspace/stats") as answer:
            stats: dict[str, Any] = await answer.json()
            return stats


@pytest.fixture
async def person(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Person]:
    monkeypatch.setenv("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", "3")
    monkeypatch.setattr("bot.demo.run.TICK_SECONDS", 1.0)
    async with AsyncExitStack() as stack:
        script = Script(freeze_at=1, stray_at=2, recover_at=math.inf, beat=0.5)
        demo = await start_demo(stack, 0, script)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Person(session, demo.url, script)


async def test_the_night_is_a_command_and_an_alert(person: Person) -> None:
    """Commands are answered, both alerts open with one head each, and the stuck one resolves."""
    await person.types("/batch status 34")
    answer = await person.sees("incidents", lambda m: "Batch 34" in m["text"])
    assert "Finalised too early" in answer["text"]
    assert answer["ephemeral_to"] is None

    await person.types("/batch status 33", user="guest")
    denied = await person.sees("incidents", lambda m: m["ephemeral_to"] == "guest")
    assert "not on the list" in denied["text"]

    await person.types("@batchbot batch status 33", thread_ts=answer["ts"])
    inside = await person.sees("incidents", lambda m: "Batch 33" in m["text"], answer["ts"])
    assert inside["thread_ts"] == answer["ts"]

    await person.sees("alerts", lambda m: "Rejected callback" in m["text"])
    await person.types("/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9")
    traced = await person.sees("incidents", lambda m: "foreign-callback" in str(m["blocks"]))
    assert traced["user"] == "batchbot"

    head = await person.sees("alerts", lambda m: "LLM queue stuck" in m["text"])
    person.script.recover_at = 0  # the queue moves on once its alert stands
    await person.sees("alerts", lambda m: "esolved" in m["text"], head["ts"])
    heads = await person.reads("alerts")
    assert len([m for m in heads if "orphaned-item" in str(m)]) == 1
    assert (await person.stats())["would_have_notified"] == 0
