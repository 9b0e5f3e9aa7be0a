"""`/runner`: the ENG5 runners; stopping one is for operators, confirmed, and written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import Blank
from bot.ports import Request
from bot.registry import SlashCommand, Usage
from commands._choices import recent
from commands._words import choose, lacking, misuse, shown, split_options, tokens, usage_lines

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

USAGES = (
    Usage("list", "runners with mode, label, age and what they wait for", "/runner list"),
    Usage(
        "stop <id>",
        "end one, after a confirmation that names it whole; needs RUNNER_STOP=on, and is written "
        "to the audit trail",
        "/runner stop 1a2b3c4d5e6f",
    ),
)
VERBS = ("list", "stop")


def parse(text: str) -> Request:
    """Take `list`, or `stop` and an id; nothing means list. Raises UsageError."""
    words, options = split_options(
        tokens(text), flags=("yes",), valued=("started",), usage=usage_lines("runner", USAGES)
    )
    verb = choose(words[0], VERBS) if words else "list"
    if verb is None:
        raise misuse(
            f"There is no /runner {shown(words[0])}.",
            "runner",
            USAGES,
            word=words[0],
            choices=VERBS,
        )
    rest = words[1:]
    if verb == "stop" and not rest:
        blank = Blank("runner", "runner")
        raise lacking("/runner stop needs one id.", "runner", USAGES, blank, verb="stop")
    if len(rest) != (1 if verb == "stop" else 0):
        problem = "needs one id" if verb == "stop" else "takes nothing"
        raise misuse(f"/runner {verb} {problem}.", "runner", USAGES)
    return Request("runner", verb, rest, options)


async def run(request: Request, context: CommandContext) -> Report:
    """List the runners, or stop one."""
    from commands._runner_answers import answer

    return await answer(request, context, USAGES)


COMMAND = SlashCommand(
    "runner",
    "Which experiment runners exist, and what do they wait for?",
    USAGES,
    parse,
    run,
    operator_verbs=frozenset({"stop"}),
    changes=frozenset({"stop"}),
    memory_verbs=frozenset({"stop"}),
    choices=recent,
)
