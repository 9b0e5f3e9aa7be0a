"""Every door of the bot, used as a person uses it on the page; the bot is the demo's real one."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.demo.run import Demo, start_demo
from bot.demo.services import STRAY, Script
from tests.browser.visitor import PATIENCE_MS, Visitor, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.marathon,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]
QUIET = Script(freeze_at=2, stray_at=3, recover_at=100_000, beat=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(chromium: Path) -> AsyncIterator[Demo]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", "5")
        async with AsyncExitStack() as stack:
            yield await start_demo(stack, 0, QUIET)


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(demo: Demo, browser: Browser, pictures: Path) -> AsyncIterator[Visitor]:
    visitor = await visit(browser, demo.url, pictures)
    yield visitor
    if await visitor.page.locator("#broken").is_visible():
        await visitor.no_faults()
    await visitor.page.context.close()
    assert visitor.errors == []


async def test_a_slash_command_is_answered_in_the_channel(visitor: Visitor) -> None:
    await visitor.types("/batch status 34")
    answer = await visitor.sees("Batch 34", "early-finalisation")
    await expect(answer).not_to_contain_text("Only visible to you")
    await answer.evaluate("node => node.scrollIntoView()")
    await visitor.keeps("door-slash")
    await visitor.page.emulate_media(color_scheme="dark")
    await visitor.keeps("door-slash-dark")


async def test_a_mention_in_a_thread_is_answered_in_that_thread(visitor: Visitor) -> None:
    await visitor.types("is the queue moving?")
    await visitor.opens(await visitor.sees("is the queue moving?"))
    await visitor.replies("@batchbot batch status 33")
    answer = await visitor.sees("Batch 33", "Finalised with 34 of 100", thread=True)
    await expect(answer).to_be_visible()
    await visitor.keeps("door-mention")


async def test_the_shortcut_traces_what_a_message_names(visitor: Visitor) -> None:
    await visitor.types(f"what became of {STRAY} here?")
    asked = await visitor.sees("what became of")
    await asked.hover()
    await visitor.presses(asked, "Trace this")
    await asked.get_by_role("button", name=re.compile("repl")).click()
    await visitor.sees("foreign-callback", thread=True)
    await visitor.keeps("door-shortcut")


async def test_a_button_of_an_answer_is_the_next_step(visitor: Visitor) -> None:
    await visitor.types("/batch list")
    answer = await visitor.sees("newest batches")
    await answer.get_by_role("button", name=re.compile("33")).first.click()
    await answer.get_by_role("button", name=re.compile(r"\d repl")).click()
    await visitor.sees("Finalised with 34 of 100", thread=True)
    await visitor.keeps("door-button")


async def test_an_alert_is_acknowledged_by_its_button(visitor: Visitor) -> None:
    await visitor.goes("alerts")
    await visitor.becomes("researcher")
    head = await visitor.sees("Rejected callback")
    await visitor.presses(head, "Acknowledge")
    refused = visitor.page.get_by_role("dialog")
    await expect(refused).to_contain_text("Only operators")
    await visitor.page.keyboard.press("Escape")
    await expect(refused).to_have_count(0)
    await visitor.becomes("oncall")
    await visitor.presses(await visitor.sees("Rejected callback"), "Acknowledge")
    acknowledged = await visitor.sees("Rejected callback", "👀 oncall")
    again = acknowledged.get_by_role("button", name="Acknowledge", exact=True)
    await expect(again).to_have_count(0)
    await visitor.keeps("door-acknowledge")


async def test_the_app_home_shows_the_state_of_things(visitor: Visitor) -> None:
    await visitor.goes("home")
    home = visitor.page.locator("#home")
    await expect(home).to_contain_text("queue", timeout=PATIENCE_MS, ignore_case=True)
    await expect(home.get_by_role("button").first).to_be_visible()
    await visitor.keeps("door-home")
    await visitor.becomes("guest")
    await expect(home).to_contain_text("not on the list", timeout=PATIENCE_MS)


async def test_a_missing_argument_is_asked_for_in_a_modal(visitor: Visitor) -> None:
    await visitor.types("/batch status")
    modal = visitor.page.get_by_role("dialog")
    recent = modal.get_by_label(re.compile("Recent"))
    await expect(recent).to_be_visible(timeout=PATIENCE_MS)
    await modal.get_by_role("button", name="Ask").click()
    await expect(modal.get_by_role("alert").first).to_contain_text("Choose one, or type one")
    await modal.get_by_label(re.compile("type")).fill("no such batch, ever")
    await modal.get_by_role("button", name="Ask").click()
    await expect(modal.get_by_role("alert").first).not_to_be_empty()
    await visitor.keeps("door-modal")
    await modal.get_by_label(re.compile("type")).fill("")
    await recent.select_option("33")
    await modal.get_by_role("button", name="Ask").click()
    await expect(modal).to_have_count(0)
    await visitor.sees("Batch 33", "Finalised with 34 of 100")


async def test_a_modal_is_left_by_escape_and_asks_nothing(visitor: Visitor) -> None:
    await visitor.types("/batch status")
    await expect(visitor.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE_MS)
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.page.get_by_role("dialog")).to_have_count(0)


async def test_the_home_s_buttons_ask_and_show_the_answer_there(visitor: Visitor) -> None:
    await visitor.goes("home")
    look = visitor.page.locator("#home").get_by_role("button", name=re.compile("Look at a batch"))
    await look.click(timeout=PATIENCE_MS)
    modal = visitor.page.get_by_role("dialog")
    await modal.get_by_label(re.compile("Recent")).select_option("34", timeout=PATIENCE_MS)
    await modal.get_by_role("button", name="Ask").click()
    await expect(modal).to_contain_text("early-finalisation", timeout=PATIENCE_MS)
    await expect(modal.get_by_text("do not use the grades").first).to_be_in_viewport()
    await visitor.keeps("door-home-answer")
    await modal.get_by_role("button", name="Close").first.click()
    await expect(modal).to_have_count(0)


async def test_a_private_answer_is_shared_by_its_button(demo: Demo, visitor: Visitor) -> None:
    await visitor.goes("alerts")
    await visitor.types("/batch status 33")
    private = await visitor.sees("Batch 33", "Only visible to you")
    await visitor.presses(private, "Share")
    shared = visitor.page.locator("#messages article:not(.ephemeral)").filter(has_text="Batch 33")
    await expect(shared).to_have_count(1, timeout=PATIENCE_MS)
    await visitor.keeps("door-share")
    await visitor.becomes("guest")
    await visitor.sees("Batch 33")


async def test_who_may_not_ask_is_told_so_alone(visitor: Visitor) -> None:
    await visitor.becomes("guest")
    await visitor.types("/batch status 33")
    denied = await visitor.sees("not on the list")
    await expect(denied).to_contain_text("Only visible to you")
    await visitor.keeps("door-denied")


@asynccontextmanager
async def locked(demo: Demo) -> AsyncIterator[None]:
    """Hold the table that a batch's status is read from, so that reading it takes long."""
    connection = await asyncpg.connect(demo.cj_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE cj_batch_uploads IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_slow_work_shows_progress_and_is_cancelled_by_its_button(
    demo: Demo, visitor: Visitor
) -> None:
    async with locked(demo):
        await visitor.types("/batch status 32")
        working = await visitor.sees("Working on", "batch status 32")
        await visitor.keeps("door-working")
        await visitor.presses(working, "Cancel")
        cancel = visitor.page.get_by_role("button", name="Cancel")
        await expect(cancel).to_have_count(0, timeout=PATIENCE_MS)
        ended = visitor.page.locator("#messages article").last
        await expect(ended).to_contain_text(re.compile("stopped|cancelled|ended", re.IGNORECASE))
        await visitor.keeps("door-cancelled")


@pytest.mark.parametrize("fault", ["rate_limit", "errors", "drop_after_accept", "slow"])
async def test_an_answer_comes_once_when_slack_fails_for_a_while(
    visitor: Visitor, fault: str
) -> None:
    asked = f"before {fault}"
    await visitor.types(asked)
    await visitor.sees(asked)
    await visitor.fault(fault)
    await visitor.types("/batch status 31")
    if fault == "rate_limit":
        await expect(visitor.page.locator("#status")).to_contain_text("ack")
        await visitor.keeps("fault-rate_limit")
        await visitor.no_faults()
    later = visitor.page.locator(f'#messages article:has-text("{asked}") ~ article')
    answers = later.filter(has_text="Batch 31")
    await expect(answers).to_have_count(1, timeout=60_000)
    await visitor.keeps(f"fault-{fault}")


async def test_dropped_sockets_come_back_and_commands_are_answered(visitor: Visitor) -> None:
    status = visitor.page.locator("#status")
    await expect(status).to_contain_text("2 sockets")
    await visitor.page.get_by_role("button", name="What breaks").click()
    await visitor.page.locator("#drop").click()
    await expect(visitor.page.locator("#toasts")).to_contain_text("Every socket was cut")
    await expect(status).to_contain_text("2 sockets", timeout=60_000)
    await visitor.types("/batch status 33")
    await visitor.sees("Batch 33")


@pytest.mark.parametrize("types", ["refuse_table", "refuse_all"])
async def test_refused_blocks_are_said_in_plainer_ones(visitor: Visitor, types: str) -> None:
    asked = f"before {types}"
    await visitor.types(asked)
    await visitor.sees(asked)
    await visitor.fault(types)
    await visitor.types("/batch list")
    answer = visitor.page.locator(f'#messages article:has-text("{asked}") ~ article')
    answer = answer.filter(has_text="newest batches")
    await expect(answer).to_have_count(1, timeout=PATIENCE_MS)
    await expect(answer.locator('[data-type="table"]')).to_have_count(0)
    await visitor.keeps(f"fault-{types}")
