"""Batches are counted as /batch list judges them, by their rows alone."""

from datetime import timedelta

from bot.diagnosis.batch.marks import ended_well
from bot.diagnosis.trends.counted import Spent, counted, failures_of, not_well, parts_of, spent_of
from bot.domain.batch import BatchSummary, ComparisonTotals, ErrorGroup, PairCounts
from bot.domain.evidence import Missing
from tests.support.scenes import NOW, ago, batch, pending

FINE = {"status": "COMPLETE_STABLE", "state": "COMPLETED"}
DONE = PairCounts(total=10, essay_a=6, essay_b=4)


def _mixed() -> list[BatchSummary]:
    return [
        batch(1, **FINE, pairs=DONE),
        batch(2, **FINE, pairs=PairCounts(total=10, essay_a=4, error=6)),
        batch(3, **FINE, pairs=pending(3, ago(hours=1))),
        batch(4, status="FETCHING_CONTENT", state="FAILED", pairs=PairCounts(total=4, pending=4)),
        batch(5, status="ERROR_PROCESSING", state="CANCELLED", pairs=DONE),
        batch(6, status="COMPLETE_FORCED_RECOVERY", state="COMPLETED", pairs=DONE),
        batch(7, **FINE, pairs=PairCounts()),
        batch(8, pairs=pending(5, ago(minutes=1))),
    ]


def test_a_batch_ended_well_where_the_list_has_no_mark_and_there_are_grades() -> None:
    found = counted(_mixed(), NOW)
    assert (found.batches, found.ended, found.well, found.under_way) == (8, 7, 1, 1)
    assert (found.comparisons, found.valid, found.failed, found.waiting) == (64, 46, 6, 12)
    assert found.well == sum(ended_well(one, NOW) for one in _mixed())


def test_what_did_not_end_well_is_counted_by_kind_without_its_numbers() -> None:
    assert not_well(_mixed(), NOW) == {
        "failed comparisons": 1,
        "answers missing": 1,
        "ended without a result": 1,
        "cancelled": 1,
        "forced by the monitor": 1,
        "ended without grades": 1,
    }


def test_the_parts_of_the_time_hold_each_batch_once() -> None:
    batches = [batch(n, created_at=ago(hours=n), **FINE, pairs=DONE) for n in range(0, 25, 4)]
    parts = parts_of(batches, NOW - timedelta(hours=24), NOW, NOW, parts=6)
    assert [one.counted.batches for one in parts] == [1, 1, 1, 1, 1, 2]
    assert [one.age for one in parts][-1] == timedelta(hours=4)


def test_failures_are_added_up_by_reason() -> None:
    groups = (
        ErrorGroup(
            "EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 8, 1, http_status=529
        ),
        ErrorGroup(
            "EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", 4, 2, http_status=429
        ),
        ErrorGroup("X", "llm_provider_service", "openai", 2, 2, http_status=529),
    )
    found = failures_of(ComparisonTotals(errors=groups))
    assert [(one.value, rows, roots) for one, rows, roots in found] == [
        ("overloaded", 10, 3),
        ("rate_limit", 4, 2),
    ]


def test_nothing_is_spent_where_nothing_was_read() -> None:
    assert spent_of(Missing("cj_database", "gone")) == spent_of(None) == Spent()
    sums = ComparisonTotals(cost=0.5, priced=100, response_ms=(1_000.0, 4_000.0))
    assert spent_of(sums) == Spent(1_000.0, 4_000.0, 0.5, 0.005)
