"""An investigation that was asked for of a time, and whether the batch lies in it; pure."""

from dataclasses import replace
from datetime import datetime

from bot.domain.report import Report
from bot.domain.words import Text, joined, when, words


def of_a_time(report: Report, begin: datetime | None, end: datetime | None = None) -> Report:
    """Return a report that says how the batch lies to the time that was asked for.

    The whole batch is reported all the same: what came of a cause may lie hours behind it.
    """
    made, last = report.facts.get("created_at"), report.facts.get("last_activity_at")
    if not isinstance(made, datetime):
        return report
    told = _told(made, last if isinstance(last, datetime) else made, begin, end)
    facts = {**report.facts, "asked_since": begin, "asked_until": end}
    summary = joined(" ", (told, report.summary))
    return replace(report, facts=facts, summary=summary, story=(told, *report.story))


def _told(made: datetime, last: datetime, begin: datetime | None, end: datetime | None) -> Text:
    if end is not None and made >= end:
        return words(
            "Not in the time that was asked for: it was made later, ", when(made, "at "), "."
        )
    if begin is not None and last < begin:
        return words(
            "Not in the time that was asked for: its last activity was before, ",
            when(last, "at "),
            ".",
        )
    if begin is not None and made < begin:
        return words("It was made before the time that was asked for, ", when(made, "at "), ".")
    return "It was made in the time that was asked for."
