"""The demo's page in a real Chromium, used as a person would."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace.server import Workspace

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
pytestmark = pytest.mark.browser


@pytest.fixture
def chromium() -> Path:
    if CHROMIUM.exists():
        return CHROMIUM
    if os.environ.get("CI") == "true":
        pytest.fail("CI needs Debian's chromium")
    pytest.skip("no chromium on this machine")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as running:
        yield running


@pytest.fixture
async def page(workspace: Workspace, chromium: Path) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await page.goto(workspace.url)
        yield page
        await browser.close()


async def test_what_the_bot_says_and_what_a_person_types_are_on_the_page(
    workspace: Workspace, page: Page
) -> None:
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    head = await client.chat_postMessage(channel="incidents", text="queue stuck <!here>")
    await client.chat_postMessage(channel="incidents", text="still", thread_ts=head["ts"])
    await expect(page.locator("#messages")).to_contain_text("queue stuck")
    await page.get_by_text("1 reply").click()
    await expect(page.locator("#replies")).to_contain_text("still")
    await page.fill("#text", "I look at it")
    await page.press("#text", "Enter")
    await expect(page.locator("#messages")).to_contain_text("I look at it")


async def test_a_command_that_nobody_answers_says_so_to_the_asker_alone(page: Page) -> None:
    await page.fill("#text", "/queue")
    await page.press("#text", "Enter")
    await expect(page.locator("#messages")).to_contain_text("operation_timeout")
    await expect(page.locator("#messages")).to_contain_text("Only visible to oncall")
    await page.select_option("#user", "guest")
    await expect(page.locator("#messages")).not_to_contain_text("operation_timeout")


async def test_no_text_of_a_message_becomes_markup(workspace: Workspace, page: Page) -> None:
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    hostile = "&lt;img src=x onerror=document.title='broken'&gt; done"
    await client.chat_postMessage(channel="incidents", text=hostile)
    await expect(page.locator("#messages")).to_contain_text("done")
    await asyncio.sleep(0)
    assert await page.title() == "batchbot demo workspace"
    assert await page.locator("#messages img").count() == 0
