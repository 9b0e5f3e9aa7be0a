"""The monitor's sweep tells how long a batch might rest, and what it ended that was at work."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose
from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.report import Finding, Severity

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SWEPT = NOW - timedelta(minutes=5)
AWAY = Missing("x", "not configured", SourceState.NOT_CONFIGURED)


def _line(text: str, **fields: object) -> LogEvent:
    return LogEvent(SWEPT, "cj", "cj", Role.CJ, "warning", text, fields=fields, text=text)


def _found(status: str, state: str, timeout: timedelta, batches: int) -> Finding:
    header = BatchHeader(
        4, "7d0a", "c", status, state, NOW - timedelta(minutes=6),
        requested_budget=20, total_budget=20, last_activity_at=NOW,
    )  # fmt: skip
    rows = BatchRows(header, PairCounts(total=8, essay_a=4, pending=4))
    before = (SWEPT - timeout).isoformat()
    lines = (
        _line("Found stuck batches", stuck_batch_count=batches, stuck_threshold=before),
        _line("Marking stuck batch as FAILED", batch_id=4),
    )
    report = diagnose(BatchEvidence(rows, LogSearch(lines, ()), AWAY), NOW)
    return next(one for one in report.findings if one.rule == "batch-failed")


@pytest.mark.parametrize(
    ("timeout", "batches", "told", "looked_at"),
    [
        (timedelta(0), 11, "time-out of 0 s; that sweep ended 11 batches", True),
        (timedelta(hours=4), 1, "time-out of 4 h", False),
        (timedelta(minutes=59, seconds=59.4), 1, "time-out of 1 h", False),
        (timedelta(minutes=30, seconds=20), 1, "time-out of 30 min 20 s", False),
    ],
)
def test_the_time_out_is_the_one_that_the_sweep_went_by(
    timeout: timedelta, batches: int, told: str, looked_at: bool
) -> None:
    found = _found("FETCHING_CONTENT", "FAILED", timeout, batches)
    assert told in str(found.why)
    assert any("BATCH_TIMEOUT_HOURS" in str(step) for step in found.next) is looked_at


@pytest.mark.parametrize(
    ("status", "state", "severity"),
    [
        ("PERFORMING_COMPARISONS", "WAITING_CALLBACKS", Severity.ERROR),
        ("COMPLETE_STABLE", "COMPLETED", Severity.WARN),
    ],
)
def test_a_batch_that_its_answers_opened_again_was_told_to_have_failed(
    status: str, state: str, severity: Severity
) -> None:
    found = _found(status, state, timedelta(0), 3)
    assert found.severity is severity
    assert "opened it again" in str(found.what)
    assert "failure event went out" in str(found.why)
