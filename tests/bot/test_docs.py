"""README's tables and the shipped manifest equal the registry."""

import pytest

from bot.docs import between, command_table, generated
from bot.registry import commands


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
