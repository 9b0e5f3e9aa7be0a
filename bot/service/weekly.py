"""Joins the weekly message to what it says: the trends of the last seven days."""

from collections.abc import Iterator
from datetime import datetime

from bot.alerts.policy.digest import DAY, WEEK
from bot.alerts.policy.weekly import MondayAt, ToldWeek
from bot.alerts.weekly_post import WeeklyPost
from bot.diagnosis.trends.collect import collect
from bot.diagnosis.trends.report import diagnose
from bot.domain.evidence import DATABASE, EvidenceLine, Missing
from bot.domain.report import Report, Severity
from bot.domain.words import when, words
from bot.ports import Deadline, Sources
from bot.settings import Settings

# A tick waits for it, once a week.
SECONDS = 10.0
MOST_LINES = 10


def weekly_of(settings: Settings, sources: Sources) -> WeeklyPost | None:
    """Return the weekly message, None where WEEKLY_TRENDS is not set."""
    at = settings.bot.weekly_trends
    if at is None:
        return None

    async def tell(since: datetime, now: datetime) -> ToldWeek | None:
        return await told_week(sources, since, now)

    return WeeklyPost(MondayAt(at, settings.logs.zone), tell)


async def told_week(sources: Sources, since: datetime, now: datetime) -> ToldWeek | None:
    """Return what is said of a week, also that it could not be read; None without a batch.

    A message that is late by more than a day says since when, for it reaches up to now.
    """
    found = await collect(sources, since, now, Deadline.after(SECONDS))
    is_late = now - since > WEEK + DAY
    if isinstance(found, Missing):
        which = when(since, " since ") if is_late else " last week"
        return ToldWeek(
            words("How batches did", which, " could not be read"),
            (EvidenceLine(DATABASE, now, found.reason),),
            Severity.WARN,
        )
    if not found.batches:
        return None
    report = diagnose(found)
    lines = tuple(_lines(report))[:MOST_LINES]
    begin = words("Batches", when(since, " since "), ": ") if is_late else "Last week: "
    return ToldWeek(words(begin, report.headline), lines)


def _lines(report: Report) -> Iterator[EvidenceLine]:
    yield from (EvidenceLine(str(name), None, text) for name, text in report.matters)
    for table in report.tables:
        heading = str(table.columns[0]).capitalize()
        for row in table.rows:
            yield EvidenceLine(heading, None, words(row[0], ": ", row[1]))
    if report.summary:
        yield EvidenceLine("Covered", None, report.summary)
