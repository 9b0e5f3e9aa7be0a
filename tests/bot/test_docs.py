"""The generated tables and the shipped manifest equal the registry; the pages hang together."""

import re

import pytest

from bot.docs import ROOT, between, command_table, generated
from bot.registry import commands
from tests.browser import gallery

LINK = re.compile(r"\]\(([^)#\s]+)\)")
PAGES = [ROOT / "README.md"] + [
    path
    for room in (".github", "bot", "commands", "deploy", "tests")
    for path in sorted((ROOT / room).rglob("*.md"))
    if "node_modules" not in path.parts
]


def test_the_generated_files_are_up_to_date() -> None:
    stale = [
        path.name
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `make docs`: {stale}"


def test_every_way_to_call_a_command_is_in_the_table() -> None:
    table = command_table(commands())
    for command in commands().values():
        assert all(usage.example.replace("|", r"\|") in table for usage in command.usages)


def test_content_goes_between_its_markers_only() -> None:
    text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb"
    assert between(text, "x", "new\n") == "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb"
    with pytest.raises(ValueError, match="x:begin"):
        between("nothing", "x", "new")


def test_the_first_page_is_short_and_leads_to_every_other() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(first.splitlines()) <= 150
    rooms = {path.relative_to(ROOT).as_posix() for path in PAGES if path.name == "README.md"}
    assert rooms - {"README.md"} <= set(LINK.findall(first))


def test_every_link_of_a_page_leads_to_a_file() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not dead


def test_the_gallery_shows_every_scene_and_its_page_is_of_now() -> None:
    assert {scene.name for scene in gallery.ASKED} <= set(gallery.CAPTIONS)
    assert (gallery.GALLERY / "README.md").read_text(encoding="utf-8") == gallery.contents()
