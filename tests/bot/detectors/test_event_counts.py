"""What log events report is counted by episodes: an alert says since when this one lasts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.detectors._event_counts import EventCount, counted_in, event_counts
from bot.domain.alert import Sample

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
QUIET = timedelta(minutes=15)


def sample(minutes: float, count: int = 1) -> Sample:
    """Return what a tick counted so many minutes before now."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    example = {"source": "cj", "at": at, "text": "failed", "extra": {"minutes": minutes}}
    group = {"count": count, "first": at, "last": at, "examples": [example]}
    return Sample(datetime.fromisoformat(at), {"groups": {"cj": group}})


@pytest.mark.parametrize(
    ("minutes", "since", "count"),
    [
        # Of an earlier episode, which ended by a silence as long as that, nothing is told.
        ((17, 1), 1, 1),
        ((16, 1), 1, 1),
        ((15.9, 1), 15.9, 2),
        ((19, 18, 2, 1), 2, 2),
        ((10, 5, 1), 10, 3),
    ],
)
def test_an_episode_begins_with_what_comes_after_a_silence(
    minutes: Sequence[float], since: float, count: int
) -> None:
    [found] = event_counts([counted_in(sample(one)) for one in minutes], QUIET)
    assert isinstance(found, EventCount)
    assert NOW - found.first_at == timedelta(minutes=since)
    assert (found.count, found.last_at) == (count, NOW - timedelta(minutes=minutes[-1]))
    assert all(one["minutes"] <= since for one in found.extras)
