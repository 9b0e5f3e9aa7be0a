"""A batch that cannot succeed any more is told before it ends."""

import pytest

from bot.detectors.early.budget_unreachable import BudgetUnreachable, BudgetUnreachableSettings
from tests.support.forecasts import failed
from tests.support.scenes import judged
from tests.support.watches import GivenWatch


def detector() -> BudgetUnreachable:
    return BudgetUnreachable(BudgetUnreachableSettings())


@pytest.mark.parametrize(
    ("watch", "is_warned"),
    [
        (failed(0, 20), False),
        (failed(8, 20), False),  # 32 of 40 may still succeed
        (failed(9, 20), True),
        (failed(9, 20, budget=None), False),
        (failed(9, 20, budget=100), False),
        (failed(9, 20, max_possible_pairs=40, requested_budget=100), True),
        (failed(9, 20, state="SCORING"), False),
        (failed(9, 20, state="FAILED"), False),
    ],
)
async def test_only_what_cannot_be_made_up_for_is_warned_of(
    watch: GivenWatch, is_warned: bool
) -> None:
    assert bool((await judged(detector(), watch)).conditions) is is_warned


async def test_the_warning_says_what_can_be_reached_and_when_it_ends() -> None:
    (condition,) = (await judged(detector(), failed(12, 20))).conditions
    assert str(condition.headline) == "Forecast: batch 34 fails in 2 h, 12 of 40 failed already"
    assert str(condition.why).endswith("below 80% success, and this one can reach 70% at most.")
