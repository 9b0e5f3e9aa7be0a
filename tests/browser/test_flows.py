"""The ways that a person takes on a phone, each from its first press to its end."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from bot.demo.run import Demo, start_demo
from bot.demo.services import Script
from tests.browser.visitor import PATIENCE_MS, PHONE, Visitor, visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.marathon,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]
NEVER, BEAT = 1e9, 0.4
UNEVENTFUL = {"freeze_at": NEVER, "stray_at": NEVER, "recover_at": NEVER, "batch_at": NEVER}
# Whoever is to be mentioned when nobody looks after a rejected callback: at the next look.
ROUTES = (
    '[{"match": "rejected_callbacks", "min_severity": "warn", "escalate_after": "0m", '
    '"escalate_to": "@here"}]'
)


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(**UNEVENTFUL, beat=BEAT)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo(chromium: Path, script: Script) -> AsyncIterator[Demo]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", "2")
        patch.setattr("bot.demo.run.TICK_SECONDS", 0.5)
        patch.setattr("bot.requests.watching.WATCH_SECONDS", 0.3)
        async with AsyncExitStack() as stack:
            yield await start_demo(stack, 0, script, settings={"ALERT_ROUTES": ROUTES})


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(demo: Demo, browser: Browser, pictures: Path) -> AsyncIterator[Visitor]:
    visitor = await visit(browser, demo.url, pictures, viewport=PHONE, has_touch=True)
    yield visitor
    demo.incidents.start("heal")
    await visitor.page.context.close()
    assert visitor.errors == []


async def thread_of(visitor: Visitor, message: Locator) -> None:
    await message.get_by_role("button", name=re.compile(r"\d repl")).click()
    await expect(visitor.page.locator("#thread")).to_be_visible()


async def test_a_question_is_answered_and_its_button_leads_on_in_the_thread(
    visitor: Visitor,
) -> None:
    await visitor.types("@batchbot why is batch 33 broken?")
    question = visitor.message("why is batch 33 broken?")
    await thread_of(visitor, question)
    answer = await visitor.sees("Batch 33", "/batch investigate 33", thread=True)
    await visitor.keeps("flow-question")
    await visitor.presses(answer, "All batches")
    next_answer = visitor.page.locator("#replies article").nth(2)
    await expect(next_answer).to_be_visible(timeout=PATIENCE_MS)
    await visitor.keeps("flow-question-thread")


async def test_an_alert_is_acknowledged_given_back_snoozed_woken_and_resolves(
    visitor: Visitor,
) -> None:
    await visitor.breaks("freeze")
    await visitor.goes_by_drawer("alerts")
    alert = await visitor.sees("LLM queue stuck")
    await visitor.presses(alert, "Acknowledge")
    await visitor.presses(alert, "Un-acknowledge")
    await expect(alert.get_by_role("button", name="Acknowledge", exact=True)).to_be_visible()
    await visitor.snoozes(alert)
    await visitor.keeps("flow-alert-snoozed")
    await visitor.presses(alert, "Wake")
    await expect(alert.get_by_role("button", name="Wake")).to_have_count(0)
    await visitor.breaks("heal")
    await visitor.sees("Resolved after", "queue")
    await visitor.keeps("flow-alert-resolved")


async def test_a_watched_batch_is_followed_to_its_end(
    demo: Demo, script: Script, visitor: Visitor
) -> None:
    script.beat = NEVER  # it is under way until it is watched, however slow the page is
    await visitor.breaks("batch")
    await visitor.types("/batch list")
    listed = await visitor.sees("newest batches", "under way")
    row = listed.locator("tr", has_text="under way").first
    number = (await row.locator("td").nth(1).inner_text()).strip()
    await visitor.types(f"/batch watch {number}")
    shown = await visitor.sees(f"Batch {number}", "30")
    await visitor.keeps("flow-watch")
    script.beat = BEAT
    demo.incidents.woken.set()
    await expect(shown).to_contain_text("30 of 30", timeout=PATIENCE_MS)
    await thread_of(visitor, shown)
    await visitor.sees("@oncall", thread=True)
    await visitor.keeps("flow-watch-end")


async def test_an_orphan_is_put_back_by_a_dialog_and_its_thread_tells_the_outcome(
    visitor: Visitor,
) -> None:
    await visitor.breaks("freeze")
    await visitor.goes_by_drawer("alerts")
    alert = await visitor.sees("LLM queue stuck", "Put it back")
    await visitor.presses(alert, "Put it back …")
    dialog = visitor.page.locator("dialog.modal")
    await expect(dialog).to_contain_text("Tried just now", timeout=PATIENCE_MS)
    await expect(dialog).to_contain_text("processing to queued")
    await visitor.keeps("flow-cure-dialog")
    await dialog.get_by_role("button", name="Put it back in the queue", exact=True).click()
    await expect(alert).to_have_count(0, timeout=PATIENCE_MS)
    resolved = await visitor.sees("Resolved after", "queue")
    await thread_of(visitor, resolved)
    await visitor.sees("The item was put back in the queue", thread=True)
    await visitor.keeps("flow-cure")


async def test_what_nobody_looks_after_is_escalated_once(visitor: Visitor) -> None:
    await visitor.breaks("reject")
    await visitor.goes_by_drawer("alerts")
    alert = await visitor.sees("ejected callback")
    await thread_of(visitor, alert)
    await visitor.sees("acknowledged this", "@here", thread=True)
    escalations = visitor.page.locator("#replies article", has_text="acknowledged this")
    await expect(escalations).to_have_count(1)
    await visitor.keeps("flow-escalation")


async def test_the_home_is_no_wider_than_a_phone_while_something_is_broken(
    visitor: Visitor,
) -> None:
    await visitor.breaks("provider_529")
    await visitor.goes_by_drawer("home")
    await expect(visitor.page.locator("#home .home-view").first).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="What breaks (1)")).to_be_visible()
    await visitor.keeps("flow-home-broken")
