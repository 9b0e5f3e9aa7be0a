"""What a trace says of a comparison that failed: itself, or with its bundle; pure."""

from bot.diagnosis.comparison.causes import (
    BUNDLE_COLLATERAL,
    PROVIDER_FAILURES,
    failure_severity,
)
from bot.diagnosis.comparison.failure_advice import remedy_of, unrecorded
from bot.diagnosis.comparison.failure_words import OF_EVERY_CALL, FailureReason
from bot.diagnosis.comparison.failures import Failures
from bot.diagnosis.trace.traced import (
    TracedComparison,
    error_words,
    last_lines,
    row_line,
)
from bot.domain.batch import BatchRows, PairRow
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.log import Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Id, words

ASK_ALONE = "Ask for it again by itself, or in a smaller bundle."


def provider_failure(traced: TracedComparison) -> Finding | None:
    """The provider failed on this very comparison, or would have by itself, too."""
    row = traced.comparison.row
    if row is None or row.winner != "error" or _is_spoilt(traced, row):
        return None
    others = len(traced.others)
    failure = traced.failure or Failures(FailureReason.UNKNOWN)
    told = f"{others} others of its bundle failed with it"
    taken = (EvidenceLine(DATABASE, None, told),) if others else ()
    with_it = is_collateral(row)
    first = (words(Command(f"/trace {row.error_correlation_id}")),) if with_it else ()
    return Finding(
        rule=PROVIDER_FAILURES.rule,
        severity=_severity(traced),
        confidence=Confidence.HIGH,
        what=f"Pair {row.pair_id} failed{' with its bundle' * with_it}: "
        f"{error_words(traced, row)}.",
        why=_failure_why(traced, row, failure) + _share(traced),
        evidence=(*row_line(row), *taken, *last_lines(traced)),
        next=(remedy_of(failure), *first, words(Command(f"/batch status {row.batch_id}"))),
    )


def _failure_why(traced: TracedComparison, row: PairRow, failure: Failures) -> str:
    if failure.reason is not FailureReason.UNKNOWN:
        return failure.words.why
    comparison = traced.comparison
    names = comparison.names(Role.LLM_PROVIDER)
    at = row.error_at or row.completed_at or row.submitted_at
    return unrecorded(row, comparison.logs, names, at)


def bundle_collateral(traced: TracedComparison) -> Finding | None:
    """Another comparison of the same bundle failed, and this one was thrown away with it."""
    row = traced.comparison.row
    if row is None or row.winner != "error" or not _is_spoilt(traced, row):
        return None
    return Finding(
        rule=BUNDLE_COLLATERAL.rule,
        severity=_severity(traced),
        confidence=Confidence.HIGH,
        what=words(
            f"Pair {row.pair_id} failed with ",
            Id(str(row.error_correlation_id)),
            f" beside it: {error_words(traced, row)}.",
        ),
        why=BUNDLE_COLLATERAL.why + _share(traced),
        evidence=row_line(row),
        next=(ASK_ALONE, f"/trace {row.error_correlation_id}", f"/batch status {row.batch_id}"),
    )


def is_collateral(row: PairRow) -> bool:
    """Say whether another request of its bundle failed, and it with that one."""
    return row.error_correlation_id is not None and (
        row.error_correlation_id != row.request_correlation_id
    )


def _is_spoilt(traced: TracedComparison, row: PairRow) -> bool:
    """Say whether it failed for its bundle alone: a key, credit or model is refused to each."""
    return is_collateral(row) and (
        traced.failure is None or traced.failure.reason not in OF_EVERY_CALL
    )


def _severity(traced: TracedComparison) -> Severity:
    """Return the severity of its batch's errors; a warning where they are not known."""
    if not isinstance(traced.batch, BatchRows) or not traced.batch.pairs.total:
        return Severity.WARN
    return failure_severity(traced.batch.pairs.error, traced.batch.pairs.total)


def _share(traced: TracedComparison) -> str:
    if not isinstance(traced.batch, BatchRows):
        return ""
    pairs = traced.batch.pairs
    return f" {pairs.error} of {pairs.total} of its batch failed."
