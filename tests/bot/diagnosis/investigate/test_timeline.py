"""The first failure of a story is the step that came first and caused the others."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.investigate.report import Investigation, investigate
from bot.domain.batch import AnsweredCounts, BatchHeader, BatchRows, PairCounts
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading

BEGAN = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
EARLY = "Comparison budget exhausted; finalizing"
FAILED = "Failed scoring finalization: duplicate key value"


def _line(second: int, level: str, said: str) -> LogEvent:
    at = BEGAN + timedelta(seconds=second)
    return LogEvent(at, "cj_assessment_service", "cj", Role.CJ, level, said,
                    fields={"batch_id": 34}, text=f"{said} batch_id=34")  # fmt: skip


def _told(*lines: LogEvent, answered: int) -> str:
    """Return the first failure of a batch of ten whose result came when so many were answered."""
    ended = BEGAN + timedelta(seconds=30)
    header = BatchHeader(34, ID, ID, "COMPLETE_STABLE", "SCORING", BEGAN, last_activity_at=ended,
                         completion_threshold_pct=95)  # fmt: skip
    then = AnsweredCounts(BEGAN + timedelta(seconds=20), 10, answered, answered)
    rows = BatchRows(header, PairCounts(total=10, essay_a=10), at_first_finalisation=then)
    evidence = BatchEvidence(rows, LogSearch(lines, ()), QueueReading(ended, 0))
    report = investigate(Investigation(evidence), ended + timedelta(minutes=1))
    failed = [entry for entry in report.timeline if entry.failed]
    assert [one for one in report.story if str(failed[0].text) in str(one)]
    return str(failed[0].text)


@pytest.mark.parametrize(("answered", "first"), [(5, EARLY), (10, FAILED)])
def test_an_early_end_comes_before_the_failure_that_it_led_to(answered: int, first: str) -> None:
    lines = (_line(20, "info", EARLY), _line(28, "error", FAILED))
    assert _told(*lines, answered=answered).startswith(first)


def test_what_failed_before_a_cause_is_told_first_all_the_same() -> None:
    broken = "Cannot reach the content service"
    lines = (_line(5, "error", broken), _line(20, "info", EARLY), _line(28, "error", FAILED))
    assert _told(*lines, answered=5) == broken
