"""`/batch list`: the newest batches, with a mark for those that need a look."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.marks import look_needed
from bot.diagnosis.evidence.read import read, rows_reading, without_rights
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, Missing
from bot.domain.report import UNDER_WAY, WELL, Report, Table
from bot.domain.words import Span, words
from bot.ports import CommandContext
from bot.text.redaction import redact
from bot.text.wording import many

DAY = timedelta(days=1)
LONG_AGO = timedelta(days=3)


async def newest_batches(state: str | None, context: CommandContext) -> Report:
    """Return the newest batches, those in a state or status when one is given."""
    now = context.now()
    found = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.newest(limit=20, state=state),
        context.deadline.next_timeout(),
    )
    if isinstance(found, Missing):
        return batch_report.unreadable("list", found)
    if state and not found:
        return await _in_no_state(state, context)
    words = many(len(found), "newest batch") + (f" in {redact(state)}" if state else "")
    looks = sum(bool(look_needed(one, now)) for one in found)
    hidden = found[0].hidden if found else ()
    unread = f" {without_rights(hidden)}" if hidden else ""
    return Report(
        command="batch list",
        title="Batches",
        facts={"batches": [_fact(summary, now) for summary in found]},
        sources=(rows_reading(found, hidden),),
        unreadable_need=bool(hidden),
        summary=f"{words}; {looks} {'needs' if looks == 1 else 'need'} a look.{unread}",
        tables=(_table(found, now),) if found else (),
        actions=tuple(
            f"/batch status {one.header.batch_id}" for one in found if look_needed(one, now)
        )[:4],
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
    others = f"; the newest are in {told}" if states else ""
    # A report is everybody's to read, whoever typed the word.
    named = state if redact(state) == state else "that state"
    return Report(
        command="batch list",
        title="Batches",
        facts={"batches": [], "states": states},
        sources=(rows_reading(found, ()),),
        summary=f"No batch is in {named}{others}.",
        actions=("/batch list",),
    )


def _state(summary: BatchSummary, now: datetime) -> str:
    if look_needed(summary, now):
        return "⚠️"
    return WELL if summary.header.ended else UNDER_WAY


def _fact(summary: BatchSummary, now: datetime) -> dict[str, object]:
    header, pairs = summary.header, summary.pairs
    return {
        "batch_id": header.batch_id,
        "bos_batch_id": header.bos_batch_id,
        "status": header.status,
        "state": header.state,
        "created_at": header.created_at,
        "valid": pairs.valid,
        "errors": pairs.error,
        "pending": pairs.pending,
        "mark": look_needed(summary, now),
    }


def _age(age: timedelta) -> timedelta:
    """Return an age in whole days where hours say nothing any more."""
    return age if age < LONG_AGO else age // DAY * DAY


def _table(found: Sequence[BatchSummary], now: datetime) -> Table:
    rows = []
    for one in found:
        header, pairs = one.header, one.pairs
        counts = f"{pairs.valid}/{pairs.total}"
        rows.append(
            (
                _state(one, now),
                str(header.batch_id),
                counts,
                words(Span(_age(now - header.created_at))),
                look_needed(one, now) or ("finished" if header.ended else "under way"),
            )
        )
    return Table(("", "batch", "valid", "age", "state"), tuple(rows))
