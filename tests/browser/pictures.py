"""Takes the README's pictures and the gallery of every answer and alert: `make pictures`.

Each answer is taken from a running demo on a phone, light and dark, and on a desktop: the first
screen of it, as far as a reader sees it before scrolling much.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Locator, async_playwright, expect

from bot.demo.run import make_folder, start_demo
from bot.demo.services import STRAY, Script
from tests.agent.__main__ import session_in
from tests.agent.drawing import drawn
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.gallery import ASKED, GALLERY, LOOKS, TALLEST, contents
from tests.browser.visitor import PHONE, Visitor, visit
from tests.support.paths import ROOT

FOLDER = ROOT / "bot" / "demo" / "page" / "pictures"
NEVER = 1e9
QUIET = Script(freeze_at=NEVER, stray_at=NEVER, recover_at=NEVER, beat=3, batch_at=NEVER)
STUCK = "LLM queue stuck"
MOST_BYTES = 150_000


async def light(visitor: Visitor) -> None:
    """A batch's diagnosis, and a question in its thread."""
    await visitor.types("/batch status 34")
    answer = await visitor.sees("Batch 34")
    await visitor.opens(answer)
    await visitor.replies(f"@batchbot trace {STRAY}")
    replies = visitor.page.locator("#replies article")
    await expect(replies).to_have_count(3, timeout=20_000)
    await expect(replies.last).to_contain_text("8f3a11d7", timeout=20_000)
    await answer.evaluate("node => node.scrollIntoView()")
    await replies.nth(1).evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(700, 845)
    await visitor.keeps("light")


async def dark(visitor: Visitor) -> None:
    """The alert channel, with an alert that somebody looks after."""
    await visitor.goes("alerts")
    await visitor.presses(await visitor.sees(STUCK), "Acknowledge")
    head = await visitor.sees(STUCK)
    await expect(head.get_by_role("button", name="Un-acknowledge")).to_be_visible()
    await head.evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(5, 500)
    await visitor.keeps("dark")


async def phone(visitor: Visitor) -> None:
    """An alert as it is read on the way."""
    await visitor.goes_by_drawer("alerts")
    head = await visitor.sees(STUCK)
    await head.evaluate("node => node.scrollIntoView()")
    await visitor.page.mouse.move(5, 5)
    await visitor.keeps("phone")


async def shot(visitor: Visitor, found: Locator, name: str) -> None:
    """Keep the first screen of a message, without what stands around it."""
    await found.evaluate("node => node.scrollIntoView({block: 'start'})")
    await visitor.page.evaluate("document.activeElement?.blur()")
    await visitor.page.mouse.move(1, 1_499)
    await visitor.page.wait_for_timeout(250)
    box = await found.bounding_box()
    assert box is not None
    clip = {**box, "height": min(box["height"], TALLEST)}
    await visitor.page.screenshot(path=GALLERY / f"{name}.png", clip=clip, animations="disabled")  # type: ignore[arg-type]


async def answers(visitors: Sequence[tuple[str, Visitor]]) -> None:
    """Ask everything once, and take each answer in every look."""
    _, first = visitors[0]
    for scene in ASKED:
        number = await first.asks(scene.typed)
        await first.page.wait_for_timeout(1_000)
        for look, visitor in visitors:
            await shot(visitor, await visitor.answer(number), f"{scene.name}-{look}")
            await visitor.closes_the_thread()


async def watched(visitors: Sequence[tuple[str, Visitor]]) -> None:
    """Watch a batch that runs, and take the message that follows it."""
    _, first = visitors[0]
    await first.breaks("batch")
    await first.page.wait_for_timeout(1_000)
    await first.types("/batch watch 35")
    await first.sees("Batch 35", "of 30")
    for look, visitor in visitors:
        await shot(visitor, await visitor.sees("Batch 35", "of 30"), f"watch-{look}")


async def alerts(visitors: Sequence[tuple[str, Visitor]]) -> None:
    """Freeze the queue, and take its alert while it is open, looked after, snoozed and over."""
    _, first = visitors[0]
    await first.breaks("freeze")
    for _, visitor in visitors:
        await _goes(visitor, "alerts")
    head = await first.sees(STUCK)
    await _all(visitors, "alert")
    await first.presses(head, "Acknowledge")
    await expect(head.get_by_role("button", name="Un-acknowledge")).to_be_visible()
    await _all(visitors, "alert-acknowledged")
    await first.snoozes(head)
    await _all(visitors, "alert-snoozed")
    await first.presses(head, "Wake")
    await first.breaks("heal")
    await first.sees("Resolved after")
    await _all(visitors, "alert-resolved")
    await _warned(visitors)


