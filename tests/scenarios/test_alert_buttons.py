"""From a log line to a pressed button and its one reply: the whole bot, real sockets, Postgres."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.alerts.store.postgres import Store
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
from tests.support.recordings import RUNNER, missing_essay_ids, write

pytestmark = pytest.mark.timeout(180)
Message = dict[str, Any]


@dataclass
class Channel:
    """The alert channel as people see it, and their hands."""

    session: aiohttp.ClientSession
    url: str

    async def reads(self, thread_ts: str = "", viewer: str = "") -> list[Message]:
        """Return the messages of the channel, or of a thread."""
        query = {"channel": "alerts", "thread_ts": thread_ts, "viewer": viewer}
        given = {key: value for key, value in query.items() if value}
        async with self.session.get(f"{self.url}/workspace/messages", params=given) as answer:
            messages: list[Message] = (await answer.json())["messages"]
            return messages

    async def sees(
        self, wanted: Callable[[Message], bool], thread_ts: str = "", viewer: str = ""
    ) -> Message:
        """Wait for a message."""
        while True:
            for message in await self.reads(thread_ts, viewer):
                if wanted(message):
                    return message
            await asyncio.sleep(0.05)

    async def press(self, message: Message, action: str, user: str) -> None:
        """Press a button."""
        body = {"channel": "alerts", "ts": message["ts"], "user": user, "action_id": action}
        async with self.session.post(f"{self.url}/workspace/act", json=body) as answer:
            assert answer.status == 200

    async def chooses(self, message: Message, value: str, user: str) -> None:
        """Choose in the menu."""
        body = {"channel": "alerts", "ts": message["ts"], "user": user, "value": value}
        body["action_id"] = "alert_menu"
        async with self.session.post(f"{self.url}/workspace/act", json=body) as answer:
            assert answer.status == 200

    async def modal(self, user: str, said: str) -> None:
        """Wait until a person's open modal says something."""
        while True:
            async with self.session.get(f"{self.url}/workspace/views?user={user}") as answer:
                if said in str((await answer.json())["views"]):
                    return
            await asyncio.sleep(0.05)

    async def types(self, text: str, user: str = "oncall") -> None:
        """Type into the channel."""
        body = {"channel": "alerts", "user": user, "text": text}
        async with self.session.post(f"{self.url}/workspace/send", json=body) as answer:
            assert answer.status == 200


@pytest.fixture
async def channel(database_url: str, tmp_path: Path) -> AsyncIterator[Channel]:
    write(tmp_path, RUNNER, [])
    async with AsyncExitStack() as stack:
        space = await stack.enter_async_context(Workspace())
        stack.callback(_nothing_was_hidden, space)
        await build_bot(_settings(space, database_url, tmp_path), stack, durable=False)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        with (tmp_path / RUNNER).open("a") as log:
            log.write(missing_essay_ids(datetime.now(UTC)) + "\n")
        yield Channel(session, space.url)


def _settings(space: Workspace, database_url: str, logs: Path) -> Settings:
    slack = {"SLACK_BOT_TOKEN": space.bot_token, "SLACK_APP_TOKEN": space.app_token,
             "SLACK_API_URL": space.api_url, "SLACK_ALERT_CHANNEL": "alerts",
             "SLACK_ALLOWED_USERS": "researcher", "SLACK_OPERATORS": "oncall"}  # fmt: skip
    own = {"BOT_ENVIRONMENT": "np", "HTTP_PORT": 0, "TICK_SECONDS": 0.3,
           "BOT_DATABASE_URL": database_url}  # fmt: skip
    return Settings(
        slack=SlackSettings.model_validate(slack),
        bot=BotSettings.model_validate(own),
        cj=CjSettings(),
        logs=LogSettings.model_validate({"LOG_SOURCE": "files", "LOG_FILES_DIR": logs}),
        queue=QueueSettings(),
    )


def _nothing_was_hidden(space: Workspace) -> None:
    assert space.space.hidden == []


def _says(*words: str) -> Callable[[Message], bool]:
    return lambda message: all(word in message["text"] + str(message["blocks"]) for word in words)


def _actions(message: Message) -> list[str]:
    (row,) = (block for block in message["blocks"] if block["type"] == "actions")
    return [one["action_id"] for one in row["elements"]]


async def test_buttons_do_what_the_command_does_and_the_parent_message_alone_says_it(
    channel: Channel, database_url: str
) -> None:
    head = await channel.sees(_says("Rejected callback"))
    assert _actions(head) == ["acknowledge", "trace", "alert_menu"]

    await channel.press(head, "acknowledge", "researcher")
    await channel.modal("researcher", "Only operators")

    await channel.press(head, "acknowledge", "oncall")
    await channel.sees(_says("👀 oncall"))
    await channel.chooses(head, "/alerts snooze 1 2h", "oncall")
    edited = await channel.sees(_says("💤 until", "(oncall)"))
    assert edited["ts"] == head["ts"]
    assert _actions(edited)[0] == "wake"
    await channel.press(head, "wake", "oncall")
    awake = await channel.sees(lambda m: "💤" not in str(m["blocks"]))
    assert _actions(awake)[0] == "unacknowledge"
    await channel.press(head, "unacknowledge", "oncall")
    await channel.sees(lambda m: "👀" not in str(m["blocks"]))
    assert len(await channel.reads(head["ts"])) == 1

    await channel.types("/alerts history 1")
    await channel.sees(_says("acknowledge by oncall", "snooze by oncall"), "", "oncall")
    store = Store(database_url, "np")
    await store.open()
    audited = await store._rows("SELECT who, what, outcome FROM audit ORDER BY id")
    await store.close()
    changes = [
        (row["what"], row["outcome"].replace(",", ":").split(":")[0][:12]) for row in audited[:5]
    ]
    assert changes == [
        ("/alerts ack 1", "DeniedError"),
        ("/alerts ack 1", "asked"),
        ("/alerts ack 1", "You look aft"),
        ("/alerts snooze 1 2h", "asked"),
        ("/alerts snooze 1 2h", "Quiet until "),
    ]


async def test_an_export_is_a_file_in_the_thread(channel: Channel) -> None:
    await channel.sees(_says("Rejected callback"))
    await channel.types("/alerts export 1")
    answer = await channel.sees(_says("samples", "redacted"))
    file = await channel.sees(lambda m: bool(m["files"]), answer["ts"])
    assert file["files"][0]["name"] == "alert-1-rejected_callbacks.zip"
    assert file["files"][0]["size"] > 300
