"""`/changes`: what changed around the batches since a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.ports import Request
from bot.registry import SlashCommand, Usage
from commands._moments import PAST_EXAMPLES, asked_time, check_since, is_past_moment
from commands._words import misuse, shown, split_options, tokens, usage_lines

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

USAGES = (
    Usage(
        "",
        "what changed in the last 24 hours: containers, modes, migrations, models, settings",
        "/changes",
    ),
    Usage(
        "<since> [--until 11:00]",
        "the same since a span, an hour of the day, a day or a time; --until where it ends",
        "/changes 2h",
    ),
)
LIST = "list"
DEFAULT_SINCE = timedelta(hours=24)


def parse(text: str) -> Request:
    """Take nothing or one moment; `since` before it is no word of its own. Raises UsageError."""
    usage = usage_lines("changes", USAGES)
    words, options = split_options(tokens(text), valued=("since", "until"), usage=usage)
    given = [word for word in words if word.casefold() != "since"]
    given += [options["since"]] if "since" in options else []
    if len(given) > 1:
        raise misuse(f"/changes takes one moment, not {len(given)}.", "changes", USAGES)
    if given and not is_past_moment(given[0]):
        raise misuse(
            f"{shown(given[0])} is no moment. {PAST_EXAMPLES}",
            "changes",
            USAGES,
        )
    check_since(options, usage)
    return Request("changes", LIST, tuple(given), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Read what was noted. Raises UsageError for a moment that is to come, or no time at all."""
    from bot.diagnosis.changes.collect import collect
    from bot.diagnosis.changes.report import diagnose

    now = context.now()
    given = {"since": request.words[0]} if request.words else {}
    begin, end = asked_time({**request.options, **given}, now, context.options.zone)
    since, until = begin or (end or now) - DEFAULT_SINCE, end or now
    answer = await collect(context.sources, since, until, deadline=context.deadline)
    return diagnose(answer, since, now, end)


COMMAND = SlashCommand(
    "changes",
    "What changed around the batches?",
    USAGES,
    parse,
    run,
    memory_verbs=frozenset({LIST}),
)
