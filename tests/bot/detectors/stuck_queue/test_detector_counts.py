"""Without Redis, what is stuck is counted by the newest snapshots, and torn ones prove nothing."""

from collections.abc import Sequence

import pytest

from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from tests.support.queue_lines import snapshot
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch

STUCK, TORN, EMPTY = (1, 0), (1, 3), (0, 0)


async def judged(shots: Sequence[tuple[int, int]]) -> Judgement:
    """Judge snapshots of sizes and of how many wait, two ticks apart as they are written."""
    watches = [
        GivenWatch(
            NOW + TICK * n,
            NOW + TICK * (n - 1),
            logs=Followed(
                (snapshot(NOW + TICK * n, *shots[n // 2]),) if not n % 2 else (),
                containers={"worker-1": Role.LLM_PROVIDER},
            ),
        )
        for n in range(2 * len(shots))
    ]
    return await played(StuckQueue(StuckQueueSettings()), watches)


@pytest.mark.parametrize(
    ("shots", "rules"),
    [
        # Three came between the count of all and the count of what waits.
        ([*[STUCK] * 14, TORN], ["orphaned-item"]),
        ([*[STUCK] * 14, TORN, (4, 3)], ["orphaned-item"]),
        ([*[STUCK] * 14, (0, 2)], ["orphaned-item"]),
        ([*[STUCK] * 14, EMPTY], []),
        ([*[STUCK] * 14, TORN, EMPTY], []),
    ],
)
async def test_more_that_wait_than_are_there_show_nothing_of_what_is_stuck(
    shots: Sequence[tuple[int, int]], rules: list[str]
) -> None:
    assert told(await judged(shots)) == rules


@pytest.mark.parametrize(
    ("later", "count"),
    [
        ([(8, 0)] * 6, "1 item without"),
        ([(8, 0)] * 14, "8 items without"),
        ([*[(8, 0)] * 14, (7, 0)], "7 items without"),
        ([*[(8, 0)] * 6, (1, 0), *[(8, 0)] * 6], "1 item without"),
    ],
)
async def test_what_came_to_it_counts_once_it_stood_as_long(
    later: Sequence[tuple[int, int]], count: str
) -> None:
    before = await judged([STUCK] * 24)
    (condition,) = (await judged([*[STUCK] * 24, *later])).conditions
    assert count in str(condition.title)
    # Another count is news of an alert that is open.
    assert (condition.known != before.conditions[0].known) is ("1 item " not in count)
