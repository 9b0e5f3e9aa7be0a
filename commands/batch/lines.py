"""A list of batches, a line each, and the same as facts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch.marks import look_needed
from bot.domain.batch import BatchSummary
from bot.domain.report import UNDER_WAY, WELL, Table
from bot.domain.words import Span, words

DAY = timedelta(days=1)
LONG_AGO = timedelta(days=3)


def _state(summary: BatchSummary, now: datetime) -> str:
    if look_needed(summary, now):
        return "⚠️"
    return WELL if summary.header.ended else UNDER_WAY


def fact(summary: BatchSummary, now: datetime) -> dict[str, object]:
    """Return what is said of one batch, as data."""
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


def table(found: Sequence[BatchSummary], now: datetime) -> Table:
    """Return a list of batches, a line each."""
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
