"""`/help`: every command with its examples, and what a rule or an alert means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.catalogue import entries
from bot.ports import Request
from bot.registry import SlashCommand, Usage, commands
from commands._words import choose, misuse, shown, split_options, tokens, usage_lines

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

USAGES = (
    Usage("", "every command with an example", "/help"),
    Usage("<command>", "all ways to call one command", "/help queue"),
    Usage("<rule>", "what a rule or an alert means, and what to do", "/help orphaned-item"),
)


def parse(text: str) -> Request:
    """Take nothing, or the name of a command, a rule or a detector. Raises UsageError."""
    words, options = split_options(tokens(text), usage=usage_lines("help", USAGES))
    if len(words) == 2 and _is_verb(*words):
        words = words[:1]
    if len(words) > 1:
        raise misuse("/help takes one command, rule or alert at most.", "help", USAGES)
    if not words:
        return Request("help", "all", (), options)
    asked = words[0].removeprefix("/")
    for verb, names in (("one", commands()), ("cause", entries()), ("alert", _alerts())):
        if name := choose(asked, names) or choose(asked.replace("_", "-"), names):
            return Request("help", verb, (name,), options)
    raise misuse(
        f"There is no command, rule or alert {shown(asked)}.",
        "help",
        USAGES,
        word=asked,
        choices=(*commands(), *entries(), *_alerts()),
    )


def _is_verb(name: str, verb: str) -> bool:
    """Say whether a word is a verb of a command, as in `/help batch list`."""
    command = commands().get(name.removeprefix("/").casefold())
    verbs = (usage.words.split()[:1] for usage in command.usages) if command else ()
    return [verb.casefold()] in verbs


def _alerts() -> tuple[str, ...]:
    """Return the name of each alert that the catalogue knows; every detector is among them."""
    return tuple(dict.fromkeys(name for one in entries().values() for name in one.alerts))


async def run(request: Request, context: CommandContext) -> Report:
    """Answer from the registry, with the newest batches in its examples where they are known."""
    from commands._help_answers import answer

    return await answer(request, context)


COMMAND = SlashCommand(
    "help",
    "What can be asked, with an example of each.",
    USAGES,
    parse,
    run,
    reads=frozenset({"database"}),
)
