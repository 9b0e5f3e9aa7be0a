"""How far a batch is: the pace it had, a range for its end, and no end while it stands still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.domain.progress import GOES_WRONG, STANDS_STILL, progress_of

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
BEGUN = NOW - timedelta(minutes=10)


def rows(
    done: int, *, total: int = 100, last: datetime = NOW, status: str = "PENDING"
) -> BatchRows:
    """Return a batch that began ten minutes ago."""
    header = BatchHeader(34, "b", "c", status, "WAITING_CALLBACKS", BEGUN)
    pairs = PairCounts(total=total, essay_a=done, pending=total - done, first_submitted_at=BEGUN,
                       last_completed_at=last)  # fmt: skip
    return BatchRows(header, pairs)


def test_the_end_is_a_range_around_what_the_pace_says() -> None:
    seen = progress_of(rows(50), NOW)
    assert (seen.done, seen.total, seen.per_minute) == (50, 100, 5.0)
    assert seen.expected_end == (NOW + timedelta(minutes=8), NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    "batch",
    [
        rows(2),
        rows(100),
        rows(50, last=NOW - STANDS_STILL),
        rows(50, status="COMPLETE_STABLE"),
        replace(rows(50), pairs=PairCounts()),
    ],
)
def test_the_end_is_not_known_before_a_pace_after_the_end_and_while_it_stands_still(
    batch: BatchRows,
) -> None:
    assert progress_of(batch, NOW).expected_end is None


def test_what_stands_still_for_long_goes_wrong() -> None:
    still = progress_of(rows(50, last=NOW - STANDS_STILL), NOW)
    assert still.still_since == NOW - STANDS_STILL
    assert not still.is_wrong(NOW)
    assert still.is_wrong(NOW - STANDS_STILL + GOES_WRONG)
