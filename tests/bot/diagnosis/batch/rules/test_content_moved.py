"""Essays that another batch took are told by when, and by what the result went out with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.asked_twice import asked_twice
from bot.diagnosis.batch.rules.content import essays_moved
from bot.diagnosis.batch.rules.ended import ended_as_planned
from bot.diagnosis.batch.rules.results import degenerate_scores
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ScoreCounts, Twin
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity

NOW = datetime(2026, 4, 21, 9, 30, tzinfo=UTC)
BEGUN, END = NOW - timedelta(minutes=20), NOW - timedelta(minutes=10)
ID = "86e26627-1135-4553-bfbf-975da269c245"


def _evidence(
    taken_at: datetime, results: int | None = None, taken: int = 5, **header: Any
) -> BatchEvidence:
    """Return a batch of eight essays, `taken` of which another batch has since `taken_at`."""
    own: dict[str, Any] = {"status": "COMPLETE_STABLE", "state": "COMPLETED", "completed_at": END,
                           "expected_essay_count": 8, "total_budget": 16, **header}  # fmt: skip
    rows = BatchRows(
        BatchHeader(31, ID, ID, created_at=BEGUN, **own),
        PairCounts(total=7, essay_a=3, essay_b=4),
        scores=ScoreCounts(essays=8 - taken, scored=8 - taken),
        twins=(Twin(32, "COMPLETE_STABLE", taken_at, same_request=False, essays=taken),),
    )
    said = "Published dual events: ELS (thin) and RAS (rich) for batch 31"
    line = LogEvent(END, "cj_assessment_service", "cj", Role.CJ, "info", said,
                    fields={"batch_id": "31", "essay_results_count": results},
                    text=said)  # fmt: skip
    events = () if results is None else (line,)
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0))


@pytest.mark.parametrize("results", [None, 3])
def test_what_was_taken_while_it_ran_is_not_in_its_result(results: int | None) -> None:
    moved = _evidence(BEGUN + timedelta(minutes=1), results)
    found = essays_moved(moved, NOW)
    assert found is not None
    assert found.severity is Severity.ERROR
    assert str(found.what) == (
        "5 of 8 essays were taken by batch 32 while it ran: its result is of 3"
    )
    # It is told once, and no end as planned beside it.
    assert asked_twice(moved, NOW) is None
    assert ended_as_planned(moved, NOW) is None


def test_a_batch_that_is_left_with_none_lost_all_to_the_one_of_the_same_request() -> None:
    """Its pairs know those alone that were compared: of eight perhaps five."""
    moved = _evidence(BEGUN + timedelta(minutes=1), completed_at=None, state="SCORING",
                      status="FETCHING_CONTENT")  # fmt: skip
    twin = replace(moved.rows.twins[0], same_request=True)
    rows = replace(moved.rows, scores=ScoreCounts(), twins=(twin,))
    found = essays_moved(BatchEvidence(rows, moved.logs, moved.queue), NOW)
    assert found is not None
    assert str(found.what).startswith("8 of 8 essays were taken by batch 32")


def test_a_few_essays_fewer_are_a_warning() -> None:
    found = essays_moved(_evidence(BEGUN, 6, taken=2), NOW)
    assert found is not None
    assert found.severity is Severity.WARN


@pytest.mark.parametrize(
    ("taken_at", "results"), [(END + timedelta(hours=1), None), (BEGUN + timedelta(minutes=1), 8)]
)
def test_what_was_taken_after_its_result_takes_nothing_from_it(
    taken_at: datetime, results: int | None
) -> None:
    """The line on the publication is believed before the times: essays move a while after."""
    whole = _evidence(taken_at, results)
    assert essays_moved(whole, NOW) is None
    said = asked_twice(whole, NOW)
    assert said is not None
    assert said.severity is Severity.INFO


def test_a_batch_under_way_is_told_what_its_result_will_be() -> None:
    running: dict[str, Any] = {"status": "PERFORMING_COMPARISONS", "state": "WAITING_CALLBACKS"}
    found = essays_moved(_evidence(BEGUN + timedelta(minutes=1), completed_at=None, **running), NOW)
    assert found is not None
    assert "its result will be of 3" in str(found.what)
    failed: dict[str, Any] = {"status": "ERROR_PROCESSING", "state": "FAILED"}
    assert essays_moved(_evidence(BEGUN + timedelta(minutes=1), **failed), NOW) is None


def test_a_ranking_of_essays_that_no_comparison_holds_warns() -> None:
    header = BatchHeader(39, ID, ID, "COMPLETE_STABLE", "COMPLETED", BEGUN, total_budget=4)
    rows = BatchRows(
        header, PairCounts(total=4, essay_a=4),
        scores=ScoreCounts(essays=12, scored=12, uncompared=4, pairs=66, close=63),
    )  # fmt: skip
    found = degenerate_scores(BatchEvidence(rows, LogSearch((), ()), QueueReading(NOW, 0)), NOW)
    assert found is not None
    assert found.severity is Severity.WARN
    assert "4 of 12 essays took part in no comparison" in str(found.what)
    assert "larger budget" in str(found.next[0])


@pytest.mark.parametrize(
    ("pairs", "uncompared", "cause"),
    [
        (PairCounts(total=10, essay_a=9, pending=1), 2, "answers-missing"),
        (PairCounts(total=10, essay_a=9, error=1), 2, "provider-failures"),
        (PairCounts(total=10, essay_a=9, pending=1), 3, ""),
    ],
)
def test_an_essay_whose_only_comparison_was_lost_is_not_for_want_of_a_budget(
    pairs: PairCounts, uncompared: int, cause: str
) -> None:
    header = BatchHeader(39, ID, ID, "COMPLETE_STABLE", "COMPLETED", BEGUN, total_budget=10)
    scores = ScoreCounts(essays=20, scored=20, uncompared=uncompared, pairs=190, close=189)
    rows = BatchRows(header, pairs, scores=scores)
    found = degenerate_scores(BatchEvidence(rows, LogSearch((), ()), QueueReading(NOW, 0)), NOW)
    assert found is not None
    assert found.cause == cause
    assert ("too few comparisons" in str(found.why)) is (not cause)
