"""Nothing that is data is read back of what is typed by any way into Slack, or kept for later.

Plain questions, unknown commands, forms, buttons and shortcuts go through the whole dispatcher;
what is kept goes through a real Postgres, of which every row is read.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.cli.formats import Format
from bot.cli.output import rendered
from bot.errors import BatchbotError
from bot.ports import Sources
from bot.registry import commands
from bot.requests.command_text import read_line
from bot.slack.blocks.renderer import BlockKit
from tests.support.fakes.alerts import Clock, clear, condition
from tests.support.fakes.sources import SERVICES, FakeDatabase, FakeLogs, context, event
from tests.support.slack import payloads
from tests.support.slack.bot import Bot, running_bot
from tests.support.typed_plants import PLANTS, Remembering

SETTINGS = PolicySettings("stuck_queue", "test")
QUESTIONS = (
    "{}", "what happened to {}?", "why is batch 34 stuck since {}", "vad hände med {}",
    "show me the log lines with {}", "is {} done, or does it hang?", "compare 33 with {}",
    "who is {}", "errors of cj about {} since yesterday",
)  # fmt: skip
LINES = (
    "/frobnicate {}", "frobnicate {}", "/batch frobnicate {}", "batch {} 34", "bach status {}",
    "/logs {} x", "/logs cj {}", "/alerts mute {}", "/alerts note {} x", "/trace {}",
    "/batch status 34 --{}", "/queue {}", "/runner stop {}", "/help {}",
)  # fmt: skip
# Each keeps what was typed.
KEEPING = (
    "/batch alias {} 34", "/alerts note 1 {}", "/alerts mute lost_callbacks 2h {}",
    "/alerts mute {} 2h", "/alerts maintenance all 22:00..23:30 {}", "/alerts snooze 1 2h",
    "/alerts ack 1", "/batch watch 34 {}", "/batch watch {}",
)  # fmt: skip
SHOWING = (
    "/alerts list", "/alerts history", "/alerts history 1", "/batch list", "/batch status 34",
    "/batch status {}", "/alerts unmute {}", "/batch unwatch {}",
)  # fmt: skip
UNSEEN = ("value", "private_metadata", "files", "initial_option")


def _payloads(plant: str) -> Iterator[dict[str, Any]]:
    for form in (*QUESTIONS, *LINES):
        yield payloads.mention(f"<@UBOT00000> {form.format(plant)}")
    for line in (one for one in LINES if one.startswith("/")):
        yield payloads.press("x", line.format(plant))
        name, _, words = line.format(plant).partition(" ")
        if name[1:] in commands():
            yield payloads.slash(name, words)
    yield payloads.shortcut({"text": f"it says {plant}", "ts": "1700000000.000001"})
    yield payloads.view_press("x", f"/batch status {plant}")
    yield payloads.home_opened()


def _seen(value: Any) -> Any:
    """Return what anybody sees of a call's arguments; blocks come as text of JSON, too."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _seen(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: _seen(one) for key, one in value.items() if key not in UNSEEN}
    return [_seen(one) for one in value] if isinstance(value, list) else value


def _sources(memory: Any) -> Sources:
    lines = [event("2025-11-18T23:48:42", "Recording 0 comparison results", SERVICES[0])]
    return Sources(database=FakeDatabase(), logs=FakeLogs(lines), memory=memory)


async def _submitted(bot: Bot, plant: str) -> None:
    """Open the form of a line that lacks its id, and send it with what is typed into it."""
    said = await bot.slack.wait_for(1)
    view = next(_seen_view(one.arguments["view"]) for one in said if "view" in one.arguments)
    values: dict[str, str | None] = {
        one["block_id"]: plant for one in view["blocks"] if one["type"] == "input"
    }
    answer = await bot.deliver(payloads.submission(view, values))
    bot.slack.calls.append(("answer", {"body": answer.body}))


def _seen_view(view: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(view) if isinstance(view, str) else view
    return found


@pytest.mark.parametrize("plant", PLANTS)
async def test_nothing_typed_by_any_way_into_slack_is_read_back(plant: str) -> None:
    typed, hidden = PLANTS[plant]
    async with running_bot(registry=commands(), sources=_sources(Remembering())) as bot:
        await bot.send(payloads.slash("/batch", "status"))
        await _submitted(bot, typed)
        for payload in _payloads(typed):
            count = len(bot.slack.said)
            await bot.send(payload)
            await bot.slack.wait_for(count + 1)
        await bot.dispatcher.close()
        for method, arguments in bot.slack.calls:
            shown = json.dumps(_seen(arguments), ensure_ascii=False)
            assert hidden not in shown, f"{method} {shown[:2_000]}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    assert await store.lead()
    yield store
    await store.close()


async def _opened(store: Store, clock: Clock) -> None:
    """Let an alert open that can be noted."""
    for _ in range(3):
        known = await store.load_alerts(clock())
        previous = known[0] if known else None
        decision = decide(previous, condition(), clear(), clock(), SETTINGS, ())
        await store.save_tick(TickRecord(clock(), decisions=[(previous, decision)]))
        clock.pass_(seconds=15)


async def _answer(line: str, store: Store, now: datetime) -> str:
    try:
        asked = read_line(line, commands())
        request = asked.request()
        given: Any = {"services": SERVICES}
        report = await asked.command.run(
            request, context(_sources(store), now, operator=True, options=given)
        )
    except BatchbotError as error:
        return json.dumps(_seen(BlockKit().error(error)), ensure_ascii=False)
    told = [rendered(report, form) for form in Format if form is not Format.BLOCKS]
    return "".join([*told, json.dumps(_seen(BlockKit().report(report)), ensure_ascii=False)])


async def _rows(url: str) -> AsyncIterator[str]:
    """Yield every row that the bot keeps, with its table."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for one in tables:
            for row in await connection.fetch(f"SELECT t::text AS row FROM {one['name']} t"):
                yield f"{one['name']} {row['row']}"
    finally:
        await connection.close()


@pytest.mark.parametrize("plant", PLANTS)
async def test_nothing_that_is_kept_to_be_shown_later_holds_what_is_data(
    store: Store, database_url: str, plant: str
) -> None:
    typed, hidden = PLANTS[plant]
    clock = Clock()
    await _opened(store, clock)
    for line in (*KEEPING, *SHOWING):
        told = await _answer(line.format(typed), store, clock())
        assert hidden not in told, line
    async for row in _rows(database_url):
        assert hidden not in row, row[:300]
