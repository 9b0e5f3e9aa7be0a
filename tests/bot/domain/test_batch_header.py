"""What a batch's status and state mean is said in one place, for reports, lists and detectors."""

from datetime import UTC, datetime

import pytest

from bot.domain.batch.header import BatchHeader, missing_essays

AT = datetime(2026, 1, 9, tzinfo=UTC)


def _header(status: str, state: str | None, *, then: bool = False, **more: object) -> BatchHeader:
    return BatchHeader(7, "b", "c", status, state, AT, has_total_budget=not then, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "state", "then", "true_of_it"),
    [
        ("COMPLETE_STABLE", "COMPLETED", False, {"ended", "complete"}),
        ("COMPLETE_STABLE", "COMPLETED", True, {"ended", "complete", "leaves_answers"}),
        ("COMPLETE_STABLE", "SCORING", True,
         {"ended", "complete", "leaves_answers", "finalised_again"}),
        ("COMPLETE_STABLE", "SCORING", False, {"ended", "complete"}),
        ("COMPLETE_FORCED_RECOVERY", "COMPLETED", False, {"ended", "complete", "forced"}),
        ("COMPLETE_INSUFFICIENT_ESSAYS", "FAILED", False, {"ended", "complete"}),
        ("FETCHING_CONTENT", "FAILED", False, {"ended", "failed"}),
        ("ERROR_PROCESSING", "COMPLETED", False, {"ended", "failed"}),
        ("FETCHING_CONTENT", "CANCELLED", False, {"ended"}),
        ("PERFORMING_COMPARISONS", "SCORING", False, {"is_scoring"}),
        ("PERFORMING_COMPARISONS", "WAITING_CALLBACKS", False, set()),
    ],
)  # fmt: skip
def test_a_status_and_a_state_are_read_once(
    status: str, state: str, then: bool, true_of_it: set[str]
) -> None:
    header = _header(status, state, then=then)
    names = ("ended", "complete", "failed", "forced", "finalised_again", "is_scoring",
             "leaves_answers")  # fmt: skip
    assert {name for name in names if getattr(header, name)} == true_of_it


def test_essays_are_missing_once_they_might_have_come() -> None:
    running = _header("FETCHING_CONTENT", "INITIALIZING", expected_essay_count=6)
    assert [missing_essays(running, pairs, 4) for pairs in (0, 3)] == [0, 2]
    cancelled = _header("FETCHING_CONTENT", "CANCELLED", expected_essay_count=6)
    assert [missing_essays(cancelled, pairs, 4) for pairs in (0, 3)] == [0, 2]
    ended = _header("COMPLETE_INSUFFICIENT_ESSAYS", "FAILED", expected_essay_count=6)
    assert [missing_essays(ended, 0, essays) for essays in (0, 6, None)] == [6, 0, 0]
