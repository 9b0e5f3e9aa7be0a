"""Whether a comparison left the LLM queue without an answer, held by its id; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.evidence.log_coverage import covers, is_late
from bot.diagnosis.queue.conservation import SETTLED, Departure
from bot.diagnosis.queue.log_events import sign_of
from bot.diagnosis.queue.losses import TTL
from bot.diagnosis.queue.unkept_log import ACCEPTED
from bot.domain.log import LogSearch, Role

# Where these are the last of its lines, it ended, or something else holds it.
_AFTER = (Step.ANSWERED, Step.PUBLISHED, Step.CONSUMED, Step.STORED)


def departure(comparison: ComparisonEvidence) -> Departure | None:
    """Return that it was queued, is not in Redis, and no line says how it ended; else None.

    It is sound where the provider's own lines were read without a gap since it was queued.
    """
    looked = comparison.looked_at
    found = comparison.item or comparison.unpublished or comparison.callbacks
    if looked is None or found or comparison.of(Step.QUEUED, Outcome.HELD):
        return None
    queued = _last_queued(comparison.clues)
    at = queued.event.at if queued else None
    if queued is None or at is None or not SETTLED <= looked - at < ttl_of(comparison):
        return None
    return Departure(
        looked,
        queued.queue_id,
        _correlation(comparison),
        is_sound=_is_sound(comparison, at),
        is_late=is_late(comparison.logs),
    )


def _last_queued(clues: Sequence[LogClue]) -> LogClue | None:
    """Return the line that queued it, or gave it back, if nothing ended it after that."""
    ends = [place for place, one in enumerate(clues) if one.step in _AFTER]
    queued = [place for place, one in enumerate(clues) if _queues(one)]
    if not queued:
        return None
    if not ends:
        return clues[queued[-1]]
    returned = clues[ends[-1]].outcome is Outcome.REQUEUED and queued[-1] > ends[-1]
    return clues[queued[-1]] if returned else None


def _queues(clue: LogClue) -> bool:
    """Whether it says that the provider has queued it: its own line with the queue's id, or CJ's.

    The provider's line before it names the correlation id alone, and queueing may fail after it.
    """
    if clue.outcome is not Outcome.DONE:
        return False
    if clue.step is Step.QUEUED:
        return bool(clue.queue_id)
    return clue.step is Step.SENT and ACCEPTED in clue.event.event


def _is_sound(comparison: ComparisonEvidence, at: datetime) -> bool:
    """Whether the provider's lines of this item were seen, and none of them can be missing."""
    logs, queued = comparison.logs, [one.event for one in comparison.of(Step.QUEUED)]
    heard = [one.service for one in queued if one.role is Role.LLM_PROVIDER]
    # Which services there are may be unread; its own lines name the one that wrote them.
    own = comparison.names(Role.LLM_PROVIDER) or heard
    gap = isinstance(logs, LogSearch) and bool(logs.missing)
    return bool(heard) and not gap and covers(logs, own, at)


def ttl_of(comparison: ComparisonEvidence) -> timedelta:
    """Return how long it may wait, as the line that queued it says."""
    signs = (sign_of(one.event) for one in reversed(comparison.of(Step.QUEUED)))
    return next((one.ttl for one in signs if one and one.ttl), TTL)


def _correlation(comparison: ComparisonEvidence) -> str:
    row = comparison.row
    known = str(row.request_correlation_id) if row and row.request_correlation_id else ""
    return known or next((one.correlation_id for one in comparison.clues if one.correlation_id), "")
