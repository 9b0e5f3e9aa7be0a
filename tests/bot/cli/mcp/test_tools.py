"""Tools are commands that only read; their parameters are typed, and never become options."""

import pytest

from bot.cli.mcp.tools import TOOLS, must_read_only, tools_of
from bot.errors import DeniedError, UsageError
from bot.registry import SlashCommand, Usage, commands
from commands.help import COMMAND as HELP

EXAMPLES = {
    "batch": 33, "with": "34", "state": "SCORING", "since": "2h", "until": "1h", "by": "mode",
    "id": "8f3a11d7",
    "prefix": "other_service:queue", "service": "cj", "text": "IntegrityError of batch 34",
    "level": "error", "context": 3, "detector": "stuck_queue", "rule": "orphaned-item",
}  # fmt: skip
KNOWN = tools_of(commands())


def test_the_tools_are_those_whose_command_exists() -> None:
    assert set(KNOWN) >= {
        "status", "investigate", "compare", "list", "trace", "queue", "logs", "alerts", "explain"
    }  # fmt: skip
    assert set(tools_of({"help": HELP})) == {"explain"}


def test_a_command_that_comes_is_a_tool_from_then_on() -> None:
    usages = (Usage("[since]", "what changed", "/changes 2h"),)
    changes = SlashCommand("changes", "what changed", usages, HELP.parse, HELP.run)
    assert set(tools_of({"changes": changes})) == {"changes"}


def test_every_parameter_gives_a_line_that_its_command_understands_and_that_only_reads() -> None:
    for tool in KNOWN.values():
        given = {one.name: EXAMPLES[one.name] for one in tool.parameters}
        name, _, words = tool.line(given).removeprefix("/").partition(" ")
        request = commands()[name].parse(words)
        must_read_only(commands()[name], request.verb)
        if "since" in given and tool.name != "changes":
            assert request.options["since"] == "2h"
        if "since" in given:
            assert request.options["until"] == "1h"


def test_the_least_and_the_most_that_a_tool_promises_are_taken() -> None:
    tried = 0
    for tool in KNOWN.values():
        for one in tool.parameters:
            for bound in {"minimum", "maximum"} & one.schema.keys():
                given = {other.name: EXAMPLES[other.name] for other in tool.parameters}
                given[one.name] = one.schema[bound]
                name, _, words = tool.line(given).removeprefix("/").partition(" ")
                assert commands()[name].parse(words).verb is not None
                tried += 1
    assert tried


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("status", {}, "it needs batch"),
        ("status", {"batch": "33 --export"}, "cannot be '33 --export'; it is a batch"),
        ("status", {"batch": "--yes"}, "cannot be '--yes'"),
        ("status", {"batch": 33, "more": 1}, "'more' was unexpected"),
        ("status", {"batch": None}, "batch cannot be 'None'"),
        ("logs", {"service": "cj", "text": "x --level debug"}, "text cannot be"),
        ("logs", {"service": "cj", "text": "x \u2014level debug"}, "text cannot be"),
        ("logs", {"service": "cj", "text": "error", "level": "loud"}, "debug, info, warning"),
        ("logs", {"service": "cj", "text": "error", "context": 1_000}, "0 to 20"),
        ("logs", {"service": "cj", "text": "e" * 5_000}, "text cannot be"),
    ],
)
def test_wrong_parameters_are_refused_in_words(
    tool: str, arguments: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        KNOWN[tool].line(arguments)
    assert told in caught.value.message or len(caught.value.message) > 200
    assert len(caught.value.message) < 300


def test_what_changes_something_is_refused() -> None:
    known = commands()
    for command, verb in (("alerts", "ack"), ("batch", "alias"), ("runner", "stop")):
        with pytest.raises(DeniedError):
            must_read_only(known[command], verb)


def test_no_tool_stands_for_a_verb_that_changes_something() -> None:
    for tool in TOOLS:
        if (command := commands().get(tool.command)) and tool.verb:
            assert tool.verb not in command.changes | command.operator_verbs
