"""A person in the local workspace, with the whole bot listening: hands, eyes, and no source."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace.server import Workspace
from bot.service.build import build_bot
from bot.settings import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    Settings,
    SlackSettings,
)
from tests.support.recordings import RUNNER, write


@dataclass
class Person:
    """Hands and eyes in the workspace."""

    session: aiohttp.ClientSession
    space: Workspace

    async def does(self, what: str, **body: Any) -> dict[str, Any]:
        """Do something: send a message, press a button, run a shortcut."""
        url = f"{self.space.url}/workspace/{what}"
        async with self.session.post(url, json=body) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def sees(self, channel: str, thread_ts: str, user: str) -> list[dict[str, Any]]:
        """Return what a person sees of the bot: in the thread, the channel, and in a modal."""
        found: list[dict[str, Any]] = []
        for thread in {thread_ts, ""}:
            query = {"channel": channel, "viewer": user, "thread_ts": thread}
            url = f"{self.space.url}/workspace/messages"
            async with self.session.get(url, params={k: v for k, v in query.items() if v}) as read:
                found += (await read.json())["messages"]
        async with self.session.get(f"{self.space.url}/workspace/views?user={user}") as read:
            views: list[dict[str, Any]] = (await read.json())["views"]
        return [one for one in found if one["user"] == "batchbot"] + views

    async def is_answered(self, channel: str, thread_ts: str, user: str) -> None:
        """Wait until the bot's answer can be seen."""
        while not (seen := await self.sees(channel, thread_ts, user)) or _is_waiting(seen[-1]):
            assert self.space.space.hidden == []
            await asyncio.sleep(0.02)
        assert self.space.space.hidden == []


def _is_waiting(message: dict[str, Any]) -> bool:
    return "Working on" in str(message["blocks"])


@pytest.fixture
async def person(database_url: str, tmp_path: Path) -> AsyncIterator[Person]:
    write(tmp_path, RUNNER, [])
    async with AsyncExitStack() as stack:
        space = await stack.enter_async_context(Workspace())
        slack = {"SLACK_BOT_TOKEN": space.bot_token, "SLACK_APP_TOKEN": space.app_token,
                 "SLACK_API_URL": space.api_url, "SLACK_INCIDENT_CHANNELS": "incidents",
                 "SLACK_ALLOWED_CHANNELS": "alerts", "SLACK_ALLOWED_USERS": "researcher",
                 "SLACK_OPERATORS": "oncall"}  # fmt: skip
        own = {"HTTP_PORT": 0, "TICK_SECONDS": 60, "BOT_DATABASE_URL": database_url}
        settings = Settings(
            slack=SlackSettings.model_validate(slack),
            bot=BotSettings.model_validate(own),
            cj=CjSettings(),
            logs=LogSettings.model_validate({"LOG_SOURCE": "files", "LOG_FILES_DIR": tmp_path}),
            queue=QueueSettings(),
        )
        await build_bot(settings, stack, durable=False)
        yield Person(await stack.enter_async_context(aiohttp.ClientSession()), space)
