"""Requests that fail again are told before they are given up, and one that recovers is not."""

from collections.abc import Iterable

import pytest

from bot.detectors.early.retries_rising import CLOSING, RetriesRising, RetriesRisingSettings
from bot.domain.alert import Sight
from bot.domain.evidence import Missing
from bot.domain.report import Confidence
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
        (retried((3, 1, 8), (2, 2, 8), answered=(1, 8)), []),  # all of them were answered since
        (retried((3, 1, 8), (2, 2, 8), answered=(1, 3)), ["failing again"]),
        (retried((3, 1, 1), (2, 2, 1), done=6), []),  # some fail, and few times
        (retried(*((9 - n, 1, 1) for n in range(4)), (1, 2, 1), done=20), ["failing again"]),
        # Many are given back, before any for the second time; and too few of what is answered.
        (retried(*((9 - n, 1, 1) for n in range(4)), done=12), ["failing again"]),
        (retried(*((9 - n, 1, 1) for n in range(4)), done=13), []),
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


@pytest.mark.parametrize(
    ("watches", "odds", "confidence"),
    [
        (retried((3, 2, 8), (1, 3, 8)), "Where 100% fail, as now, that happens to nearly all.",
         Confidence.MEDIUM),
        (retried((3, 2, 1), (2, 3, 1), (1, 3, 1), done=3), "Where 50% fail, as now, that happens "
         "to 1 in 2.", Confidence.MEDIUM),
        (retried((3, 1, 1), (2, 1, 1), (1, 2, 1), done=6), "Where 33% fail, as now, that happens "
         "to 1 in 9.", Confidence.LOW),
    ],
)  # fmt: skip
async def test_the_warning_says_its_odds_and_is_as_sure_as_they_are(
    watches: Iterable[GivenWatch], odds: str, confidence: Confidence
) -> None:
    (condition,) = (await played(detector(), watches)).conditions
    assert str(condition.why).endswith(odds)
    assert condition.confidence is confidence
    assert f"{confidence.value} confidence" in str(condition.title)


async def test_only_the_requests_that_still_wait_are_counted() -> None:
    watches = retried((3, 2, 8), (2, 3, 8), answered=(1, 3))
    (condition,) = (await played(detector(), watches)).conditions
    assert "5 requests are given up after one more failure" in str(condition.headline)


@pytest.mark.parametrize("end", ["Published error callback event for request {}, x",
                                 "Failed to publish callback event for request {}: x",
                                 "Request {} has expired"])  # fmt: skip
async def test_a_request_that_was_given_up_or_expired_is_warned_of_no_more(end: str) -> None:
    watches = retried((3, 2, 2), (2, 3, 2), answered=(1, 2), end=end)
    judgement = await played(detector(), watches)
    assert judgement.conditions == ()
    lost = "Failed to publish" not in end
    told = "2 requests got no answer: given up or expired" if lost else CLOSING
    assert judgement.closing == {"llm_provider": told}


async def test_a_warning_ends_well_where_all_were_answered() -> None:
    watches = retried((3, 2, 2), (2, 3, 2), answered=(1, 2))
    assert (await played(detector(), watches)).closing == {"llm_provider": CLOSING}


async def test_logs_that_cannot_be_read_prove_nothing() -> None:
    for unread, sight in ((Missing("logs", "gone"), Sight.UNREADABLE), (None, Sight.WARMING)):
        assert (await judged(detector(), GivenWatch(NOW, NOW, logs=unread))).sight is sight
