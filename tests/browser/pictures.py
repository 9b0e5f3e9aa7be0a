"""Takes the README's three pictures from a running demo: `make pictures`."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import async_playwright, expect

from bot.demo.run import start_demo
from bot.demo.services import STRAY, Script
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.visitor import PHONE, Visitor, visit
from tests.support.paths import ROOT

FOLDER = ROOT / "bot" / "demo" / "page" / "pictures"
ANSWER_MS = 20_000
STUCK = Script(freeze_at=4, stray_at=2, recover_at=100_000, beat=1)


async def light(visitor: Visitor) -> None:
    """A batch's diagnosis, and a question in its thread."""
    await visitor.types("/batch status 34")
    answer = await visitor.sees("Batch 34", "early-finalisation")
    await visitor.opens(answer)
    await visitor.replies(f"@batchbot trace {STRAY}")
    replies = visitor.page.locator("#replies article")
    # The thread begins with the diagnosis, which names the same cause.
    await expect(replies.last).to_contain_text("foreign-callback", timeout=ANSWER_MS)
    await answer.evaluate("node => node.scrollIntoView()")
    await replies.nth(1).evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(700, 845)
    await visitor.keeps("light")


async def dark(visitor: Visitor) -> None:
    """The alert channel, with an alert that somebody looks after."""
    await visitor.goes("alerts")
    await visitor.presses(await visitor.sees("LLM queue stuck"), "Acknowledge")
    head = await visitor.sees("LLM queue stuck", "👀 oncall")
    await head.evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(5, 500)
    await visitor.keeps("dark")


async def phone(visitor: Visitor) -> None:
    """An alert as it is read on the way."""
    await visitor.page.get_by_role("button", name="Channels").click()
    await visitor.goes("alerts")
    head = await visitor.sees("LLM queue stuck")
    await head.evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(5, 5)
    await visitor.keeps("phone")


async def main() -> None:
    """Start the demo and a browser, and write the pictures."""
    os.environ["DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS"] = "5"
    async with AsyncExitStack() as stack:
        demo = await start_demo(stack, 0, STUCK)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        await light(await visit(browser, demo.url, FOLDER))
        await dark(await visit(browser, demo.url, FOLDER, color_scheme="dark"))
        small = {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True}
        await phone(await visit(browser, demo.url, FOLDER, **small))
    for picture in sorted(FOLDER.glob("*.png")):
        _tell(picture)


def _tell(picture: Path) -> None:
    print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size / 1000:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
