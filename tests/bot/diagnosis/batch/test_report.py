"""A batch is judged by its rows: the incident's batches by name, healthy ones in silence."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.demo.incident.rows import STUDENT_TEXT, Revision
from bot.diagnosis.batch.collect import collect
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose, unreadable
from bot.domain.batch import (
    AnsweredCounts,
    AnswerGroup,
    BatchHeader,
    BatchRows,
    ErrorGroup,
    PairCounts,
    PositionCounts,
    ProjectionCounts,
    ScoreCounts,
    Twin,
)
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import Missing, SourceState
from bot.domain.followed import NOT_KEPT, silence
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.report import Confidence, Finding, Report, Severity, Verdict
from bot.ports import Deadline, Sources
from bot.sources.cj.database import CjPostgres
from tests.support.paths import ROOT

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
AWAY = Missing("x", "not configured", SourceState.NOT_CONFIGURED)
DONE = NOW - timedelta(hours=1)


@pytest.fixture(params=["then", "now"])
async def sources(
    request: pytest.FixtureRequest, night_urls: Mapping[Revision, str]
) -> AsyncIterator[Sources]:
    database = CjPostgres(night_urls[request.param])
    yield Sources(database=database)
    await database.close()


async def _report(sources: Sources, batch_id: int) -> Report:
    evidence = await collect(sources, batch_id, NOW, deadline=Deadline.after(10))
    assert isinstance(evidence, BatchEvidence)
    return diagnose(evidence, NOW)


async def test_batch_33_is_named_by_every_cause_its_rows_bear_out(sources: Sources) -> None:
    report = await _report(sources, 33)
    facts = report.as_json()["facts"]
    found = {finding.rule: finding.severity for finding in report.findings}
    assert (facts["errors"], facts["valid"], facts["pairs_with_winner"]) == (66, 34, 100)
    assert (facts["submitted_comparisons"], facts["total_pairs"]) == (10, 100)
    assert (facts["budget"], facts["batch_id"]) == (100, 33)
    assert report.verdict is Verdict.ERROR
    assert found == {
        "errors-counted-as-done": Severity.ERROR,
        "provider-failures": Severity.ERROR,
        "bundle-collateral": Severity.ERROR,
        "counters-overwritten": Severity.WARN,
        "position-bias": Severity.WARN,
        "degenerate-scores": Severity.WARN,
        "completion-overcounted": Severity.INFO,
    }


async def test_batch_34_is_valid_and_was_finalised_early_and_again(sources: Sources) -> None:
    report = await _report(sources, 34)
    assert (report.facts["valid"], report.facts["total_pairs"]) == (10, 10)
    found = {finding.rule for finding in report.findings}
    # Today's monitor, too, forces a batch that had ended into SCORING: alone it proves nothing.
    again = set() if report.facts["iterations"] is not None else {"repeated-finalisation"}
    assert found == {"early-finalisation", *again}


@pytest.mark.parametrize("batch_id", [31, 32])
async def test_the_healthy_neighbours_are_silent(sources: Sources, batch_id: int) -> None:
    report = await _report(sources, batch_id)
    assert (report.verdict, report.findings) == (Verdict.OK, ())


async def test_no_student_text_is_in_a_report(sources: Sources) -> None:
    assert "PLANTED" in STUDENT_TEXT
    assert "PLANTED" not in str((await _report(sources, 33)).as_json())


def _header(**changes: Any) -> BatchHeader:
    header = BatchHeader(
        7, "9c41f7b2-58de-4a36-b1f0-2ab525a2c007", "c", "COMPLETE_STABLE", "COMPLETED", DONE,
        requested_budget=40, total_budget=40, total_comparisons=40, submitted_comparisons=40,
        completed_comparisons=40, failed_comparisons=0, completion_threshold_pct=95,
        last_activity_at=DONE,
    )  # fmt: skip
    return replace(header, **changes)


def _pairs(**changes: Any) -> PairCounts:
    pairs = PairCounts(
        total=40, essay_a=20, essay_b=20, first_submitted_at=DONE, last_completed_at=DONE,
    )  # fmt: skip
    return replace(pairs, **changes)


def _evidence(rows: BatchRows, *events: LogEvent) -> BatchEvidence:
    logs = LogSearch(events, ()) if events else AWAY
    return BatchEvidence(rows, logs, AWAY)


SCORES = ScoreCounts(essays=24, anchors=12, scored=24)
RUNNING: dict[str, Any] = {"status": "PERFORMING_COMPARISONS", "state": "WAITING_CALLBACKS"}
FRESH = NOW - timedelta(minutes=3)

HEALTHY = {
    "finished": BatchRows(_header(), _pairs(), scores=SCORES),
    "then: counters of the last wave": BatchRows(
        _header(has_total_budget=False, total_budget=None, submitted_comparisons=10,
                total_comparisons=10),
        _pairs(), scores=SCORES,
    ),
    "just created": BatchRows(
        _header(status="PENDING", state="INITIALIZING", submitted_comparisons=0,
                completed_comparisons=0, total_comparisons=0, last_activity_at=NOW),
        PairCounts(),
    ),
    "rows written and not yet sent": BatchRows(
        _header(**RUNNING, submitted_comparisons=0, completed_comparisons=0, last_activity_at=NOW),
        PairCounts(total=40, pending=40, unsent=40),
    ),
    "waiting for its answers": BatchRows(
        _header(**RUNNING, completed_comparisons=10, last_activity_at=FRESH),
        PairCounts(total=40, essay_a=10, pending=30, pending_first_submitted_at=FRESH,
                   first_submitted_at=FRESH, last_completed_at=FRESH),
    ),
    "a few failures": BatchRows(
        _header(completed_comparisons=39, failed_comparisons=1),
        _pairs(essay_a=19, error=1),
        errors=(ErrorGroup("RATE_LIMIT", "llm_provider_service", "anthropic", 1, 1),),
        scores=SCORES,
    ),
    "a stability stop with stragglers": BatchRows(
        _header(completed_comparisons=30, has_total_budget=False),
        _pairs(essay_a=10, pending=10), scores=SCORES,
        projections=ProjectionCounts(12, DONE, DONE),
        at_first_finalisation=AnsweredCounts(DONE, 40, 30, 30),
    ),
    "a small net far below its budget": BatchRows(
        _header(requested_budget=350, total_budget=350, submitted_comparisons=6,
                completed_comparisons=6, total_comparisons=6),
        PairCounts(total=6, essay_a=3, essay_b=3, last_completed_at=DONE),
        scores=ScoreCounts(essays=4, scored=4),
    ),
    "scoring since a moment": BatchRows(
        _header(status="PERFORMING_COMPARISONS", state="SCORING", last_activity_at=FRESH),
        _pairs(), scores=SCORES,
    ),
    "its event just written": BatchRows(
        _header(), _pairs(), scores=SCORES,
        outbox=(OutboxGroup("cj.completed.v1", 1, FRESH, FRESH, 1, FRESH),),
    ),
}  # fmt: skip

FAULTY = {
    "completion-overcounted": BatchRows(_header(completed_comparisons=60), _pairs()),
    "counters-overwritten": BatchRows(
        _header(submitted_comparisons=10), _pairs(essay_a=10, error=10)
    ),
    "errors-counted-as-done": BatchRows(_header(), _pairs(essay_a=5, error=15)),
    "position-bias": BatchRows(_header(), _pairs(), position=PositionCounts(40, 30)),
    "early-finalisation": BatchRows(
        _header(), _pairs(), at_first_finalisation=AnsweredCounts(DONE, 10, 5, 5)
    ),
    "repeated-finalisation": BatchRows(
        _header(), _pairs(), outbox=(OutboxGroup("cj_assessment.completed.v1", 2, DONE, DONE),)
    ),
    "finalisation-stuck": BatchRows(
        _header(status="PERFORMING_COMPARISONS", state="SCORING"), _pairs()
    ),
    "provider-failures": BatchRows(
        _header(**RUNNING, last_activity_at=FRESH), _pairs(essay_a=17, error=3, pending=0)
    ),
    "bundle-collateral": BatchRows(
        _header(), _pairs(essay_a=12, error=8),
        errors=(ErrorGroup("TIMEOUT", "llm_provider_service", "anthropic", 8, 1, 8, 1, 8),),
    ),
    "lost-callbacks": BatchRows(
        _header(**RUNNING), _pairs(essay_a=10, pending=10, pending_first_submitted_at=DONE)
    ),
    "waiting-on-monitor": BatchRows(_header(**RUNNING), _pairs()),
    "degenerate-scores": BatchRows(
        _header(), _pairs(essay_a=18, error=2),
        scores=ScoreCounts(24, 12, 24, 6, 0, 6, pairs=276, close=250),
    ),
    "batch-failed": BatchRows(
        _header(status="FETCHING_CONTENT", state="FAILED"), _pairs(essay_a=10, pending=10)
    ),
    "batch-cancelled": BatchRows(
        _header(status="ERROR_PROCESSING", state="CANCELLED", completed_comparisons=4),
        PairCounts(total=40, essay_a=4, pending=36, pending_first_submitted_at=DONE,
                   last_completed_at=DONE),
    ),
    "answers-missing": BatchRows(_header(), _pairs(essay_a=10, pending=10), scores=SCORES),
    "content-missing": BatchRows(
        _header(expected_essay_count=6), _pairs(), scores=ScoreCounts(essays=2, scored=2)
    ),
    "no-grades": BatchRows(_header(assigned=True), _pairs(), scores=ScoreCounts(12, scored=12)),
    "answers-alike": BatchRows(
        _header(), _pairs(essay_a=40, essay_b=0), scores=SCORES,
        confident=(AnswerGroup(3.0, 40, 40),),
    ),
    "batch-idle": BatchRows(_header(**RUNNING), PairCounts()),
    "models-mixed": BatchRows(
        _header(), _pairs(), scores=SCORES, models={"anthropic/a": 30, "anthropic/b": 10}
    ),
    "asked-twice": BatchRows(
        _header(), _pairs(), scores=SCORES, twins=(Twin(8, "COMPLETE_STABLE"),)
    ),
    "mock-mode": BatchRows(
        _header(), _pairs(), scores=SCORES, models={"mock/mock-model": 40}, response_ms=(4, 6)
    ),
    "set-by-hand": BatchRows(
        _header(), _pairs(essay_a=10, error=10), scores=SCORES,
        errors=(ErrorGroup("LOST", "somebody", "unknown", 10, 1),),
    ),
    "outbox-unpublished": BatchRows(
        _header(), _pairs(), outbox=(OutboxGroup("cj.x", 1, DONE, DONE, 1, DONE),)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_batch_has_no_finding_of_warn_or_error(name: str) -> None:
    report = diagnose(_evidence(HEALTHY[name]), NOW)
    assert [f.rule for f in report.findings if f.severity is not Severity.INFO] == []
    assert report.verdict is Verdict.OK


@pytest.mark.parametrize("rule", FAULTY)
def test_each_fault_is_found_with_evidence_and_a_next_step(rule: str) -> None:
    report = diagnose(_evidence(FAULTY[rule]), NOW)
    finding = next(one for one in report.findings if one.rule == rule)
    assert finding.severity is not Severity.INFO
    assert finding.evidence
    assert finding.next


def test_a_stray_callback_near_a_batch_is_foreign_with_low_confidence() -> None:
    id = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
    text = f"Comparison callback missing essay identifiers; correlation={id}"
    event = LogEvent(DONE, "runner", "runner", Role.RUNNER, "error", text, text=text)
    report = diagnose(_evidence(HEALTHY["finished"], event), NOW)
    (finding,) = report.findings
    assert (finding.rule, finding.confidence.value) == ("foreign-callback", "low")


def test_lines_that_only_look_alarming_make_no_finding() -> None:
    text = "Stored 0 new comparison pairs for CJ Batch ID: 7"
    event = LogEvent(DONE, "cj", "cj", Role.CJ, "info", text, fields={"batch_id": 7}, text=text)
    assert diagnose(_evidence(HEALTHY["finished"], event), NOW).findings == ()


def test_the_rule_of_the_readme_finds_its_row_and_no_healthy_batch() -> None:
    section = (ROOT / "bot" / "diagnosis" / "README.md").read_text(encoding="utf-8")
    rule, row = re.findall(r"```python\n(.*?)```", section, re.S)[:2]
    names: dict[str, Any] = {
        "BatchEvidence": BatchEvidence,
        "Confidence": Confidence,
        "Finding": Finding,
        "Severity": Severity,
        "datetime": datetime,
    }
    exec(rule, names)
    rows = eval(f"{{{row}}}", {"BatchRows": BatchRows, "_header": _header, "_pairs": _pairs})
    finding = names["forced_early"](_evidence(rows["forced-early"]), NOW)
    assert (finding.rule, bool(finding.evidence), bool(finding.next)) == (
        "forced-early",
        True,
        True,
    )
    assert all(names["forced_early"](_evidence(one), NOW) is None for one in HEALTHY.values())


def test_the_essays_of_a_batch_that_was_cancelled_at_once_are_not_said_to_lack_content() -> None:
    header = _header(
        status="PENDING", state="CANCELLED", expected_essay_count=8, total_comparisons=0,
        submitted_comparisons=0, completed_comparisons=0,
    )  # fmt: skip
    report = diagnose(_evidence(BatchRows(header, PairCounts())), NOW)
    assert [one.rule for one in report.findings] == ["batch-cancelled"]
    assert report.verdict is Verdict.WARN


def test_a_batch_that_will_not_end_by_itself_has_no_expected_end() -> None:
    began = NOW - timedelta(minutes=4)
    pairs = _pairs(
        essay_a=10, essay_b=0, pending=30, first_submitted_at=began,
        last_completed_at=NOW - timedelta(minutes=1),
    )  # fmt: skip
    header = _header(**RUNNING, last_activity_at=NOW - timedelta(minutes=1))
    report = diagnose(_evidence(BatchRows(header, pairs)), NOW)
    assert report.facts["expected_end"] is not None
    failed = BatchRows(header, replace(pairs, essay_a=1, error=29, pending=10))
    report = diagnose(_evidence(failed), NOW)
    assert "it will not finish by itself" in str(report.headline)
    assert report.facts["expected_end"] is None


@pytest.mark.parametrize(
    ("pairs", "verdict"), [(_pairs(), Verdict.OK), (_pairs(essay_a=19, error=1), Verdict.UNKNOWN)]
)
def test_rows_alone_say_that_a_batch_ended_well_and_an_unread_log_is_named(
    pairs: PairCounts, verdict: Verdict
) -> None:
    rows = BatchRows(_header(), pairs, scores=SCORES)
    unread = LogSearch((), (), missing=(("cj_assessment_service", "no file of it"),))
    report = diagnose(BatchEvidence(rows, unread, AWAY), NOW)
    assert report.verdict is verdict
    assert "Not read: " in str(report.summary)


MOVES = replace(_header(**RUNNING), last_activity_at=NOW - timedelta(minutes=1))
FORCED = _header(status="COMPLETE_FORCED_RECOVERY")


@pytest.mark.parametrize(
    ("header", "pairs", "verdict"),
    [
        (MOVES, _pairs(essay_a=10, essay_b=10, pending=20), Verdict.OK),
        (_header(), _pairs(essay_a=19, error=1), Verdict.UNKNOWN),
        (FORCED, _pairs(essay_a=19, pending=1), Verdict.WARN),
        (_header(), _pairs(), Verdict.OK),
    ],
)
@pytest.mark.parametrize(
    ("why", "told"),
    [
        (silence(NOW - timedelta(minutes=12)), "no line since 2026-01-09T11:48:00"),
        (NOT_KEPT, NOT_KEPT),
    ],
)
def test_a_log_that_ended_or_skips_a_time_hides_nothing_that_the_rows_tell(
    why: str, told: str, header: BatchHeader, pairs: PairCounts, verdict: Verdict
) -> None:
    logs = LogSearch((), (), missing=(("cj", why),))
    report = diagnose(BatchEvidence(BatchRows(header, pairs, scores=SCORES), logs, AWAY), NOW)
    assert report.verdict is verdict
    assert told in str(report.summary)


@pytest.mark.parametrize(("answered", "planned"), [(40, True), (25, False)])
def test_a_result_that_lacks_later_answers_is_no_planned_end(answered: int, planned: bool) -> None:
    rows = BatchRows(
        _header(requested_budget=60, total_budget=60), _pairs(), scores=SCORES,
        at_first_finalisation=AnsweredCounts(DONE, 40, answered, answered),
    )  # fmt: skip
    rules = {one.rule for one in diagnose(_evidence(rows), NOW).findings}
    assert ("ended-as-planned" in rules) is planned


def test_the_headline_of_an_unread_database_is_whole_and_the_reason_stands_behind_it() -> None:
    missing = Missing("cj_database", "nobody listens at 127.0.0.1:5999: refused. Start it.")
    report = unreadable("34", missing)
    assert report.headline == "Batch 34: unknown, the CJ database could not be read"
    assert report.summary == missing.reason
