"""`/batch list`: the newest batches, or those that wait or failed, each with its mark."""

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.marks import CHOICES
from bot.diagnosis.evidence.read import read, rows_reading, without_rights
from bot.domain.evidence import DATABASE, Missing
from bot.domain.report import Report
from bot.domain.words import words
from bot.ports import CommandContext, Request
from bot.text.redaction import redact
from bot.text.wording import many
from commands._words import nearest
from commands.batch.chosen import READ, chosen_batches, within
from commands.batch.lines import facts, table
from commands.batch.listed_words import SAME, ListAsked, ListedTime, wanted, window_of
from commands.batch.row_marks import row_marks


async def listed(request: Request, context: CommandContext) -> Report:
    """Return the batches that are asked for. Raises UsageError for a moment that is to come."""
    ask, window = wanted(request.words), window_of(request.options, context)
    if ask.choice:
        return await chosen_batches(ask, window, context)
    return await _newest(ask, window, context)


async def _newest(ask: ListAsked, window: ListedTime, context: CommandContext) -> Report:
    """Return the newest batches, those in a state or status when one is given."""
    now, state = context.now(), ask.state or None
    # Those of a time that is over may stand behind many newer ones.
    most = READ if window.end else ask.count
    found = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.newest(limit=most, state=state),
        context.deadline.next_timeout(),
    )
    if isinstance(found, Missing):
        return batch_report.unreadable("list", found)
    if state and not found:
        return await _in_no_state(state, context)
    hidden, among = found[0].hidden if found else (), within(found, window)
    mine = [one for one in found if window.holds(one)]
    found = mine[: ask.count]
    told = many(len(found), "newest batch") + (f" in {redact(state)}" if state else "")
    marks = await row_marks(context.sources, found, now, deadline=context.deadline)
    looks = [number for number, mark in marks.by_number.items() if mark]
    needing = f"{len(looks)} {'needs' if len(looks) == 1 else 'need'} a look"
    unread = f" {without_rights(hidden)}" if hidden else ""
    return Report(
        command="batch list",
        title="Batches",
        facts={"batches": facts(found, marks.by_number)},
        sources=(rows_reading(found, hidden), *marks.readings),
        unreadable_need=bool(hidden),
        summary=words(told, window.said(), f"; {needing}.{among}{unread}{marks.words}"),
        headline=f"{told}; {needing}" if window != ListedTime() else "",
        tables=(table(found, marks.by_number, now),) if found else (),
        actions=tuple(f"/batch status {number}" for number in looks[:4]),
    )


async def _in_no_state(state: str, context: CommandContext) -> Report:
    """Say that none is in that state, and in which the newest are: it may be misspelt."""
    found = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.newest(limit=20),
        context.deadline.next_timeout(),
    )
    if isinstance(found, Missing):
        return batch_report.unreadable("list", found)
    states = sorted({one.header.state for one in found if one.header.state})
    told = ", ".join(one.replace("_", " ").lower() for one in states)
    meant = nearest(state, (*CHOICES, *SAME, *states))
    offers = (f"/batch list {SAME.get(meant, meant)}",) if meant else ()
    others = f"; the newest are in {told}" if states else ""
    # A report is everybody's to read, whoever typed the word.
    named = state if redact(state) == state else "that state"
    return Report(
        command="batch list",
        title="Batches",
        facts={"batches": [], "states": states},
        sources=(rows_reading(found, ()),),
        summary=f"No batch is in {named}{others}.{f' Did you mean {offers[0]}?' if offers else ''}",
        actions=(*offers, "/batch list"),
    )
