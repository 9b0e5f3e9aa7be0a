"""What a line of a list of batches says of a batch: whether it needs a look, and why; pure."""

from datetime import datetime

from bot.diagnosis.comparison.causes import LOST_AFTER, WARN_SHARE
from bot.domain.batch import CANCELLED, BatchSummary
from bot.domain.batch.header import missing_essays
from bot.text.wording import many


def look_needed(summary: BatchSummary, now: datetime) -> str:
    """Return why a batch needs a look, "" where nothing of its line says so."""
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


def ended_well(summary: BatchSummary, now: datetime) -> bool:
    """Say whether a batch has ended with grades, and nothing of its line speaks against them."""
    graded = summary.header.complete and not summary.header.forced and summary.pairs.valid
    return bool(graded) and not look_needed(summary, now)
