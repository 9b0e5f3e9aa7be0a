"""`/batch list`: the newest batches, with a mark for those that need a look."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.comparison.causes import LOST_AFTER, WARN_SHARE
from bot.diagnosis.evidence.read import read, rows_reading, without_rights
from bot.domain.batch import CANCELLED, BatchSummary
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import DATABASE, Missing
from bot.domain.report import UNDER_WAY, WELL, Report, Table
from bot.domain.words import Span, words
from bot.ports import CommandContext
from bot.text.wording import many
from commands._words import shown


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
    words = many(len(found), "newest batch") + (f" in {shown(state)}" if state else "")
    looks = sum(bool(_mark(one, now)) for one in found)
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
        actions=tuple(f"/batch status {one.header.batch_id}" for one in found if _mark(one, now))[
            :4
        ],
    )


def _mark(summary: BatchSummary, now: datetime) -> str:
    header, pairs = summary.header, summary.pairs
    oldest = pairs.pending_first_submitted_at
    if header.failed:
        return "ended without a result"
    if header.state == CANCELLED:
        return "cancelled"
    if summary.completion_events > 1 or header.finalised_again:
        return "finalised more than once"
    if missing := missing_essays(header, pairs.total, summary.essays):
        return f"{many(missing, 'essay')} missing"
    if pairs.total and pairs.error / pairs.total >= WARN_SHARE:
        return many(pairs.error, "error")
    if not header.ended and oldest is not None and now - oldest > LOST_AFTER:
        return f"{pairs.pending} unanswered"
    if header.ended and pairs.pending and not (header.forced or header.leaves_answers):
        return f"{pairs.pending} unanswered"
    return ""


def _state(summary: BatchSummary, now: datetime) -> str:
    if _mark(summary, now):
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
        "mark": _mark(summary, now),
    }


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
                words(Span(now - header.created_at)),
                _mark(one, now) or ("finished" if header.ended else "under way"),
            )
        )
    return Table(("", "batch", "valid", "age", "state"), tuple(rows))
