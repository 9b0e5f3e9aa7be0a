"""A batch that crawls is told while there is time, and one that is merely slow is not."""

from datetime import timedelta
from typing import Any

import pytest

from bot.detectors.early.batch_slowing import BatchSlowing, BatchSlowingSettings
from tests.support.forecasts import slowed
from tests.support.scenes import played


def detector() -> BatchSlowing:
    return BatchSlowing(BatchSlowingSettings())


@pytest.mark.parametrize(
    ("batch", "is_warned"),
    [
        ({"before": 6, "late": 0.3}, True),
        ({"before": 6, "late": 5}, False),
        ({"before": 6, "late": 1}, False),  # slower, and in time all the same
        ({"before": 6, "late": 0}, False),  # stands still: told as lost, idle or stuck
        ({"before": 0.4, "late": 0.3}, False),  # it always was as slow
        ({"before": 6, "late": 0.3, "pending": 10}, False),  # little is left
        ({"before": 6, "late": 0.3, "age": timedelta(minutes=23)}, False),  # hardly begun
    ],
)
async def test_only_a_batch_that_fell_behind_its_time_is_warned_of(
    batch: dict[str, Any], is_warned: bool
) -> None:
    assert bool((await played(detector(), slowed(**batch))).conditions) is is_warned


async def test_the_warning_says_how_many_come_too_late_and_when_that_is() -> None:
    (condition,) = (await played(detector(), slowed(before=6, late=0.3))).conditions
    assert str(condition.headline) == (
        "Forecast: batch 34 does not end in time, 46 answers come after 3 h"
    )
    assert "fell from 5.8 to 0.3 answers a minute" in str(condition.why)
    assert condition.batch == "34"
