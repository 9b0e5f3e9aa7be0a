"""`/alerts`: what is open, who looks after it, what is quiet until when; changes are operators'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.registry import SlashCommand
from commands._choices import recent
from commands.alerts.request import CHANGES, USAGES, VERBS, parse

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext, Request


async def run(request: Request, context: CommandContext) -> Report:
    """Run one verb. Raises DeniedError, NotFoundError, UsageError or SourceError."""
    from commands.alerts.answers import answer

    return await answer(request, context)


COMMAND = SlashCommand(
    "alerts",
    "What is wrong now, who looks after it, and what is kept quiet?",
    USAGES,
    parse,
    run,
    operator_verbs=CHANGES,
    changes=CHANGES,
    memory_verbs=frozenset(VERBS),
    choices=recent,
)
