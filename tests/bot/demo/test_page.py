"""The page's JavaScript keeps the types that its comments promise; needs `npm ci` in its folder."""

import subprocess
from pathlib import Path

import pytest

from bot.demo.workspace.server import PAGE

TSC = PAGE / "node_modules" / ".bin" / "tsc"
MOST_LINES = 300


@pytest.mark.skipif(not TSC.exists(), reason="no TypeScript: npm ci in bot/demo/page")
def test_the_page_s_modules_keep_their_types() -> None:
    project = PAGE / "js" / "tsconfig.json"
    done = subprocess.run([TSC, "-p", project], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted([*PAGE.glob("js/*.js"), *PAGE.glob("css/*.css")]), ids=str)
def test_the_page_needs_no_build_and_sets_no_markup(path: Path) -> None:
    """A newcomer has only Python; and outside text must never be read as markup."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text