async def _warned(visitors: Sequence[tuple[str, Visitor]]) -> None:
    """Let the model's provider refuse a running batch, and take what is forecast of it."""
    _, first = visitors[0]
    await first.breaks("batch")
    await first.page.wait_for_timeout(2_000)
    await first.breaks("provider_429")
    for look, visitor in visitors:
        await shot(visitor, await visitor.sees("Forecast: batch"), f"warning-{look}")
    await first.breaks("heal")


async def changed(visitors: Sequence[tuple[str, Visitor]]) -> None:
    """Ask what changed, once the frozen queue's restart was noted."""
    _, first = visitors[0]
    for _, visitor in visitors:
        await _goes(visitor, "incidents")
    number = await first.asks("/changes")
    await first.page.wait_for_timeout(1_000)
    for look, visitor in visitors:
        await shot(visitor, await visitor.answer(number), f"changes-{look}")


async def _all(visitors: Sequence[tuple[str, Visitor]], name: str) -> None:
    for look, visitor in visitors:
        await visitor.page.wait_for_timeout(400)
        await shot(visitor, visitor.page.locator("#messages article").first, f"{name}-{look}")


async def _goes(visitor: Visitor, place: str) -> None:
    if await visitor.page.get_by_role("button", name="Channels").is_visible():
        await visitor.goes_by_drawer(place)
    else:
        await visitor.goes(place)


async def home_and_page(visitors: Sequence[tuple[str, Visitor]], export: Path) -> None:
    """Take the App Home, and an investigation as a page."""
    for look, visitor in visitors:
        await _goes(visitor, "home")
        found = visitor.page.locator("#home .home-view")
        await expect(found.first).to_be_visible(timeout=20_000)
        await visitor.page.wait_for_timeout(1_500)
        await shot(visitor, found.first, f"home-{look}")
        await visitor.page.goto(export.as_uri())
        await shot(visitor, visitor.page.locator("main"), f"export-{look}")


async def agents(visitors: Sequence[tuple[str, Visitor]], folder: Path) -> None:
    """Let an agent ask about the recorded night, and take its session."""
    page = folder / "agent.html"
    page.write_text(drawn(await session_in(folder / "agent")), encoding="utf-8")
    for look, visitor in visitors:
        await visitor.page.goto(page.as_uri())
        await shot(visitor, visitor.page.locator("main"), f"agent-{look}")


async def main() -> None:
    """Start the demo and a browser, and write the pictures."""
    os.environ["DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS"] = "5"
    GALLERY.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = make_folder(stack)
        demo = await start_demo(stack, 0, QUIET, folder=folder)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        visitors = [(name, await visit(browser, demo.url, FOLDER, **look)) for name, look in LOOKS]
        await answers(visitors)
        await watched(visitors)
        await alerts(visitors)
        await changed(visitors)
        await home_and_page(visitors, await exported(folder))
        await agents(visitors, folder)
        for _, visitor in visitors:
            await visitor.page.context.close()
        await readme(browser, demo.url, lambda: demo.incidents.start("freeze"))
    (GALLERY / "README.md").write_text(contents(), encoding="utf-8")
    for picture in sorted([*FOLDER.glob("*.png"), *GALLERY.glob("*.png")]):
        if not picture.name.startswith("before-"):
            _lighten(picture)


async def readme(browser: Browser, url: str, freeze: object) -> None:
    """Take the three pictures of the first page."""
    assert callable(freeze)
    freeze()
    await light(await visit(browser, url, FOLDER))
    small = {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True}
    await phone(await visit(browser, url, FOLDER, **small))
    await dark(await visit(browser, url, FOLDER, color_scheme="dark"))


async def exported(folder: Path) -> Path:
    """Ask the demo, as from a second terminal, for an investigation as a page."""
    program = ROOT / ".venv" / "bin" / "batchbot"
    asked = await asyncio.create_subprocess_exec(
        program, "ask", "/batch investigate 33 --export", "--files", "out", cwd=folder,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await asked.wait()
    return folder / "out" / "investigation-batch-33.html"


def _lighten(picture: Path) -> None:
    """Write a picture with few colours, so that a clone stays small."""
    with Image.open(picture) as image:
        few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(picture, optimize=True)
    told = f"{picture.relative_to(ROOT)}  {picture.stat().st_size / 1000:.0f} kB"
    print(told)  # noqa: T201
    assert picture.stat().st_size <= MOST_BYTES, told


if __name__ == "__main__":
    asyncio.run(main())
