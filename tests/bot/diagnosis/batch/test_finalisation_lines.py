"""What a result was decided by is what CJ says it had counted, whatever clock dates an answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.finalisation_lines import first_decision
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.batch.rules.counters import provider_clock_ahead
from bot.diagnosis.batch.rules.early_finalisation import early_finalisation
from bot.domain.batch import AnsweredCounts, BatchHeader, BatchRows, PairCounts, Twin
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity, Verdict

NOW = datetime(2026, 4, 21, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
DONE = "Completed scoring finalization for batch"
SWEPT = "Finalizing batch with all callbacks received"
SCORED = "Successfully computed BT scores"
EVALUATED = "Continuation decision evaluated"
CHECKED, VALID = "Continuation check computed", "Valid comparisons found"
EXHAUSTED = "Comparison budget exhausted; finalizing batch despite incomplete threshold"
THRESHOLD = "Completion threshold reached; finalizing scoring"
Line = tuple[str, dict[str, Any]]


def _events(*lines: Line) -> tuple[LogEvent, ...]:
    return tuple(
        LogEvent(NOW - timedelta(minutes=9 - number), "cj_assessment_service", "cj", Role.CJ,
                 "info", said, fields={"batch_id": 9, **fields}, text=f"{said} batch_id=9")
        for number, (said, fields) in enumerate(lines)
    )  # fmt: skip


def _evidence(
    *lines: Line, answered: int, late: timedelta = timedelta(0), **header: Any
) -> BatchEvidence:
    """Return a batch of 12 valid comparisons, `answered` of them by its rows when it ended."""
    end = NOW - timedelta(minutes=2)
    own: dict[str, Any] = {"completed_at": end, "last_activity_at": end, **header}
    rows = BatchRows(
        BatchHeader(9, ID, ID, "COMPLETE_STABLE", "COMPLETED", NOW - timedelta(hours=1), **own),
        PairCounts(total=12, essay_a=6, essay_b=6, last_completed_at=end + late),
        at_first_finalisation=AnsweredCounts(end, 12, answered, answered),
    )
    return BatchEvidence(rows, LogSearch(_events(*lines), ()), QueueReading(NOW, 0))


@pytest.mark.parametrize(
    ("lines", "answered", "valid", "swept"),
    [
        ([(SWEPT, {"completed": 3, "total": 6}), (DONE, {})], 6, 3, True),
        # A sweep whose finalisation failed decided nothing: the next one did.
        ([(SWEPT, {"completed": 0, "total": 3}), (SWEPT, {"completed": 3, "total": 6}), (DONE, {})],
         6, 3, True),
        # What comes after the first result decides it no more.
        ([(SWEPT, {"completed": 2, "total": 2}), (DONE, {}),
          (SWEPT, {"completed": 12, "total": 12}), (DONE, {})], 2, 2, True),
        ([(EVALUATED, {"decision": "REQUEST_MORE_COMPARISONS", "callbacks_received": 8}),
          (EVALUATED, {"decision": "FINALIZE_SCORING", "callbacks_received": 12,
                       "success_rate": 0.75}), (DONE, {})], 12, 9, False),
        ([(CHECKED, {"completed_pairs": 13}), (VALID, {"valid_comparisons": 10}),
          (THRESHOLD, {}), (DONE, {})], 13, 10, False),
        ([(CHECKED, {"completed_pairs": 5}), (VALID, {"valid_comparisons": 5}), (EXHAUSTED, {}),
          (THRESHOLD, {}), (DONE, {})], 5, 5, False),
    ],
)  # fmt: skip
def test_the_decision_is_the_one_that_the_first_result_followed(
    lines: list[Line], answered: int, valid: int, swept: bool
) -> None:
    made = first_decision(_events(*lines))
    assert made is not None
    assert (made.answered, made.valid, made.swept) == (answered, valid, swept)


@pytest.mark.parametrize(
    "lines",
    [
        [(SWEPT, {"completed": 3, "total": 6})],
        [(DONE, {})],
        [(SWEPT, {"completed": "3", "total": None}), (DONE, {})],
        [(THRESHOLD, {}), (DONE, {})],
    ],
)
def test_where_a_line_lacks_nothing_is_made_up(lines: list[Line]) -> None:
    assert first_decision(_events(*lines)) is None


def test_a_result_of_fewer_is_early_though_rows_saw_more_when_it_went_out() -> None:
    swept = [(SWEPT, {"completed": 3, "total": 6}), (DONE, {})]
    found = early_finalisation(_evidence(*swept, answered=12), NOW)
    assert found is not None
    assert found.severity is Severity.ERROR
    assert str(found.what) == (
        "Finalised too early: 3 of 12 comparisons were valid by then, 6 answered"
    )
    assert "sweep came between two waves" in str(found.why)


def test_what_the_budget_ended_is_told_so_although_a_threshold_is_said_next() -> None:
    """Until 2025-11-21 both lines come of one decision."""
    lines = [(CHECKED, {"completed_pairs": 5}), (EXHAUSTED, {}), (THRESHOLD, {}), (DONE, {})]
    found = early_finalisation(
        _evidence(*lines, answered=11, has_total_budget=False, total_comparisons=12), NOW
    )
    assert found is not None
    assert "5 of 12" in str(found.what)
    assert "The budget counted what was sent" in str(found.why)


def test_where_a_wave_is_the_measure_many_answers_are_no_stability() -> None:
    """Such a batch sends a result with each further answer; a stop by stability sends one."""
    waves: dict[str, Any] = {"has_total_budget": False, "total_comparisons": 2}
    given = _evidence(answered=10, **waves)
    assert early_finalisation(given, NOW) is None
    sent = OutboxGroup("huleedu.cj_assessment.completed.v1", 3, NOW, NOW)
    again = given.having(rows=replace(given.rows, outbox=(sent,)))
    found = early_finalisation(again, NOW)
    assert found is not None
    assert "the size of the last wave" in str(found.why)


def test_answers_dated_after_the_batch_are_a_clock_and_no_early_end() -> None:
    ahead = timedelta(minutes=25)
    skewed = _evidence(answered=0, late=ahead)
    assert early_finalisation(skewed, NOW) is None
    found = provider_clock_ahead(skewed, NOW)
    assert found is not None
    assert found.severity is Severity.INFO
    assert "ahead of CJ's by 25 min" in str(found.what)
    assert diagnose(skewed, NOW).verdict is Verdict.OK
    # CJ's own numbers stand whatever the clock says.
    early = [(SWEPT, {"completed": 2, "total": 2}), (DONE, {})]
    assert early_finalisation(_evidence(*early, answered=0, late=ahead), NOW) is not None


def test_a_late_answer_that_cj_noted_is_late() -> None:
    """It moves the batch's last activity: then the provider's clock is not in question."""
    late = _evidence(
        answered=4, late=timedelta(minutes=25), last_activity_at=NOW + timedelta(hours=1)
    )
    assert provider_clock_ahead(late, NOW) is None
    assert early_finalisation(late, NOW) is not None
    unknown = replace(late.header, last_activity_at=None, completed_at=None, updated_at=None)
    assert provider_clock_ahead(
        late.having(rows=replace(late.rows, header=unknown)), NOW
    ) is None  # fmt: skip


@pytest.mark.parametrize(
    ("scored", "taken", "is_early"),
    # The pairs of essays that another batch took were answered, and are in no scores.
    [(6, 0, True), (6, 5, False), (12, 0, False)],
)
def test_a_sweep_that_a_counter_misled_is_judged_by_what_its_scores_were_made_of(
    scored: int, taken: int, *, is_early: bool
) -> None:
    given = _evidence(
        (SWEPT, {"completed": 12, "total": 12}), (SCORED, {"comparison_count": scored}), (DONE, {}),
        answered=12, completed_comparisons=18, total_comparisons=12,
    )  # fmt: skip
    twin = Twin(10, "COMPLETE_STABLE", same_request=False, essays=taken)
    given = replace(given, rows=replace(given.rows, twins=(twin,) if taken else ()))
    found = early_finalisation(given, NOW)
    assert (found is not None) is is_early
    if found is not None:
        assert found.severity is Severity.ERROR
        assert "6 of 12 comparisons were answered by then" in str(found.what)
        assert "counter" in str(found.why)
        assert any(
            "counted 12, and made its scores of 6" in str(one.text) for one in found.evidence
        )


def test_why_too_much_is_counted_is_of_the_batchs_own_revision() -> None:
    for now in (True, False):
        counted: dict[str, Any] = {
            "completed_comparisons": 18,
            "total_comparisons": 12,
            "has_total_budget": now,
        }
        report = diagnose(_evidence(answered=12, **counted), NOW)
        told = next(one for one in report.findings if one.rule == "completion-overcounted")
        assert ("2025-11-19" in str(told.why)) is not now


@pytest.mark.parametrize("fields", [{"comparison_count": 3}, {}])
def test_scores_that_failed_answers_are_no_part_of_were_counted_right(
    fields: dict[str, Any],
) -> None:
    swept = (SWEPT, {"completed": 3, "total": 6})
    made = first_decision(_events(swept, (SCORED, fields), (DONE, {})))
    assert made is not None
    assert (made.answered, made.valid, made.lacked) == (6, 3, 0)
