"""`/help` shows what the registry holds, so that no command is forgotten."""

import re

import pytest

from bot.catalogue import entries
from bot.domain.report import Verdict
from bot.errors import UsageError
from bot.ports import Sources
from bot.registry import SlashCommand, Usage, commands
from commands._help_answers import one
from commands.help import COMMAND, parse
from tests.support.fakes.sources import at, context

CONTEXT = context(Sources(), at("2025-11-19T00:30:00"))


async def test_help_names_every_command_with_an_example_to_type() -> None:
    report = await COMMAND.run(parse(""), CONTEXT)
    assert report.verdict is Verdict.OK
    assert set(report.facts["commands"]) == set(commands())
    examples = [row[0] for row in report.folded[0].rows]
    *intents, ids = report.lines
    assert len(intents) == 5
    assert str(ids).startswith("Ids may be"), "what an id may be comes after what can be asked"
    assert not report.summary
    assert {str(example).split()[0] for example in examples} == {f"/{name}" for name in commands()}


@pytest.mark.parametrize("text", ["queue", "/queue", "Queue", "`/queue`", "queue status"])
async def test_help_for_one_command_shows_all_its_usages(text: str) -> None:
    report = await COMMAND.run(parse(text), CONTEXT)
    assert report.facts["command"] == "queue"
    assert len(report.tables[0].rows) == len(commands()["queue"].usages)


@pytest.mark.parametrize(
    ("text", "hint"), [("quue", "Did you mean queue?"), ("zzz", ""), ("queue trace", "")]
)
def test_an_unknown_command_gets_the_nearest_one(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.hint == hint


def test_verbs_of_operators_are_marked() -> None:
    usages = (Usage("stop <id>", "ends it", "/x stop 1"), Usage("list", "lists", "/x list"))
    command = SlashCommand("x", "x", usages, parse, COMMAND.run, frozenset({"stop"}))
    assert [row[1] for row in one(command).tables[0].rows] == ["ends it (operators)", "lists"]


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_example_is_understood_by_its_own_command(name: str) -> None:
    command = commands()[name]
    for usage in command.usages:
        typed, _, words = usage.example.partition(" ")
        assert typed == f"/{name}"
        assert command.parse(words).command == name


@pytest.mark.parametrize("text", ["orphaned-item", "Orphaned-Item", "`orphaned_item`"])
async def test_help_for_a_rule_says_what_it_means_and_shows_a_case(text: str) -> None:
    report = await COMMAND.run(parse(text), CONTEXT)
    assert (report.facts["rule"], report.verdict) == ("orphaned-item", Verdict.OK)
    begun = [str(line).partition(":")[0] for line in report.lines]
    assert begun == ["Proved by", "Cannot see", "Do", "Since", "Alert"]
    assert re.match(r"Example: .*\b\d{4}-\d\d-\d\d\b", str(report.folded[0].caption))


async def test_help_for_an_alert_lists_its_causes() -> None:
    report = await COMMAND.run(parse("stuck_queue"), CONTEXT)
    assert "worker-hung" in report.facts["rules"]
    assert report.actions[0] == "/help orphaned-item"


def test_every_rule_can_be_asked_for() -> None:
    asked = {name: parse(name) for name in entries()}
    assert {one.words[0] for one in asked.values() if one.verb == "cause"} == set(entries())
