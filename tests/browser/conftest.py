"""A real Chromium, and pictures of what it showed.

Pictures go to `artifacts/browser`, or to the folder in BROWSER_PICTURES.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.support.paths import ROOT

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def chromium() -> Path:
    if CHROMIUM.exists():
        return CHROMIUM
    if os.environ.get("CI") == "true":
        pytest.fail("CI needs Debian's chromium")
    pytest.skip("no chromium on this machine")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def pictures() -> Path:
    folder = Path(os.environ.get("BROWSER_PICTURES") or ROOT / "artifacts" / "browser")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
