"""An investigation that begins with what an alert said, by its rule id; pure."""

from dataclasses import replace

from bot.diagnosis.batch.headline import ROOM
from bot.diagnosis.comparison.causes import (
    CALLBACK_METADATA_LOST,
    FOREIGN_CALLBACK,
    LOST_CALLBACKS,
    OUTBOX_UNPUBLISHED,
    UNPUBLISHED,
)
from bot.diagnosis.queue.conservation import LEFT_UNANSWERED
from bot.diagnosis.queue.timeline import (
    FROZEN,
    HEAD_BLOCKED,
    HUNG,
    NOT_DRAINING,
    ORPHANED,
    POISON,
)
from bot.domain.headline import one_breath
from bot.domain.report import Finding, Report
from bot.domain.words import Text, joined, words

# What an alert calls more broadly than a report, which joins it to a batch.
FAMILIES = {
    "callback-rejected": (CALLBACK_METADATA_LOST.rule, FOREIGN_CALLBACK.rule),
    LOST_CALLBACKS.rule: (LOST_CALLBACKS.rule, UNPUBLISHED.rule, LEFT_UNANSWERED),
    UNPUBLISHED.rule: (UNPUBLISHED.rule, LOST_CALLBACKS.rule),
    # A forecast is of what a report says once it has come about.
    "outbox-growing": (OUTBOX_UNPUBLISHED.rule,),
    "queue-expiring": (HEAD_BLOCKED, ORPHANED, HUNG, POISON, FROZEN, NOT_DRAINING),
}


def about(report: Report, rule: str) -> Report:
    """Return a report whose first finding is the alert's, or that says that nothing shows it now.

    What follows from it goes on after it, as before.
    """
    wanted = FAMILIES.get(rule, (rule,))
    mine = [one for name in wanted for one in report.findings if one.rule == name]
    facts = {**report.facts, "about": rule, "about_found": bool(mine)}
    if not mine:
        told = f"The alert said {rule.replace('-', ' ')}; what is read now does not show it."
        summary = joined(" ", (told, report.summary))
        return replace(report, facts=facts, summary=summary, story=(told, *report.story))
    first = mine[0]
    rest = tuple(one for one in report.findings if one is not first)
    return replace(
        report,
        facts=facts,
        findings=(first, *rest),
        headline=_headline(report, first),
        summary=joined(" ", (words(first.what), report.summary)),
    )


def _headline(report: Report, first: Finding) -> Text:
    whole = words(f"Batch {report.facts.get('batch_id')}: ", first.what)
    return whole if len(str(one_breath(whole, 10 * ROOM))) <= ROOM else report.headline
