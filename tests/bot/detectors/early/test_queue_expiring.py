"""A queue whose front waits ever longer is told before its time to live is over."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from bot.detectors.early.queue_expiring import QueueExpiring, QueueExpiringSettings
from tests.support.forecasts import front
from tests.support.scenes import played
from tests.support.watches import GivenWatch


def detector() -> QueueExpiring:
    return QueueExpiring(QueueExpiringSettings())


@pytest.mark.parametrize(
    ("watches", "is_warned"),
    [
        (front(timedelta(minutes=40)), False),  # long before its time
        (front(timedelta(hours=2)), False),  # stands still, and there are two hours left
        (front(timedelta(hours=3, minutes=10)), True),
        (front(timedelta(hours=3, minutes=10), moves=0.5), False),  # half as fast: 100 minutes left
        (front(timedelta(hours=3, minutes=40), moves=0.5), True),
        (front(timedelta(hours=3, minutes=50), moves=1.0), False),  # its delay does not grow
        (front(timedelta(hours=3, minutes=50), minutes=8), False),  # watched for too short a time
    ],
)
async def test_a_front_is_warned_of_when_its_time_ends_within_the_hour(
    watches: Iterable[GivenWatch], is_warned: bool
) -> None:
    assert bool((await played(detector(), watches)).conditions) is is_warned


async def test_the_warning_says_when_and_how_many_wait() -> None:
    (condition,) = (await played(detector(), front(timedelta(hours=3, minutes=30)))).conditions
    told = "Forecast: the LLM queue drops requests in 30 min, 2 items in it"
    assert (str(condition.headline), condition.batch) == (told, "34")
