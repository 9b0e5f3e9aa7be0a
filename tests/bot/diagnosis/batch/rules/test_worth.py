"""A result is doubted where its answers do not judge, or no grade was set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.batch.rules.worth import answers_alike, mock_mode, no_grades
from bot.domain.batch import AnswerGroup, BatchHeader, BatchRows, PairCounts, ScoreCounts
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
UNGRADED = "No anchor essays available - skipping grade projection"


def evidence(
    *events: LogEvent, groups: tuple[tuple[float, int, int], ...] = (), **more: Any
) -> BatchEvidence:
    """Return a batch that ended well, its valid answers as (confidence, answers, for essay A)."""
    valid, a = sum(one[1] for one in groups), sum(one[2] for one in groups)
    pairs = PairCounts(
        total=valid or 20, essay_a=a if groups else 10, essay_b=valid - a if groups else 10,
        last_completed_at=NOW,
    )  # fmt: skip
    header = BatchHeader(
        7, ID, ID, "COMPLETE_STABLE", "COMPLETED", NOW - timedelta(minutes=5),
        assigned=more.pop("assigned", False), has_total_budget=more.pop("now", True),
    )  # fmt: skip
    rows = BatchRows(
        header, pairs, scores=ScoreCounts(essays=8, scored=8, anchors=more.pop("anchors", 0)),
        confident=tuple(AnswerGroup(*one) for one in groups), **more,
    )  # fmt: skip
    return BatchEvidence(rows, LogSearch(tuple(events), ()), QueueReading(NOW, 0))


def line(text: str, **fields: Any) -> LogEvent:
    at = NOW - timedelta(minutes=1)
    return LogEvent(at, "cj", "cj", Role.CJ, "info", text, fields=fields, text=f"{text} {ID}")


@pytest.mark.parametrize(
    ("groups", "severity"),
    [
        # All or nearly all choose essay A with one confidence.
        (((1.2, 16, 16),), Severity.ERROR),
        (((3.0, 10, 10),), Severity.ERROR),
        (((3.0, 39, 39), (4.1, 1, 0)), Severity.ERROR),
        # Too few to say it: a coin does so too.
        (((1.2, 9, 9),), None),
        (((3.0, 3, 3),), None),
        # One confidence for both essays judges.
        (((4.0, 40, 22),), None),
        # Sure in many ways, and for both.
        (((4.6, 4, 1), (2.4, 3, 2), (3.1, 10, 6)), None),
        # Sure in many ways, and always for one slot: rare where slots are shuffled.
        ((*((2.0 + step / 10, 2, 2) for step in range(20)),), Severity.ERROR),
        ((*((2.0 + step / 10, 2, 0) for step in range(20)),), Severity.ERROR),
        ((*((2.0 + step / 10, 2, 2) for step in range(7)),), None),
        # A liking for one slot is none of it.
        ((*((2.0 + step / 10, 4, 3) for step in range(20)),), None),
        # A part is alike, the others judge.
        (((3.0, 24, 24), (4.1, 13, 6), (4.6, 12, 5)), Severity.WARN),
        (((3.0, 8, 8), (4.1, 13, 6), (4.6, 12, 5)), None),
    ],
)
def test_answers_that_do_not_judge_are_told_by_chance_alone(
    groups: tuple[tuple[float, int, int], ...], severity: Severity | None
) -> None:
    found = answers_alike(evidence(groups=groups), NOW)
    assert (found.severity if found else None) == severity


def test_slots_that_are_not_shuffled_prove_nothing_by_one_side() -> None:
    groups = (*((2.0 + step / 10, 2, 2) for step in range(20)),)
    assert answers_alike(evidence(groups=groups, now=False), NOW) is None


def test_confidences_that_were_not_read_accuse_nobody() -> None:
    assert answers_alike(evidence(), NOW) is None


def test_the_measure_is_in_the_words() -> None:
    found = answers_alike(evidence(groups=((1.2, 16, 16),)), NOW)
    assert found is not None
    assert str(found.what) == (
        "The answers do not judge: all 16 choose essay A, all with confidence 1.2"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"assigned": True}, True),
        # Without an assignment there are no anchors, and no grade is to be set.
        ({"assigned": False}, False),
        ({"assigned": None}, False),
        # What may not be read is not absent.
        ({"assigned": True, "hidden": ("grade_projections",)}, False),
    ],
)
def test_an_assignment_without_any_grade_is_told(given: dict[str, Any], told: bool) -> None:
    assert (no_grades(evidence(**given), NOW) is not None) is told


def test_what_the_line_of_ungraded_assignments_tells_is_told_once() -> None:
    one = line(UNGRADED, cj_batch_id=7, context_source="assignment")
    given = evidence(one, assigned=True)
    assert no_grades(given, NOW) is None
    (told,) = [one for one in diagnose(given, NOW).findings if one.severity is not Severity.INFO]
    assert "got no grade" in str(told.what)


def test_no_grades_are_spoken_of_where_there_are_none() -> None:
    report = diagnose(evidence(assigned=True), NOW)
    assert "use the ranking with care" in str(report.headline)
    assert "grades with care" not in str(report.as_json())


@pytest.mark.parametrize(
    ("instant", "severity"),
    [(20, Severity.ERROR), (10, Severity.ERROR), (4, Severity.WARN), (0, None)],
)
def test_answers_that_took_no_time_are_no_models(instant: int, severity: Severity | None) -> None:
    found = mock_mode(evidence(instant=instant, response_ms=(700.0, 900.0)), NOW)
    assert (found.severity if found else None) is severity
