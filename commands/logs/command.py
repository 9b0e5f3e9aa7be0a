"""`/logs`: lines of a service that hold a text or an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import Blank, UsageError
from bot.ports import Request
from bot.registry import SlashCommand, Usage
from bot.text.log_words import LEVELS, MAX_CONTEXT, levels_from, service_words, services_named
from commands._choices import recent
from commands._moments import check_since
from commands._words import (
    lacking,
    misuse,
    searched,
    shown,
    split_options,
    tokens,
    usage_lines,
)

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

USAGES = (
    Usage(
        "<service> <text or id>",
        "lines that hold it, newest kept; an id or a known run label is looked for in all the log, "
        "a text in 24 h; a text that may be data, or a number, is looked for as a whole word, and "
        "it is told whether and where it stands, not how often",
        "/logs cj IntegrityError",
    ),
    Usage(
        "<service> <text> --since 2h --until 1h --context 10 --level error",
        "how far back and until when, lines around each match, the least level",
        "/logs llm_provider serial_bundle --since 2h --context 3",
    ),
    Usage("all <text or id>", "over all services", "/logs all 8f3a11d7"),
)
VALUED = ("since", "until", "context", "level")
SERVICE, TEXT = Blank("service", "service"), Blank("text or id")


def parse(text: str) -> Request:
    """Take a service, then a text; options stand anywhere. Raises UsageError."""
    words, options = split_options(tokens(text), valued=VALUED, usage=usage_lines("logs", USAGES))
    if not words:
        raise lacking("/logs needs a service and a text.", "logs", USAGES, SERVICE, TEXT)
    if len(words) == 1 and "level" not in options:
        raise lacking(f"What to look for in {shown(words[0])}?", "logs", USAGES, TEXT)
    _check_options(options)
    looked_for = searched(text, VALUED) or " ".join(words[1:])
    return Request("logs", "search", (words[0], looked_for), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Search once. Raises UsageError for a service that does not exist here."""
    from commands.logs.found import found

    names = services_named(request.words[0], context.options.services)
    if names is None:
        raise _no_service(request.words[0], context)
    return await found(request, names, context)


def _no_service(word: str, context: CommandContext) -> UsageError:
    words = service_words(context.options.services)
    return misuse(
        f"No service is called {shown(word)}; there are {', '.join(words)}.",
        "logs",
        USAGES,
        word=word,
        choices=words,
    )


def _check_options(options: dict[str, str]) -> None:
    lines = usage_lines("logs", USAGES)
    check_since(options, lines)
    count = options.get("context", "0")
    if not (count.isascii() and count.isdigit() and int(count[:4]) <= MAX_CONTEXT):
        raise UsageError(f"--context takes a number up to {MAX_CONTEXT}.", usage=lines)
    if "level" in options and levels_from(options["level"]) is None:
        raise UsageError(f"--level takes one of {', '.join(LEVELS)}.", usage=lines)


COMMAND = SlashCommand(
    "logs", "Which lines of a service hold a text or an id?", USAGES, parse, run, choices=recent
)
