from typing import Any

import pytest

from bot.detectors.batches.batch_idle import BatchIdle, BatchIdleSettings
from bot.domain.batch import BatchSummary, PairCounts
from bot.domain.queue import QueueReading
from tests.support.scenes import (
    NOW,
    TICK,
    ago,
    batch,
    judged,
    pending,
    played,
    queue,
    told,
)
from tests.support.watches import GivenWatch

OLD = ago(minutes=16)
QUIET: dict[str, Any] = {"last_activity_at": OLD}
ANSWERED = PairCounts(total=6, essay_a=6, last_completed_at=OLD)
NOTHING = PairCounts()


@pytest.mark.parametrize(
    ("row", "held", "rules"),
    [
        (batch(**QUIET, pairs=ANSWERED), None, ["waiting-on-monitor"]),
        (batch(**QUIET, pairs=NOTHING, state="GENERATING_PAIRS"), queue(), ["batch-idle"]),
        (batch(**QUIET, pairs=ANSWERED), queue("queued"), []),  # something of it is queued
        (batch(**QUIET, pairs=ANSWERED), queue("queued", batch=7), ["waiting-on-monitor"]),
        (batch(pairs=ANSWERED), None, []),  # active just now
        (batch(**QUIET, pairs=pending(2, OLD)), None, []),  # waits for answers
        (batch(**QUIET, pairs=ANSWERED, state="SCORING"), None, []),
        (batch(**QUIET, pairs=ANSWERED, status="COMPLETE_STABLE"), None, []),
    ],
)
async def test_a_batch_that_nobody_goes_on_with_is_told(
    row: BatchSummary, held: QueueReading | None, rules: list[str]
) -> None:
    watch = GivenWatch(NOW, NOW, batches=(row,), reading=held)
    assert told(await judged(BatchIdle(BatchIdleSettings()), watch)) == rules


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ([batch(pairs=ANSWERED)], "the batch goes on"),
        ([batch(**QUIET, pairs=ANSWERED, state="SCORING")], "the batch goes on"),
        ([batch(pairs=ANSWERED, status="ERROR_PROCESSING", state="FAILED")], "the batch ended"),
        ([], "the batch ended"),
    ],
)
async def test_a_batch_that_ended_is_not_said_to_go_on(
    then: list[BatchSummary], words: str
) -> None:
    resting = GivenWatch(NOW - TICK, NOW, batches=(batch(**QUIET, pairs=ANSWERED),))
    last = GivenWatch(NOW, NOW, batches=then)
    judgement = await played(BatchIdle(BatchIdleSettings()), [resting, last])
    assert judgement.closing == {"batch 34": words}
