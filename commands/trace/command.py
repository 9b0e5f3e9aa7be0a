"""`/trace`: one id through every service, from the pair's creation to its score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.ids import IdKind, kind_of, parse_uuid
from bot.errors import Blank
from bot.ports import Request
from bot.registry import SlashCommand, Usage
from commands._choices import recent
from commands._words import lacking, misuse, shown, split_options, tokens, usage_lines

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

USAGES = (
    Usage(
        "<uuid>",
        "one comparison or batch through every service, and where its trail ends",
        "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
    ),
    Usage("<batch number, uuid prefix or run label>", "the same for a whole batch", "/trace 34"),
)
_VERBS = {
    IdKind.UUID: "id",
    IdKind.NUMBER: "batch",
    IdKind.PREFIX: "name",
    IdKind.LABEL: "name",
}


def parse(text: str) -> Request:
    """Take one id; a pasted `in <permalink>` after it is ignored. Raises UsageError."""
    words, options = split_options(tokens(text), usage=usage_lines("trace", USAGES))
    if len(words) > 1 and words[1].casefold() == "in":
        words = words[:1]
    if not words:
        raise lacking("/trace needs an id.", "trace", USAGES, Blank("batch or comparison", "batch"))
    if len(words) > 1:
        raise misuse(f"/trace takes one id, not {len(words)} words.", "trace", USAGES)
    word = words[0].removeprefix("#")
    kind = kind_of(word)
    if kind is None:
        raise misuse(f"{shown(word)} is no id.", "trace", USAGES)
    id = parse_uuid(word)
    return Request("trace", _VERBS[kind], (str(id) if id else word,), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Find what the id is, then collect and judge."""
    from commands.trace.traced import traced

    return await traced(request.words[0], context)


COMMAND = SlashCommand(
    "trace",
    "Where did one comparison get to?",
    USAGES,
    parse,
    run,
    choices=recent,
)
