"""Answers and errors that no model and no service made are told from those that count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.demo.incident.rows import load
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.evidence.system_state import SystemState
from bot.domain.batch import BatchHeader, BatchRows, ErrorGroup, PairCounts, ScoreCounts
from bot.domain.evidence import Missing, SourceState
from bot.domain.report import Finding, Report, Severity, Verdict
from bot.domain.service_state import ServiceHealth
from bot.sources.cj.database import CjPostgres

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DONE = NOW - timedelta(minutes=20)
AWAY = Missing("x", "not configured", SourceState.NOT_CONFIGURED)
REAL = ServiceHealth("llm_provider_service", NOW, "healthy", mock_mode=False)


def _rows(error: int = 0, **read: Any) -> BatchRows:
    header = BatchHeader(
        5, "1f0c6a52-3a0f-4a55-9b1c-0a6d1f7f2f05", "c", "COMPLETE_STABLE", "COMPLETED", DONE,
        requested_budget=20, total_budget=20, total_comparisons=20, submitted_comparisons=20,
        completed_comparisons=20 - error, failed_comparisons=error, last_activity_at=DONE,
    )  # fmt: skip
    pairs = PairCounts(
        total=20, essay_a=10 - error, essay_b=10, error=error, first_submitted_at=DONE,
        last_completed_at=DONE, last_valid_at=DONE,
    )  # fmt: skip
    scores = ScoreCounts(essays=8, scored=8)
    return BatchRows(header, pairs, scores=scores, **{"models": {"anthropic/a": 20}, **read})


def _report(rows: BatchRows) -> Report:
    evidence = BatchEvidence(rows, AWAY, AWAY, system=SystemState(health=(REAL,)))
    return diagnose(evidence, NOW)


def _finding(rows: BatchRows, rule: str) -> Finding:
    return next(one for one in _report(rows).findings if one.rule == rule)


@pytest.mark.parametrize(
    ("at_once", "severity"), [(20, Severity.ERROR), (15, Severity.ERROR), (2, Severity.WARN)]
)
def test_answers_that_took_no_time_are_a_mock_s_under_whatever_name(
    at_once: int, severity: Severity
) -> None:
    rows = _rows(instant=at_once, response_ms=(0, 700))
    found = _finding(rows, "mock-mode")
    assert found.severity is severity
    assert f"{at_once} of 20 comparisons were answered by a mock" in found.what
    assert "USE_MOCK_LLM" in found.why
    assert "finished well" not in str(_report(rows).headline)


def test_answers_that_took_their_time_are_a_model_s() -> None:
    report = _report(_rows(response_ms=(400, 700)))
    assert report.verdict is Verdict.OK
    assert "mock" not in str(report.headline) + str(report.summary)


def test_a_mock_that_the_request_asked_for_is_no_setting_of_the_service() -> None:
    rows = _rows(models={"mock/mock-model": 20}, response_ms=(0, 3))
    found = _finding(rows, "mock-mode")
    assert found.severity is Severity.WARN
    assert "asked for by name" in found.what
    told = str(_report(rows).as_json())
    assert "is in mock mode:" not in told
    assert "Turn mock mode off" not in told


def test_answers_of_no_time_and_no_cost_were_set_by_hand() -> None:
    rows = _rows(instant=4, unpaid=4, response_ms=(700, 900))
    found = _finding(rows, "set-by-hand")
    assert "4 of 20 comparisons were answered by hand" in found.what
    assert "mock-mode" not in {one.rule for one in _report(rows).findings}


@pytest.mark.parametrize(("code", "service"), [("MANUAL", "operator"), ("unknown", "unknown")])
def test_errors_that_no_service_wrote_are_not_told_as_the_provider_s(
    code: str, service: str
) -> None:
    group = ErrorGroup(code, service, "unknown", 5, 1)
    rows = _rows(5, errors=(group,))
    report = _report(rows)
    found = next(one for one in report.findings if one.rule == "set-by-hand")
    assert "5 of 20 comparisons were set to an error by hand" in found.what
    assert "provider-failures" not in {one.rule for one in report.findings}
    own = replace(group, code="TIMEOUT", service="llm_provider_service", first_at=DONE)
    rules = {one.rule for one in _report(_rows(5, errors=(own,))).findings}
    assert ("provider-failures" in rules, "set-by-hand" in rules) == (True, False)


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ('"provider": "anthropic", "response_time_ms": 0, "cost_estimate": 0.002', (34, 0)),
        ('"provider": "anthropic", "response_time_ms": 0, "cost_estimate": 0.0', (34, 34)),
        ('"provider": "mock", "response_time_ms": 0, "cost_estimate": 0.0', (34, 0)),
        ('"provider": "anthropic", "response_time_ms": 640, "cost_estimate": 0.002', (0, 0)),
        ('"provider": "anthropic"', (0, 0)),
    ],
)
async def test_the_rows_tell_which_answers_took_no_time(
    database_url: str, answer: str, read: tuple[int, int]
) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE cj_comparison_pairs SET processing_metadata = $1::json "
        "WHERE winner IN ('essay_a', 'essay_b') AND cj_batch_id = 33",
        f'{{"model": "m", {answer}}}',
    )
    await connection.close()
    reader = CjPostgres(database_url)
    rows = await reader.batch(33)
    await reader.close()
    assert rows is not None
    assert (rows.instant, rows.unpaid) == read
