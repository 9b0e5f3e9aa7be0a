"""Two sides are held against each other by shares, so that sizes do not matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.funnel import STAGES, Stage, first_leak
from bot.diagnosis.compare.compared import Side, first_difference, patterns_of
from bot.diagnosis.compare.report import diagnose
from bot.diagnosis.compare.sides import ModeEvidence, mode_counts, side_of_totals
from bot.diagnosis.evidence.system_state import ProviderState
from bot.domain.batch import BatchHeader, BatchSummary, ComparisonTotals, ErrorGroup, PairCounts
from bot.domain.batch.modes import known_mode
from bot.domain.log import LogSearch
from bot.domain.report import Confidence, Finding, Severity, Verdict
from tests.support.fakes.sources import CJ, LPS, event

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


def _side(name: str, **counts: int | None) -> Side:
    return Side(name, "unknown", tuple(Stage(stage, counts.get(stage)) for stage in STAGES))


def _way(total: int, valid: int, *, budget: int | None = None) -> dict[str, int | None]:
    return {
        "budget": budget or total,
        "pairs": total,
        "submitted": total,
        "callbacks_ok": total,
        "stored_valid": valid,
        "stored_error": total - valid,
        "projections": 12,
    }


@pytest.mark.parametrize(
    ("left", "right", "parts"),
    [
        (_way(100, 100), _way(10, 10), None),
        (_way(100, 34), _way(10, 10), "stored_valid"),
        (_way(100, 97), _way(10, 10), None),
        (_way(6, 6, budget=350), _way(100, 100), "pairs"),
        ({**_way(100, 100), "projections": 0}, _way(10, 10), "projections"),
        ({**_way(100, 100), "submitted": 40}, _way(10, 10), "submitted"),
        ({**_way(100, 100), "queued": 50}, _way(10, 10), None),
        (_way(0, 0, budget=10), _way(10, 10), "pairs"),
    ],
)
def test_sides_part_where_different_shares_get_through(
    left: dict[str, int | None], right: dict[str, int | None], parts: str | None
) -> None:
    assert first_difference(_side("a", **left), _side("b", **right)) == parts
    assert first_difference(_side("b", **right), _side("a", **left)) == parts


def test_a_pattern_that_only_one_side_has_is_named() -> None:
    timeouts = (ErrorGroup("TIMEOUT", "llm_provider_service", "anthropic", 3, 3),)
    left = side_of_totals("per_request", ComparisonTotals(2, PairCounts(total=60)), 60)
    right = side_of_totals(
        "serial_bundle",
        ComparisonTotals(
            3, PairCounts(total=60, error=3, essay_a=57), timeouts, cost=1.14, priced=57
        ),
        None,
    )
    report = diagnose(left, right)
    assert report.facts["only_right"] == {"TIMEOUT (anthropic)": 3}
    assert report.facts["only_left"] == {}
    assert report.facts["right"]["cost_per_comparison"] == pytest.approx(0.02)
    assert report.facts["right"]["batches"] == 3
    assert report.verdict is Verdict.WARN


@pytest.mark.parametrize("differs", [True, False])
def test_sides_that_failed_alike_for_two_causes_part_in_them(*, differs: bool) -> None:
    whys = ("the model provider timed out", "no valid key" if differs else "")
    sides = []
    for number, why in enumerate(whys, start=23):
        what = f"{number} of 10 comparisons failed: {why or whys[0]}"
        found = Finding("provider-failures", Severity.ERROR, Confidence.HIGH, what)
        sides.append(replace(_side(f"batch {number}", **_way(10, 0)), findings=(found,)))
    report = diagnose(*sides)
    told = "and in why: batch 23: the model provider timed out; batch 24: no valid key."
    assert (told in str(report.summary)) is differs
    assert ("for different causes" in str(report.headline)) is differs


def test_findings_of_one_side_are_told_in_words_and_no_rule_by_its_id() -> None:
    found = Finding("early-finalisation", Severity.WARN, Confidence.HIGH, "Scored too early.")
    left = replace(_side("batch 33", **_way(10, 10)), findings=(found,))
    report = diagnose(left, _side("batch 34", **_way(10, 10)))
    assert str(report.summary) == (
        "They part at no step that was counted; batch 33 has 1 finding of its own."
    )
    assert "Only batch 33: Scored too early" in [str(one) for one in report.lines]


def test_mock_mode_is_named_once_for_both_sides_or_for_the_one_that_had_it() -> None:
    mock, real = ProviderState(mock_mode=True), ProviderState(mock_mode=False)
    left, right = (replace(_side(name, **_way(10, 10)), provider=mock) for name in "ab")
    both = diagnose(left, right)
    assert str(both.summary).count("mock mode") == 1
    one = diagnose(left, replace(right, provider=real))
    assert "a: The LLM provider is in mock mode" in one.summary
    assert (one.facts["left"]["mock_mode"], one.facts["right"]["mock_mode"]) == (True, False)


def test_an_empty_side_parts_nowhere() -> None:
    empty = side_of_totals("per_request", ComparisonTotals(), 0)
    full = side_of_totals("serial_bundle", ComparisonTotals(1, PairCounts(total=9)), 9)
    assert first_difference(empty, full) is None


def _summary(id: int, mode: str | None, start: datetime) -> BatchSummary:
    header = BatchHeader(id, f"bos-{id}", "c", "COMPLETE_STABLE", "COMPLETED", start,
                         batching_mode=mode)  # fmt: skip
    end = start + timedelta(minutes=5)
    return BatchSummary(
        header, PairCounts(total=4, first_submitted_at=start, last_completed_at=end)
    )


def test_a_mode_is_recorded_or_written_in_the_logs_and_never_guessed() -> None:
    hours = [NOW - timedelta(hours=n) for n in range(6)]
    summaries = (
        _summary(1, "serial_bundle", hours[0]),
        _summary(2, None, hours[1]),
        _summary(3, None, hours[2]),
        _summary(4, None, hours[3]),
        _summary(5, None, hours[4]),
        _summary(6, "batch_api", hours[5]),
    )
    minute = timedelta(minutes=1)
    lines = (
        event(hours[1] + minute, "Processing queued request q", LPS,
              queue_processing_mode="per_request"),
        event(hours[2] + minute, "serial_bundle_dispatch", LPS,
              queue_processing_mode="serial_bundle"),
        event(hours[2] + 2 * minute, "queue_metrics_snapshot", LPS,
              queue_processing_mode="per_request"),
        event(hours[4], "config", CJ, effective_llm_batching_mode="per_request", cj_batch_id="5"),
    )  # fmt: skip
    evidence = ModeEvidence(summaries, LogSearch(lines, ()))
    assert evidence.modes() == {
        1: "serial_bundle",
        2: "per_request",
        3: "unknown",
        4: "unknown",
        5: "per_request",
        6: "provider_batch_api",
    }
    assert mode_counts(evidence)["unknown"] == 2


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("per_request", "per_request"),
        ("Serial-Bundle", "serial_bundle"),
        ("batch_api", "provider_batch_api"),
        ("unknown", "unknown"),
        ("fast", None),
        ("", None),
    ],
)
def test_a_mode_is_known_by_either_service_s_name(word: str, mode: str | None) -> None:
    assert known_mode(word) == mode


def test_patterns_join_error_codes_and_exceptions() -> None:
    groups = (ErrorGroup("TIMEOUT", "llm_provider_service", "anthropic", 3, 1),)
    raised = ["IntegrityError grade_projections_pkey"] * 2
    assert patterns_of(groups, raised) == (
        ("TIMEOUT (anthropic)", 3),
        ("IntegrityError grade_projections_pkey", 2),
    )


def test_the_first_leak_is_the_first_stage_that_loses_comparisons() -> None:
    assert first_leak(_side("a", **_way(100, 34)).stages) == "stored_valid"
    assert first_leak(_side("a", **_way(100, 100, budget=350)).stages) is None
    assert first_leak(_side("a", **{**_way(100, 100), "submitted": 90}).stages) == "submitted"


@pytest.mark.parametrize(
    "sides",
    [
        (_way(100, 34), _way(10, 10)),
        (_way(100, 100), _way(10, 10)),
    ],
)
@pytest.mark.parametrize("names", [("batch 33", "batch 34"), ("mode serial", "mode per")])
def test_a_headline_begins_like_a_sentence(
    sides: tuple[dict[str, int | None], ...], names: tuple[str, str]
) -> None:
    left, right = (_side(name, **counts) for name, counts in zip(names, sides, strict=True))
    for batches in (0, 1):
        told = diagnose(replace(left, batches=batches), replace(right, batches=batches))
        assert str(told.headline).startswith(f"{names[0].capitalize()} and {names[1]}")
