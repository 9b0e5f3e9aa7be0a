"""What is said of a failure beside its reason: the remedy, and what was read in vain; pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures
from bot.diagnosis.evidence.log_coverage import covers
from bot.domain.batch import ErrorGroup, PairRow
from bot.domain.evidence import Missing
from bot.domain.log import LogSearch


def remedy_of(failure: Failures) -> str:
    """Return what to do about a failure."""
    if failure.reason is FailureReason.RATE_LIMIT and failure.retry_after:
        return f"Wait {failure.retry_after} s (its Retry-After), then send fewer at once."
    return failure.words.do


def answer_told(one: Failures) -> str:
    """Return what was answered, as evidence: status, reason, and for how long to wait."""
    status = f"HTTP {one.status}, " if one.status else ""
    wait = f", Retry-After {one.retry_after} s" if one.retry_after else ""
    return f"{status}{one.reason.value}{wait}"


def unrecorded(
    rows: PairRow | Sequence[ErrorGroup] | None,
    logs: LogSearch | Missing,
    services: Iterable[str],
    at: datetime | None,
) -> str:
    """Return what was read where no source holds the cause of a failure at a moment."""
    held = "The rows hold no answer" if rows else "No row was read"
    if isinstance(logs, Missing):
        return f"{held}, and the logs: {logs.reason}."
    names = set(services)
    mine = [cover for cover in logs.coverage if cover.service in names]
    if not mine:
        return f"{held}, and no log of the LLM provider was found."
    if covers(logs, names, at):
        return "Neither the rows nor the provider's log hold what it answered."
    if any(cover.truncated for cover in mine):
        return f"{held}, and the search of the provider's log was cut short."
    return f"{held}, and the provider's log does not reach back to it."
