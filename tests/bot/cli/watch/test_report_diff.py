"""What is new between two answers: news is told, the mere passing of time is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from bot.cli.watch.report_diff import changes, shortened
from bot.domain.evidence import SourceReading, SourceState
from bot.domain.report import Confidence, Finding, Report, Severity, TimelineEntry
from tests.support.strategies import reports

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
LATER = AT + timedelta(seconds=5)
STUCK = Finding("orphaned-item", Severity.ERROR, Confidence.HIGH, "stuck for 5 min")
BASE = Report(
    "queue", "LLM queue", summary="1 in the queue",
    facts={
        "size": 1,
        "oldest": {"queue_id": "q1", "status": "processing", "age_seconds": 4.0},
        "last_sign_at": AT,
        "steps": [{"step": "sent", "state": "seen"}, {"step": "scored", "state": "missing"}],
        "recent_dispatches": [{"at": AT, "bundle_size": 3}],
    },
    timeline=(TimelineEntry(AT, "llm", "logs", "dispatched 3"),),
    sources=(SourceReading("llm_queue", SourceState.OK, "read at 23:19:26"),),
)  # fmt: skip


def _with(**facts: object) -> Report:
    return replace(BASE, facts={**BASE.facts, **facts})


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (_with(size=2), "size: 1 → 2"),
        (_with(oldest={"queue_id": "q2", "status": "processing"}), "oldest queue id: q1 → q2"),
        (_with(oldest=None), "oldest queue id: q1 → nothing"),
        (_with(steps=[{"step": "sent", "state": "seen"}, {"step": "scored", "state": "seen"}]),
         "steps scored state: missing → seen"),
        (_with(recent_dispatches=[{"at": AT, "bundle_size": 3}, {"at": LATER, "bundle_size": 1}]),
         "recent dispatches: nothing → 1"),
        (replace(BASE, findings=(STUCK,)), "verdict: OK → Error"),
        (replace(BASE, findings=(STUCK,)), "new: orphaned-item (error, confidence high)"),
        (replace(BASE, found=False), "verdict: OK → Not found"),
        (replace(BASE, sources=(SourceReading("llm_queue", SourceState.TIMEOUT),)),
         "source llm_queue: read → timed out"),
        (replace(BASE, timeline=(*BASE.timeline, TimelineEntry(LATER, "cj", "logs", "stored"))),
         "cj: stored"),
    ],
)  # fmt: skip
def test_news_is_told_in_words(after: Report, told: str) -> None:
    assert told in changes(BASE, after)


def test_a_finding_that_ended_is_told() -> None:
    assert changes(replace(BASE, findings=(STUCK,)), BASE)[1].startswith("gone: orphaned-item")


@pytest.mark.parametrize(
    "after",
    [
        BASE,
        _with(oldest={"queue_id": "q1", "status": "processing", "age_seconds": 9.0}),
        _with(last_sign_at=LATER),
        _with(recent_dispatches=[{"at": LATER, "bundle_size": 3}]),
        replace(BASE, summary="1 in the queue, for 9 s"),
        replace(BASE, timeline=(TimelineEntry(LATER, "llm", "logs", "dispatched 3"),)),
        replace(BASE, sources=(SourceReading("llm_queue", SourceState.OK, "read at 23:19:31"),)),
    ],
)
def test_that_time_went_by_is_no_news(after: Report) -> None:
    assert changes(BASE, after) == ()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(reports)
def test_any_answer_can_be_compared_and_equals_itself(report: Report) -> None:
    assert changes(report, report) == ()
    assert all(isinstance(line, str) for line in changes(BASE, report))


def test_many_changes_are_counted() -> None:
    assert shortened(["a", "b", "c"], 2) == ["a", "b", "and 1 more"]
