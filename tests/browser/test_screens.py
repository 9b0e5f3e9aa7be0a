"""One screen: on a phone the headline is read first, and what to press begins within 600 px."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.run import Demo, start_demo
from bot.demo.services import Script
from bot.demo.workspace.server import Workspace
from bot.diagnosis.export.story import MOST_CHARS, story
from bot.domain.alert import Reason, SeenBefore
from bot.domain.report import Confidence, Finding, Report, Severity, TimelineEntry
from bot.domain.routing.message import AlertMessage
from bot.slack.blocks.alert import render
from bot.slack.blocks.renderer import BlockKit
from tests.browser.gallery import ASKED
from tests.browser.visitor import PHONE, Visitor, visit
from tests.support.example_alert import ALERT, AT, CONDITION
from tests.support.laws import HEADLINE, REMEDY, WHAT, WHY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.marathon,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]
MOST_PX = 600
HEADLINE_PX = 60
FACTS = {"batch_id": 33, "budget": 100, "total_pairs": 100, "valid": 34, "essays": 24,
         "anchors": 12, "models": ["anthropic/claude-haiku-4-5-20251001"]}  # fmt: skip
NEVER = 1e9
UNEVENTFUL = Script(freeze_at=NEVER, stray_at=NEVER, recover_at=NEVER, batch_at=NEVER, beat=0.4)
OTHERS = (
    "/batch status 34",
    "/batch investigate 34",
    "/batch investigate 32",
    "@batchbot why is batch 34 stuck?",
    "@batchbot make me a sandwich",
    "/alerts",
    "/alerts mute stuck_queu 2h",
    "/trace 34",
    "/runner",
    "/help stuck_queue",
    "/logs cj IntegrityError",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(chromium: Path) -> AsyncIterator[Demo]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", "2")
        patch.setattr("bot.demo.run.TICK_SECONDS", 0.5)
        async with AsyncExitStack() as stack:
            yield await start_demo(stack, 0, UNEVENTFUL)


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(demo: Demo, browser: Browser, pictures: Path) -> AsyncIterator[Visitor]:
    visitor = await visit(browser, demo.url, pictures, viewport=PHONE, has_touch=True)
    yield visitor
    await visitor.page.context.close()
    assert visitor.errors == []


async def buttons_at(message: Locator) -> float:
    """Return how far below a message's top its first buttons begin, in pixels."""
    top = await message.bounding_box()
    row = await message.locator('[data-type="actions"]').first.bounding_box()
    assert top is not None
    assert row is not None
    return row["y"] - top["y"]


async def is_one_screen(message: Locator) -> None:
    """Hold that the headline is the first thing in a message, and that buttons follow soon."""
    first = message.locator("[data-type]").first
    told = await first.inner_text()
    at, top = await first.bounding_box(), await message.bounding_box()
    assert at is not None
    assert top is not None
    assert at["y"] - top["y"] <= HEADLINE_PX, told
    assert 0 < len(" ".join(told.split())) <= 100, told
    if await message.locator('[data-type="actions"]').count():
        assert await buttons_at(message) <= MOST_PX, told


async def test_every_answer_is_one_screen(visitor: Visitor) -> None:
    for typed in (*(scene.typed for scene in ASKED), *OTHERS):
        number = await visitor.asks(typed)
        await is_one_screen(await visitor.answer(number))
        await visitor.closes_the_thread()


async def test_every_alert_is_one_screen(demo: Demo, visitor: Visitor) -> None:
    for incident in ("freeze", "reject"):
        demo.incidents.start(incident)
    await visitor.goes_by_drawer("alerts")
    await visitor.sees("LLM queue stuck")
    await visitor.sees("ejected callback")
    for message in await visitor.page.locator("#messages article").all():
        await is_one_screen(message)


def filled(most: int) -> str:
    """Return as many characters of plain words as a text may have."""
    return ("comparisons of this batch wait for an answer " * 9)[: most - 1].rstrip() + "s"


def largest_report() -> Report:
    """Return an investigation in which each text is as long as it may be."""
    causes = tuple(
        Finding(rule, Severity.ERROR, Confidence.HIGH, f"{n} {filled(WHAT - 2)}", filled(WHY),
                next=(filled(REMEDY),))
        for n, rule in enumerate(("lost-callbacks", "orphaned-item", "provider-failures"))
    )  # fmt: skip
    failure = TimelineEntry(AT, "llm_provider_service", "logs", filled(MOST_CHARS), failed=True)
    report = Report(
        "batch investigate", "Investigation", {**FACTS, "created_at": AT}, causes, (failure,),
        headline=filled(97),
        actions=("/batch investigate 33 --export", "/batch bundle 33", "/batch status 33"),
    )  # fmt: skip
    return replace(report, story=story(report))


async def shown(browser: Browser, pictures: Path, message: Any) -> AsyncIterator[Locator]:
    async with Workspace() as workspace:
        bot = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        content = {"text": message["text"], "blocks": message["blocks"]}
        await bot.chat_postMessage(channel="incidents", **content)
        visitor = await visit(browser, workspace.url, pictures, viewport=PHONE, has_touch=True)
        found = visitor.page.locator("#messages article").first
        await expect(found).to_be_visible()
        yield found
        await visitor.page.context.close()


async def test_the_longest_texts_are_one_screen(browser: Browser, pictures: Path) -> None:
    before = SeenBefore(12, AT - timedelta(days=2), timedelta(hours=3), "C0ALERTS00", "1763", "")
    long = replace(
        CONDITION, headline=filled(HEADLINE), why=filled(WHY), next=(filled(REMEDY), "/queue")
    )
    alert = AlertMessage(replace(ALERT, condition=long, before=before), Reason.OPEN, is_parent=True)
    for message in (BlockKit().report(largest_report()), render(alert)):
        async for found in shown(browser, pictures, message):
            assert await buttons_at(found) <= MOST_PX, message["text"]
