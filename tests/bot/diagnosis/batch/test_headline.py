"""The first two lines of a batch's answer name what caused its end, and how it ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.headline import ROOM, further_causes, headline
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.investigate.report import Investigation, investigate
from bot.domain.batch import (
    NO_ESSAYS,
    BatchHeader,
    BatchRows,
    ErrorGroup,
    PairCounts,
    PendingPair,
    ScoreCounts,
)
from bot.domain.evidence import QUEUE, Missing
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.report import Confidence, Finding, Report, Severity

NOW = datetime(2026, 2, 10, 14, 0, tzinfo=UTC)
ID = "4d37b54d-7177-5b27-8947-42069c2e5327"
ORPHANS = "5 comparisons were orphaned by a restart of the LLM provider"
LOST = "10 of 35 comparisons failed: connection to the model provider lost"


def _header(status: str, state: str, budget: int | None = None) -> BatchHeader:
    return BatchHeader(
        1_000_012, ID, ID, status, state, NOW - timedelta(hours=4), completed_at=NOW,
        total_budget=budget, has_total_budget=True,
    )  # fmt: skip


def _evidence(header: BatchHeader, pairs: PairCounts, *errors: ErrorGroup) -> BatchEvidence:
    rows = BatchRows(header, pairs, errors=errors, scores=ScoreCounts(essays=28, anchors=12))
    return BatchEvidence(rows, LogSearch((), ()), Missing(QUEUE, "not configured"))


def _failed() -> BatchEvidence:
    lost = ErrorGroup("EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 10, 2,
                      http_status=0, error_type="connection_error")  # fmt: skip
    pairs = PairCounts(total=35, essay_a=20, error=10, pending=5)
    return _evidence(_header("FETCHING_CONTENT", "FAILED"), pairs, lost)


def _finding(rule: str, what: str, cause: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, Confidence.HIGH, what, cause=cause)


def test_a_batch_with_two_causes_has_both_in_its_first_two_lines() -> None:
    findings = (
        _finding("orphaned-item", ORPHANS),
        _finding("provider-failures", LOST),
        _finding("batch-failed", "It ended without a result", "provider-failures"),
    )
    report, evidence = Report("batch status", "", findings=findings), _failed()
    line = headline(report, evidence)
    assert str(line) == (
        "Batch 1000012: ended without grades. 10 of 35 comparisons failed: connection lost"
    )
    assert str(further_causes(report, line)) == f"Also: {ORPHANS}."


def test_a_cause_without_failed_comparisons_fits_into_the_first_line() -> None:
    findings = (_finding("orphaned-item", ORPHANS),)
    evidence = _failed()
    pairs = PairCounts(total=5, essay_a=2, pending=3)
    evidence = replace(evidence, rows=replace(evidence.rows, pairs=pairs, errors=()))
    report = Report("batch status", "", findings=findings)
    line = headline(report, evidence)
    assert str(line).endswith(f"ended without grades. {ORPHANS}")
    assert len(str(line)) <= ROOM
    assert not further_causes(report, line)


def test_a_cause_that_the_first_line_has_no_room_for_is_found_in_the_second() -> None:
    findings = (_finding("orphaned-item", "word " * 30),)
    report, evidence = Report("batch status", "", findings=findings), _failed()
    evidence = replace(evidence, rows=replace(evidence.rows, pairs=PairCounts(total=5, essay_a=2)))
    assert str(further_causes(report, headline(report, evidence))).startswith("Found: word word")


@pytest.mark.parametrize(("budget", "is_used"), [(60, True), (120, False), (None, False)])
def test_a_batch_that_ended_well_says_whether_its_budget_was_used(
    budget: int | None, *, is_used: bool
) -> None:
    pairs = PairCounts(total=60, essay_a=30, essay_b=30)
    report = diagnose(_evidence(_header("COMPLETE_STABLE", "COMPLETED", budget), pairs), NOW)
    assert ("its budget was used up" in str(report.summary)) is is_used


def test_a_batch_with_nothing_to_compare_says_so_first() -> None:
    header = replace(_header(NO_ESSAYS, "COMPLETED"), expected_essay_count=1)
    rows = replace(_evidence(header, PairCounts()).rows, scores=ScoreCounts(essays=1))
    evidence = BatchEvidence(rows, LogSearch((), ()), Missing(QUEUE, "not configured"))
    line = str(diagnose(evidence, NOW).headline)
    assert line == "Batch 1000012: 1 essay was sent, so there was nothing to compare"


def test_status_and_investigation_tell_their_findings_in_one_order() -> None:
    evidence = _failed()
    whole = investigate(Investigation(evidence), NOW)
    assert len(whole.findings) > 2
    assert diagnose(evidence, NOW).findings == whole.findings
    rules = [one.rule for one in whole.findings]
    for place, one in enumerate(whole.findings):
        if one.cause in rules:
            assert rules.index(one.cause) < place


def test_what_a_line_says_became_of_the_missing_answers_is_named_before_that_they_are() -> None:
    lost = replace(_failed().rows, pairs=PairCounts(total=6, essay_a=1, pending=5), errors=())
    given = replace(_failed(), rows=replace(lost, pending=(PendingPair(1, UUID(ID), NOW),)))
    said = "Error in callback processing: [Errno 111] Connect call failed ('10.0.0.2', 5432)"
    line = LogEvent(
        NOW, "cj", "cj", Role.CJ, "error", said, fields={"correlation_id": ID}, text=said
    )
    report = diagnose(replace(given, logs=LogSearch((line,), ())), NOW)
    rules = [one.rule for one in report.findings]
    assert rules[:2] == ["callbacks-not-stored", "answers-missing"]
    assert report.findings[1].cause == "callbacks-not-stored"
    told = "CJ did not store 1 answer: its database could not be reached"
    assert str(report.headline).endswith(told)
