"""A person at the page: types, presses and looks, by what can be read and heard there."""

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

WIDE = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
TRIES = 3


class Visitor:
    """One browser window of one person."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    async def goes(self, place: str) -> None:
        """Press a name in the sidebar."""
        await self.page.locator(f'[data-place="{place}"]').click()

    async def becomes(self, name: str) -> None:
        """Be somebody else."""
        await self.page.get_by_label("You are").select_option(name)

    async def types(self, text: str) -> None:
        """Write into the message box, and send."""
        box = self.page.locator("#text")
        await box.fill(text)
        await box.press("Enter")

    async def replies(self, text: str) -> None:
        """Write into the thread that is open, and send."""
        box = self.page.locator("#replytext")
        await box.fill(text)
        await box.press("Enter")

    async def asks(self, text: str) -> int:
        """Ask, wait for the whole answer, and return the number of its message in the channel."""
        asked = self.page.locator("#messages article")
        number = await asked.count()
        await self.types(text)
        await expect(asked.nth(number)).to_be_visible(timeout=PATIENCE_MS)
        await expect(await self.answer(number)).not_to_contain_text("Working on")
        await self.closes_the_thread()
        return number

    async def answer(self, number: int) -> Locator:
        """Return an answer; one to a mention stands in the thread that it opens."""
        asked = self.page.locator("#messages article").nth(number)
        await expect(asked).to_be_visible(timeout=PATIENCE_MS)
        if "by-bot" in (await asked.get_attribute("class") or ""):
            return asked
        opener = asked.get_by_role("button", name=re.compile(r"\d repl"))
        answer = self.page.locator("#replies article.by-bot").first
        await expect(opener).to_be_visible(timeout=PATIENCE_MS)
        # A message that is drawn anew while it is pressed takes no press.
        for _ in range(TRIES):
            await opener.click()
            with contextlib.suppress(AssertionError):
                await expect(answer).to_be_visible()
                break
        await expect(answer).to_be_visible()
        return answer

    async def closes_the_thread(self) -> None:
        """Close the thread, if one is open."""
        if await self.page.locator("#thread").is_visible():
            await self.page.locator("#close").click()

    async def presses(self, inside: Locator, name: str) -> None:
        """Press a button of a message."""
        await inside.get_by_role("button", name=name, exact=True).click()

    async def chooses(self, inside: Locator, name: str) -> None:
        """Choose from a message's menu of further actions."""
        await inside.get_by_role("button", name="More actions").click()
        await inside.get_by_role("menuitem", name=name, exact=True).click()

    async def snoozes(self, alert: Locator) -> None:
        """Snooze an alert for half an hour, and see it asleep."""
        own = alert.get_by_role("button", name="Snooze 30 m", exact=True)
        if await own.count():
            await own.click()
        else:
            await self.chooses(alert, "Snooze 30 min")
        await expect(alert.get_by_role("button", name="Wake")).to_be_visible()

    async def breaks(self, name: str) -> None:
        """Press a button of the services' incidents, and close the panel again."""
        panel = self.page.locator("#faults")
        if not await panel.is_visible():
            await self.page.get_by_role("button", name=re.compile("^What breaks")).click()
        await panel.locator(f"#incident-{name}").click()
        await panel.get_by_role("button", name="Close what breaks").click()
        await expect(panel).to_be_hidden()

    async def goes_by_drawer(self, place: str) -> None:
        """Open the list of channels, as on a phone, and go to one."""
        await self.page.get_by_role("button", name="Channels").click()
        await self.goes(place)

    async def fault(self, id: str, *, on: bool = True) -> None:
        """Flip a fault switch, and see it flipped."""
        page = self.page
        if not await page.locator("#faults").is_visible():
            await page.get_by_role("button", name=re.compile("^What breaks")).click()
        switch = page.locator(f"#fault-{id}")
        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", str(on).lower())

    async def no_faults(self) -> None:
        """Make everything whole again."""
        await self.page.locator("#broken").get_by_role("button", name="All off").click()
        await expect(self.page.locator("#broken")).to_be_hidden()

    def message(self, *words: str, thread: bool = False) -> Locator:
        """The newest message that holds all of these words."""
        found = self.page.locator("#replies article" if thread else "#messages article")
        for word in words:
            found = found.filter(has_text=word)
        return found.last

    async def sees(self, *words: str, thread: bool = False) -> Locator:
        """Wait for a message that holds all of these words."""
        found = self.message(*words, thread=thread)
        await expect(found).to_be_visible(timeout=PATIENCE_MS)
        return found

    async def opens(self, message: Locator) -> None:
        """Open a message's thread by its button, which shows while its head is pointed at."""
        for left in reversed(range(TRIES)):
            await message.evaluate("node => node.scrollIntoView({block: 'start'})")
            await message.hover(position={"x": 120, "y": 12})
            reply = message.get_by_role("button", name="Reply in thread")
            try:
                # What is written meanwhile scrolls the message away from under the pointer.
                await reply.click(timeout=PATIENCE_MS / TRIES)
                break
            except PlaywrightTimeout:
                if not left:
                    raise
        await expect(self.page.locator("#thread")).to_be_visible()

    async def keeps(self, name: str) -> None:
        """Keep a picture of what is on the screen, which must not be wider than the window."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the window"
        target = self._pictures / f"{name}.png"
        await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
        await self.page.screenshot(path=target, animations="disabled")


async def visit(browser: Browser, url: str, pictures: Path, **context: Any) -> Visitor:
    """Open the page in a fresh window, and wait until it is there."""
    settings = {"viewport": WIDE, "color_scheme": "light", "timezone_id": "Europe/Stockholm"}
    opened = await browser.new_context(**{**settings, **context})
    opened.set_default_timeout(PATIENCE_MS)
    visitor = Visitor(await opened.new_page(), pictures)
    await visitor.page.goto(url)
    await expect(visitor.page.locator("#places button").first).to_be_attached(timeout=PATIENCE_MS)
    return visitor
