"""Requests that fail again are told before they are given up, and one that recovers is not."""

from collections.abc import Iterable

import pytest

from bot.detectors.early.retries_rising import RetriesRising, RetriesRisingSettings
from bot.domain.alert import Sight
from bot.domain.evidence import Missing
from tests.support.forecasts import retried
from tests.support.scenes import NOW, judged, played
from tests.support.watches import GivenWatch


def detector() -> RetriesRising:
    return RetriesRising(RetriesRisingSettings())


@pytest.mark.parametrize(
    ("watches", "known"),
    [
        (retried((3, 1, 8)), []),  # one bundle failed once
        (retried((3, 1, 8), (2, 1, 8)), []),  # two bundles, each for the first time
        (retried((3, 1, 8), (1, 2, 8)), ["failing again"]),
        (retried((3, 1, 1), (2, 2, 1), (1, 3, 1)), ["last try"]),
        (retried((3, 1, 1), (1, 2, 1), done=60), []),  # next to nothing of what is answered
        (retried((11.5, 1, 8), (11, 2, 8)), []),  # long over
    ],
)
async def test_only_failures_that_go_on_are_warned_of(
    watches: Iterable[GivenWatch], known: list[str]
) -> None:
    judgement = await played(detector(), watches)
    assert [one.known for one in judgement.conditions] == known
    assert judgement.sight is Sight.CLEAR


async def test_the_warning_says_what_is_left_before_they_are_given_up() -> None:
    (condition,) = (await played(detector(), retried((3, 2, 8), (1, 3, 8)))).conditions
    assert str(condition.headline) == (
        "Forecast: 8 requests are given up after one more failure (try 3 of 3)"
    )
    assert len(condition.evidence) == 2


async def test_logs_that_cannot_be_read_prove_nothing() -> None:
    for unread, sight in ((Missing("logs", "gone"), Sight.UNREADABLE), (None, Sight.WARMING)):
        assert (await judged(detector(), GivenWatch(NOW, NOW, logs=unread))).sight is sight
