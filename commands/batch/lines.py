"""A list of batches, a line each, and the same as facts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.batch import BatchSummary
from bot.domain.report import UNDER_WAY, Table
from bot.domain.words import Span, words

DAY = timedelta(days=1)
LONG_AGO = timedelta(days=3)


def _state(summary: BatchSummary, mark: str) -> str:
    """Return its state; that all is well with it is for whoever reads its logs to say."""
    if mark:
        return "⚠️"
    return "" if summary.header.ended else UNDER_WAY


def facts(found: Sequence[BatchSummary], marks: Mapping[int, str]) -> list[dict[str, object]]:
    """Return what is said of each batch, as data; its mark is why it needs a look, if it does."""
    return [_fact(one, marks[one.header.batch_id]) for one in found]


def _fact(summary: BatchSummary, mark: str) -> dict[str, object]:
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
        "mark": mark,
    }


def _age(age: timedelta) -> timedelta:
    """Return an age in whole days where hours say nothing any more."""
    return age if age < LONG_AGO else age // DAY * DAY


def table(found: Sequence[BatchSummary], marks: Mapping[int, str], now: datetime) -> Table:
    """Return a list of batches, a line each, with their marks by number."""
    rows = []
    for one in found:
        header, pairs, mark = one.header, one.pairs, marks[one.header.batch_id]
        counts = f"{pairs.valid}/{pairs.total}"
        rows.append(
            (
                _state(one, mark),
                str(header.batch_id),
                counts,
                words(Span(_age(now - header.created_at))),
                mark or ("finished" if header.ended else "under way"),
            )
        )
    return Table(("", "batch", "valid", "age", "state"), tuple(rows))
