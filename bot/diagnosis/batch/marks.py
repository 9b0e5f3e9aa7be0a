"""What a line of a list of batches says of a batch: whether it needs a look, and why; pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.diagnosis.comparison.causes import LOST_AFTER, WARN_SHARE
from bot.domain.batch import CANCELLED, BatchSummary
from bot.domain.batch.header import missing_essays
from bot.text.wording import many

ENDED_AGAIN = "finalised more than once"


def look_needed(summary: BatchSummary, now: datetime) -> str:
    """Return why a batch needs a look, "" where nothing of its line says so."""
    header, pairs = summary.header, summary.pairs
    if header.failed:
        return "ended without a result"
    if header.state == CANCELLED:
        return "cancelled"
    if summary.completion_events > 1 or header.finalised_again:
        return ENDED_AGAIN
    if missing := missing_essays(header, pairs.total, summary.essays):
        return f"{many(missing, 'essay')} missing"
    if pairs.total and pairs.error / pairs.total >= WARN_SHARE:
        return many(pairs.error, "error")
    return f"{pairs.pending} unanswered" if is_unanswered(summary, now) else ""


def is_unanswered(summary: BatchSummary, now: datetime) -> bool:
    """Say whether an answer has been out for too long, or was left out at the end."""
    header, oldest = summary.header, summary.pairs.pending_first_submitted_at
    if header.ended:
        return bool(summary.pairs.pending) and not (header.forced or header.leaves_answers)
    return oldest is not None and now - oldest > LOST_AFTER


def is_stuck(summary: BatchSummary, now: datetime) -> bool:
    """Say whether a batch under way waits for an answer for too long, or shows no sign of life."""
    if summary.header.ended:
        return False
    return is_unanswered(summary, now) or now - last_sign(summary) > LOST_AFTER


def is_faulty(summary: BatchSummary, now: datetime) -> bool:
    """Say whether a batch failed or is flawed: it needs a look, and not for being cancelled.

    One that only waits is not: what it waits for may still come.
    """
    mark = look_needed(summary, now)
    return bool(mark) and summary.header.state != CANCELLED and not is_stuck(summary, now)


def is_open(summary: BatchSummary, now: datetime) -> bool:
    """Say whether a batch has not ended, well or not: it runs, waits or is stuck."""
    return not summary.header.ended


def last_sign(summary: BatchSummary) -> datetime:
    """Return when a batch's rows last changed, as far as they say so."""
    header, pairs = summary.header, summary.pairs
    times = (
        header.updated_at,
        header.completed_at,
        header.last_activity_at,
        pairs.first_submitted_at,
        pairs.last_completed_at,
    )
    return max([header.created_at, *(time for time in times if time is not None)])


# What a list can be narrowed to, by what its lines say.
CHOICES: Mapping[str, Callable[[BatchSummary, datetime], bool]] = {
    "stuck": is_stuck,
    "faulty": is_faulty,
    "unanswered": is_unanswered,
    "open": is_open,
}


def ended_well(summary: BatchSummary, now: datetime) -> bool:
    """Say whether a batch has ended with grades, and nothing of its line speaks against them."""
    graded = summary.header.complete and not summary.header.forced and summary.pairs.valid
    return bool(graded) and not look_needed(summary, now)
