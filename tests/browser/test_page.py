"""The demo's page in a real Chromium: what it draws, and what a person can do on it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.validation.blocks import MESSAGE_BLOCKS, SURFACES
from tests.browser.kit import EVERY_BLOCK
from tests.browser.visitor import PHONE, Visitor, visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace(note="Times are shortened here.") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(workspace: Workspace, browser: Browser, pictures: Path) -> AsyncIterator[Visitor]:
    visitor = await visit(browser, workspace.url, pictures)
    yield visitor
    await visitor.page.context.close()
    assert visitor.errors == []


@pytest.fixture
def bot(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)


async def says(bot: AsyncWebClient, channel: str, text: str, **more: Any) -> str:
    answer = await bot.chat_postMessage(channel=channel, text=text, **more)
    return str(answer["ts"])


async def test_what_the_bot_says_and_what_a_person_types_are_on_the_page(
    bot: AsyncWebClient, visitor: Visitor
) -> None:
    ts = await says(bot, "incidents", "queue stuck")
    await says(bot, "incidents", "still", thread_ts=ts)
    head = await visitor.sees("queue stuck")
    await head.get_by_role("button", name="1 reply").click()
    await visitor.sees("still", thread=True)
    await visitor.replies("I look at it")
    await visitor.sees("I look at it", thread=True)
    await bot.chat_update(channel="C0INCIDENTS", ts=ts, text="queue moves")
    await expect(await visitor.sees("queue moves")).to_contain_text("(edited)")
    await visitor.keeps("thread")


async def test_a_command_that_nobody_answers_says_so_to_the_asker_alone(visitor: Visitor) -> None:
    await visitor.types("/queue")
    told = await visitor.sees("operation_timeout")
    await expect(told).to_contain_text("Only visible to you")
    await visitor.becomes("guest")
    await expect(visitor.page.locator("#messages")).not_to_contain_text("operation_timeout")
    await visitor.becomes("oncall")
    await visitor.presses(await visitor.sees("operation_timeout"), "Dismiss")
    await expect(visitor.page.locator("#messages")).not_to_contain_text("operation_timeout")


async def test_a_slash_command_in_a_thread_is_refused_as_slack_does(
    bot: AsyncWebClient, visitor: Visitor
) -> None:
    await says(bot, "incidents", "queue stuck")
    await visitor.opens(await visitor.sees("queue stuck"))
    await visitor.page.locator("#replytext").fill("/queue")
    await expect(visitor.page.locator("#reply")).to_contain_text("write @batchbot instead")
    await visitor.page.locator("#replytext").press("Enter")
    alert = visitor.page.locator("#reply").get_by_role("alert")
    await expect(alert).to_have_text("/queue is not supported in threads.")
    await expect(visitor.page.locator("#replytext")).to_have_value("/queue")


async def test_no_text_of_a_message_becomes_markup_and_no_escaped_mention_is_one(
    bot: AsyncWebClient, visitor: Visitor
) -> None:
    hostile = "&lt;img src=x onerror=document.title='broken'&gt; &lt;!here&gt; <script>1</script>"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": hostile}},
        {"type": "markdown", "text": "[x](javascript:alert(1)) <img src=x>"},
    ]
    await says(bot, "incidents", "hostile", blocks=blocks)
    message = await visitor.sees("onerror")
    await expect(message).to_contain_text("<!here>")
    assert await message.locator("img, script, a, .mention").count() == 0
    assert "broken" not in await visitor.page.title()


async def test_a_live_mention_is_seen_and_counted(bot: AsyncWebClient, visitor: Visitor) -> None:
    await says(bot, "incidents", "look <!here>")
    message = await visitor.sees("look")
    await expect(message.locator(".mention.ping")).to_have_text("@here")
    await expect(visitor.page.locator("#status")).to_contain_text("would have notified 1")


async def test_unread_messages_are_counted_until_they_are_looked_at(
    bot: AsyncWebClient, visitor: Visitor
) -> None:
    entry = visitor.page.locator('[data-place="alerts"]')
    await says(bot, "alerts", "zero")
    await visitor.goes("alerts")
    await visitor.sees("zero")
    await visitor.goes("incidents")
    for text in ("one", "two"):
        await says(bot, "alerts", text)
    await expect(entry.get_by_label("2 unread")).to_be_visible()
    await expect(visitor.page).to_have_title("(2) #incidents · batchbot demo workspace")
    await visitor.goes("alerts")
    await visitor.sees("two")
    await expect(entry.locator(".count")).to_have_count(0)
    await expect(visitor.page.locator(".rule.new")).to_have_count(1)


async def test_every_block_that_the_workspace_takes_is_drawn(
    bot: AsyncWebClient, visitor: Visitor
) -> None:
    assert {block["type"] for block in EVERY_BLOCK} == MESSAGE_BLOCKS.keys()
    for number, block in enumerate(EVERY_BLOCK):
        await says(bot, "alerts", f"{block['type']} {number}", blocks=[block])
    await visitor.goes("alerts")
    for kind in MESSAGE_BLOCKS:
        drawn = visitor.page.locator(f'#messages [data-type="{kind}"]').first
        await expect(drawn).to_be_visible()
    await expect(visitor.page.locator("#messages .unknown")).to_have_count(0)
    known = await visitor.page.evaluate("import('/page/js/blocks.js').then(m => m.KNOWN)")
    assert {kind for surface in SURFACES.values() for kind in surface} <= set(known)
    await visitor.keeps("blocks")
    await visitor.page.emulate_media(color_scheme="dark")
    await visitor.keeps("blocks-dark")
    await visitor.page.set_viewport_size(PHONE)
    await visitor.keeps("blocks-phone")


async def test_a_block_that_is_not_known_is_named(workspace: Workspace, visitor: Visitor) -> None:
    content = {"text": "new", "blocks": [{"type": "hologram"}]}
    workspace.space.post("C0INCIDENTS", content, user="U0BATCHBOT")
    await visitor.sees("a block of type hologram, which this page does not draw")


async def test_a_data_table_sorts_and_turns_pages(bot: AsyncWebClient, visitor: Visitor) -> None:
    cell = {"type": "raw_text"}
    rows = [[{**cell, "text": "batch"}], *([{**cell, "text": str(n)}] for n in (9, 10, 8, 1, 2, 3))]
    table = {"type": "data_table", "caption": "Batches", "rows": rows, "page_size": 4}
    await says(bot, "incidents", "table", blocks=[table])
    message = await visitor.sees("Batches")
    first = message.locator("tbody td").first
    await expect(first).to_have_text("9")
    await visitor.presses(message, "batch")
    await expect(first).to_have_text("1")
    await visitor.presses(message, "Next")
    await expect(first).to_have_text("9")
    await expect(message.locator("th")).to_have_attribute("aria-sort", "ascending")
    await visitor.presses(message, "batch")
    await expect(message.locator(".pager")).to_contain_text("5–6 of 6")


async def test_a_file_can_be_read_kept_and_looked_at(bot: AsyncWebClient, visitor: Visitor) -> None:
    await bot.files_upload_v2(
        channel="C0INCIDENTS", content="# whole answer", filename="answer.md", title="Whole answer"
    )
    message = await visitor.sees("Whole answer")
    await message.get_by_text("Preview").click()
    await expect(message.locator("pre")).to_have_text("# whole answer")
    async with visitor.page.expect_download() as download:
        await message.get_by_label("Download answer.md").click()
    assert (await download.value).suggested_filename == "answer.md"


async def test_the_keyboard_does_what_the_mouse_does(bot: AsyncWebClient, visitor: Visitor) -> None:
    for text in ("first", "second"):
        await says(bot, "incidents", text)
    await visitor.sees("second")
    keyboard, page = visitor.page.keyboard, visitor.page
    await page.locator("#text").focus()
    await keyboard.press("Escape")
    await expect(visitor.message("second")).to_be_focused()
    await keyboard.press("k")
    await expect(visitor.message("first")).to_be_focused()
    await keyboard.press("t")
    await expect(page.locator("#replytext")).to_be_focused()
    await visitor.sees("first", thread=True)
    await keyboard.press("Escape")
    await keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    await expect(visitor.message("first")).to_be_focused()
    await keyboard.press("Alt+ArrowDown")
    await expect(page.locator("#title")).to_have_text("# alerts")
    await keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    await visitor.keeps("keyboard")
    await keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_commands_are_completed_and_what_was_typed_comes_back(visitor: Visitor) -> None:
    page, box = visitor.page, visitor.page.locator("#text")
    await box.press_sequentially("/ba")
    await expect(page.locator("#text-offers")).to_contain_text("/batch")
    await visitor.keeps("completion")
    await box.press("Tab")
    await expect(box).to_have_value("/batch ")
    await expect(page.locator("#composer .usage")).to_contain_text("status <id>")
    await box.fill("hello")
    await box.press("Shift+Enter")
    await box.press_sequentially("there")
    await box.press("Enter")
    await visitor.sees("hello\nthere")
    await box.press("ArrowUp")
    await expect(box).to_have_value("hello\nthere")
    await box.fill("ask @ba")
    await box.press("Enter")
    await expect(box).to_have_value("ask @batchbot ")


async def test_faults_are_switched_by_buttons_and_what_is_on_is_said(
    workspace: Workspace, visitor: Visitor
) -> None:
    for id in ("rate_limit", "errors", "slow", "drop_after_accept", "refuse_table"):
        await visitor.fault(id)
    faults = workspace.space.faults
    assert (faults.rate_limit, faults.errors, faults.delay_ms) == (True, 0.5, 1500)
    assert (faults.drop_after_accept, faults.refuse_blocks) == (0.5, ["table"])
    await expect(visitor.page.locator("#broken")).to_contain_text("429 rate limit · 5xx errors")
    await visitor.keeps("faults")
    await visitor.no_faults()
    assert (workspace.space.faults.rate_limit, workspace.space.faults.refuse_blocks) == (False, [])


async def test_the_theme_can_be_chosen_and_stays(visitor: Visitor) -> None:
    page = visitor.page
    paper = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(paper)
    for mode in ("light", "dark"):
        await page.locator("#theme").click()
        await expect(page.locator("#theme")).to_have_attribute("aria-label", f"Theme: {mode}")
    assert await page.evaluate(paper) != light
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_on_a_phone_the_sidebar_is_a_drawer(bot: AsyncWebClient, visitor: Visitor) -> None:
    await says(bot, "alerts", "queue stuck")
    await visitor.page.set_viewport_size(PHONE)
    await expect(visitor.page.locator("#places")).not_to_be_in_viewport()
    await visitor.page.get_by_role("button", name="Channels").click()
    await visitor.goes("alerts")
    await expect(visitor.page.locator("#places")).not_to_be_in_viewport()
    await visitor.opens(await visitor.sees("queue stuck"))
    await visitor.keeps("thread-phone")
