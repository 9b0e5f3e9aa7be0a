"""`/batch trends`: how batches did over a stretch of time."""

from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.trends.collect import collect
from bot.diagnosis.trends.report import COMMAND, diagnose
from bot.domain.evidence import Missing
from bot.domain.report import Report
from bot.domain.words import words
from bot.ports import CommandContext, Request
from bot.text.wording import sentence
from commands._moments import asked_time

DEFAULT_SINCE = timedelta(days=7)


async def trends(request: Request, context: CommandContext) -> Report:
    """Read the batches of a time and say how they did. Raises UsageError for a wrong time."""
    now = context.now()
    by = request.options.get("by", "").casefold()
    begin, end = asked_time(request.options, now, context.options.zone)
    since = begin or (end or now) - DEFAULT_SINCE
    found = await collect(context.sources, since, now, context.deadline, by, end=end)
    if isinstance(found, Missing):
        told = words("How batches did is not known: ", sentence(found.reason))
        unread = batch_report.unreadable("", found)
        return replace(unread, command=COMMAND, title="Batches", headline=told, summary=told)
    return diagnose(found)
