"""Everything that people do in Slack with a planted HuleEdu behind the bot, and what they see."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlencode

import aiohttp
import asyncpg

from bot.ports.action_ids import (
    COMMAND_ACTION,
    DETAILS_ACTION,
    EVENTS_PATH,
    FORM_CALLBACK,
    REFRESH_ACTION,
    SHARE_ACTION,
)
from bot.service.build import Bot, build_bot
from bot.settings import load_settings
from bot.slack.outbound.canvases import SCOPE as CANVASES
from tests.attack.parts.answers import asked, some
from tests.attack.parts.outlet import Outlet, keep_sent
from tests.attack.parts.plants import Planter
from tests.attack.parts.rows import BATCHES
from tests.attack.parts.world import World
from tests.support.slack import payloads
from tests.support.slack.web_api import SlackApi, slack_api

SECRET, AT_ONCE = "signing-secret", 4
# Until nothing more was said for so long, everything is answered.
QUIET_SECONDS, MOST_SECONDS = 1.5, 90.0


def settings_of(slack: SlackApi) -> dict[str, str]:
    """Return the settings by which the bot finds this Slack."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack.url}/api/", "SLACK_INCIDENT_CHANNELS": "incidents",
        "SLACK_OPERATORS": "oncall", "SLACK_ALERT_CHANNEL": "alerts",
    }  # fmt: skip


def slack_of(slack: SlackApi, plant: Planter) -> None:
    """Give the workspace its people and channels, some with plants for names."""
    slack.scopes = f"{slack.scopes},{CANVASES}"
    slack.channels = [{"id": "C0INCIDENT", "name": "incidents"},
                      {"id": "C0ALERTS00", "name": "alerts"},
                      {"id": "C0PLANTED0", "name": plant("channel's name", 80)}]  # fmt: skip
    named = {"real_name": plant("person's real name"),
             "display_name": plant("person's display name")}  # fmt: skip
    slack.users = [{"id": "U0ONCALL0", "name": "oncall", "profile": named, **named},
                   {"id": "U0PLANTED", "name": plant("person's name"),
                    "profile": named}]  # fmt: skip


async def tell(world: World, out: Outlet, slack: SlackApi, *, few: bool = False) -> None:
    """Do everything in Slack, look at the bot over HTTP, and read what it keeps of it."""
    async with AsyncExitStack() as stack:
        bot = await build_bot(load_settings(), stack, durable=False)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        at_once = asyncio.Semaphore(AT_ONCE)

        async def send(payload: dict[str, Any]) -> None:
            async with at_once:
                await _send(session, bot, payload, out)

        every = list(_doings(world, slack, few=few))[:: 2 if few else 1]
        await asyncio.gather(*(send(one) for one in every))
        await _quiet(slack)
        for path in ("/healthz", "/readyz", "/metrics"):
            async with session.get(f"http://127.0.0.1:{bot.port}{path}") as answer:
                out.put(path, await answer.text())
    for method, arguments in slack.calls:
        keep_sent(out, f"Slack, {method}", arguments)
    for said in slack.said:
        keep_sent(out, f"Slack, {said.way}", said.arguments)
    for file in slack.files.values():
        out.put("Slack, file", file.get("content", b""))
    await _kept(world.memory_url, out)


def _doings(world: World, slack: SlackApi, *, few: bool) -> Iterator[dict[str, Any]]:
    """Yield what Slack sends: commands, mentions, buttons, forms, the App Home, a shortcut."""
    plant, url = world.plant, slack.response_url()
    word = "".join(plant("typed in Slack").split())
    for line in some(list(asked(word)), few=few):
        name, _, words = line.partition(" ")
        if name.startswith("/"):
            yield payloads.slash(name, words, response_url=url)
    for verb in ("ack 1", "note 1", "snooze 2 2h", "mute stuck_queue 2h", "unack 1",
                 "maintenance all 22:00..23:30"):  # fmt: skip
        yield payloads.slash("/alerts", f"{verb} {plant(f'/alerts {verb}')}", response_url=url)
    label = "".join(plant("alias").split())
    yield payloads.slash("/batch", f"alias {label} {BATCHES[0]}", response_url=url)
    yield payloads.slash("/batch", f"watch {BATCHES[0]}", response_url=url)
    yield payloads.slash("/alerts", "list", response_url=url)
    for text in (f"why is batch {BATCHES[0]} stuck?", plant("mention"),
                 f"status {BATCHES[0]} {plant('mention with a batch')}"):  # fmt: skip
        yield payloads.mention(f"<@UBOT00000> {text}")
    yield payloads.home_opened()
    yield payloads.view_press(REFRESH_ACTION, plant("home's button"))
    for action in (COMMAND_ACTION, DETAILS_ACTION, SHARE_ACTION):
        yield payloads.press(action, f"/batch status {BATCHES[0]}", response_url=url)
        yield payloads.press(action, plant(f"button {action}"), response_url=url)
    yield payloads.shortcut({"text": f"{plant('message')} batch {BATCHES[0]}"}, response_url=url)
    view = {
        "type": "modal", "callback_id": FORM_CALLBACK, "private_metadata": plant("form's state"),
        "blocks": [{"type": "input", "block_id": "word", "element": {
            "type": "plain_text_input", "action_id": "value"}}],
    }  # fmt: skip
    yield payloads.submission(view, {"word": plant("form's field")})


async def _send(
    session: aiohttp.ClientSession, bot: Bot, payload: dict[str, Any], out: Outlet
) -> None:
    """Post one signed request, as Slack does of its kind."""
    kind = "application/x-www-form-urlencoded"
    if payload.get("type") == "event_callback":
        body, kind = json.dumps(payload), "application/json"
    elif "command" in payload:
        body = urlencode(payload)
    else:
        body = urlencode({"payload": json.dumps(payload)})
    stamp = str(int(time.time()))
    made = hmac.new(SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp,
               "X-Slack-Signature": f"v0={made}"}  # fmt: skip
    url = f"http://127.0.0.1:{bot.port}{EVENTS_PATH}"
    async with session.post(url, data=body, headers=headers) as answer:
        out.put("Slack, acknowledged", await answer.text())
        out.put("requests taken", answer.status)


async def _quiet(slack: SlackApi) -> None:
    """Wait until nothing more is said."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MOST_SECONDS):
            count = -1
            while count < len(slack.calls) + len(slack.said):
                count = len(slack.calls) + len(slack.said)
                await asyncio.sleep(QUIET_SECONDS)


async def _kept(url: str, out: Outlet) -> None:
    """Read every row of the bot's own database."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        for table in tables:
            for row in await connection.fetch(f'SELECT t::text AS row FROM "{table["name"]}" t'):
                out.put(f"store, {table['name']}", row["row"])
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def workspace(plant: Planter) -> AsyncIterator[SlackApi]:
    """Run a small Slack whose people and channels are plants."""
    async with slack_api() as slack:
        slack_of(slack, plant)
        yield slack
