"""Of what is typed into any command no answer, refusal, usage or empty state repeats what is data.

Every command takes each planted text in each place where a word may stand. What it answers, or
refuses, is drawn as Slack, the terminal and a program get it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.cli.formats import Format
from bot.cli.output import error_json, rendered
from bot.errors import BatchbotError
from bot.ports import Sources
from bot.registry import SlashCommand, commands
from bot.requests.command_text import CommandLine
from bot.slack.blocks.renderer import BlockKit
from tests.support.fakes.sources import (
    SERVICES,
    FakeDatabase,
    FakeLogs,
    at,
    context,
    event,
)
from tests.support.typed_plants import PLANTS, Remembering

NOW = at("2025-11-19T00:30:00")


def _lines(command: SlashCommand, plant: str) -> Iterator[str]:
    yield plant
    for usage in command.usages:
        words = usage.words.split()
        blanks = re.sub(r"<[^>]*>", lambda _: plant, usage.words)
        yield from (blanks, f"{usage.words.split(' <')[0]} {plant}", f"{usage.words} {plant}")
        example = usage.example.partition(" ")[2].split()
        for place in range(len(example) + 1):
            yield " ".join([*example[:place], plant, *example[place:]])
            yield " ".join([*example[:place], plant, *example[place + 1 :]])
        yield from (f"{usage.example.partition(' ')[2]} {one} {plant}" for one in words
                    if one.startswith("--"))  # fmt: skip


def _sources() -> Sources:
    lines = [event("2025-11-18T23:48:42", "Recording 0 comparison results", SERVICES[0])]
    return Sources(database=FakeDatabase(), logs=FakeLogs(lines), memory=Remembering())


async def _answered(command: SlashCommand, words: str) -> list[str]:
    """Return all that anybody sees of the answer."""
    kit = BlockKit()
    try:
        request = CommandLine(command, words).request()
        options: Any = {"services": SERVICES, "runner_stop": True, "queue_repair": True}
        report = await command.run(
            request, context(_sources(), NOW, operator=True, options=options)
        )
    except BatchbotError as error:
        message = kit.error(error)
        return [_plain(_seen(message)), _plain(error_json(error))]
    message = kit.report(report)
    others = [rendered(report, form) for form in Format if form is not Format.BLOCKS]
    return [_plain(_seen(message)), *others]


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _seen(message: Any) -> Any:
    """Return a message without what a button carries unseen."""
    if isinstance(message, dict):
        return {key: _seen(one) for key, one in message.items() if key not in ("value", "files")}
    return [_seen(one) for one in message] if isinstance(message, list | tuple) else str(message)


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("name", sorted(commands()))
async def test_nothing_typed_that_is_data_is_read_back(name: str, plant: str) -> None:
    command, (typed, hidden) = commands()[name], PLANTS[plant]
    for line in dict.fromkeys(_lines(command, typed)):
        for shown in await _answered(command, line):
            assert hidden not in shown, line[:200]
