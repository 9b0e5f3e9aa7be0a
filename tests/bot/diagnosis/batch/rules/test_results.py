"""What is common in healthy batches is information; a ranking is doubted by a measure alone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.results import degenerate_scores
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ProjectionCounts, ScoreCounts
from bot.domain.log import LogSearch
from bot.domain.queue import QueueReading
from bot.domain.report import Severity

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"


def evidence(in_a: int = 15, valid: int = 30, **scores: Any) -> BatchEvidence:
    """Return a batch of six essays that ended well, with scores of a sort."""
    scores = {"essays": 6, "scored": 6, "pairs": 15, **scores}
    rows = BatchRows(
        BatchHeader(2, ID, ID, "COMPLETE_STABLE", "COMPLETED", NOW),
        PairCounts(total=valid, essay_a=in_a, essay_b=valid - in_a),
        projections=ProjectionCounts(6),
        scores=ScoreCounts(**scores),
    )
    return BatchEvidence(rows, LogSearch((), ()), QueueReading(NOW, 0))


@pytest.mark.parametrize(
    ("scores", "severity"),
    [
        # All standard errors at the cap, which few essays alone make.
        ({"at_se_cap": 6, "degenerate": 6, "close": 4}, Severity.INFO),
        ({"at_se_cap": 0, "degenerate": 0, "close": 4}, None),
        ({"at_se_cap": 0, "degenerate": 0, "close": 15}, Severity.WARN),
        # Of a small budget that was answered as a whole nothing more was to be had.
        ({"at_se_cap": 6, "degenerate": 6, "close": 14}, Severity.INFO),
    ],
)
def test_errors_at_the_cap_are_information_unless_the_ranking_is_unusable(
    scores: dict[str, int], severity: Severity | None
) -> None:
    found = degenerate_scores(evidence(**scores), NOW)
    assert (found.severity if found else None) == severity
    if found:
        share = scores["close"] / 15
        # Where most pairs can be told apart, their share is not what speaks against the scores.
        said = f"{share:.0%} of the pairs of essays" if share > 0.5 else "The scores of 6 of 6"
        assert str(found.what).startswith(said)
        # What is common follows from no fault.
        assert bool(found.cause) is (severity is Severity.WARN)


@pytest.mark.parametrize(
    ("essays", "severity"),
    [(2, Severity.INFO), (3, Severity.INFO), (5, Severity.INFO), (6, Severity.WARN)],
)
@pytest.mark.parametrize("answered", [True, False])
def test_a_few_pairs_that_lie_close_are_no_fault_where_all_that_was_asked_was_answered(
    essays: int, severity: Severity, answered: bool
) -> None:
    pairs = essays * (essays - 1) // 2
    given = evidence(7, 16, scored=essays, essays=essays, pairs=pairs, close=pairs)
    if not answered:
        given = replace(given, rows=replace(given.rows, pairs=replace(given.pairs, total=17)))
    found = degenerate_scores(given, NOW)
    assert found is not None
    assert found.severity == (severity if answered else Severity.WARN)
    assert str(found.what).startswith("100% of the pairs of essays")
    assert "are no fault" not in str(found.why)


@pytest.mark.parametrize(
    ("valid", "total", "severity"),
    [
        (9, 9, Severity.INFO),
        (14, 14, Severity.INFO),
        # Each pair was compared once and more, or answers are missing: it is not the budget's.
        (15, 15, Severity.WARN),
        (9, 10, Severity.WARN),
    ],
)
def test_a_budget_of_less_than_each_pair_once_is_no_fault(
    valid: int, total: int, severity: Severity
) -> None:
    given = evidence(valid // 2, valid, close=15)
    given = replace(given, rows=replace(given.rows, pairs=replace(given.pairs, total=total)))
    found = degenerate_scores(given, NOW)
    assert found is not None
    assert found.severity == severity
    # The measure is told, and what follows from it, whoever's doing it is.
    assert str(found.what).startswith("100% of the pairs")
    assert "Treat the ranking as undecided." in map(str, found.next)


@pytest.mark.parametrize(
    ("in_a", "valid", "close", "severity"),
    [
        (16, 16, 15, Severity.ERROR),
        (0, 16, 15, Severity.ERROR),
        # One answer for the other slot, few answers, or a ranking that tells essays apart.
        (15, 16, 15, Severity.WARN),
        (11, 11, 15, Severity.WARN),
        (16, 16, 4, None),
    ],
)
def test_answers_that_all_name_one_slot_and_tell_nothing_are_worth_nothing(
    in_a: int, valid: int, close: int, severity: Severity | None
) -> None:
    found = degenerate_scores(evidence(in_a, valid, close=close), NOW)
    assert (found.severity if found else None) == severity
    if found and severity is Severity.ERROR:
        slot = "A" if in_a else "B"
        assert f"All 16 answers name essay {slot}" in str(found.what)
