from dataclasses import replace

import pytest

from bot.detectors.callbacks.lost_callbacks import LostCallbacks, LostCallbacksSettings
from bot.diagnosis.comparison.causes import LOST_CALLBACKS
from bot.domain.alert import Sight
from bot.domain.batch import BatchSummary
from bot.domain.evidence import Missing
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

OLD = ago(minutes=25)


def detector() -> LostCallbacks:
    return LostCallbacks(LostCallbacksSettings())


@pytest.mark.parametrize(
    ("row", "held", "words"),
    [
        (batch(pairs=pending(3, OLD)), queue(), ["not in the queue any more"]),
        (batch(pairs=pending(3, OLD)), None, ["the queue is not read"]),
        (batch(pairs=pending(3, OLD, unsent=3)), queue(), ["never sent"]),
        (batch(pairs=pending(1, OLD)), queue("failed"), ["left in the queue as dead items"]),
        (batch(pairs=pending(3, OLD)), queue("queued", "queued", "processing"), []),
        (batch(pairs=pending(3, OLD)), queue("queued", batch=7), ["not in the queue any more"]),
        (batch(pairs=pending(3, ago(minutes=14))), queue(), []),
        (batch(pairs=pending(3, OLD), status="ERROR_PROCESSING"), queue(), []),
        (batch(), queue(), []),
    ],
)
async def test_what_waits_and_is_in_no_queue_is_lost(
    row: BatchSummary, held: QueueReading | None, words: list[str]
) -> None:
    watch = GivenWatch(NOW, NOW, batches=(row,), reading=held)
    assert told(await judged(detector(), watch), lambda c: c.known) == words


async def test_answers_in_flight_are_not_lost() -> None:
    row = batch(pairs=pending(3, OLD))
    busy, gap = queue("queued", "processing", "processing"), queue("queued", "queued")
    watches = [
        GivenWatch(NOW - TICK * n, NOW, batches=(row,), reading=gap if n % 5 == 0 else busy)
        for n in reversed(range(24))
    ]
    assert told(await played(detector(), watches)) == []


async def test_a_queue_that_was_cut_short_proves_nothing_about_what_is_missing() -> None:
    cut = replace(queue("queued"), truncated=True)
    watch = GivenWatch(NOW, NOW, batches=(batch(pairs=pending(3, OLD)),), reading=cut)
    (condition,) = (await judged(detector(), watch)).conditions
    assert condition.confidence.value == "low"
    assert condition.why == LOST_CALLBACKS.why


LOST = batch(pairs=pending(3, OLD))


@pytest.mark.parametrize(
    ("then", "held", "words"),
    [
        ([batch()], queue(), "every comparison is answered or queued again"),
        ([LOST], queue("queued", "queued", "queued"), "every comparison is answered or queued"),
        (
            [batch(pairs=pending(1, ago(minutes=1)))],
            queue(),
            "answers come again; 1 of its comparisons is still waited for",
        ),
        (
            [batch(pairs=pending(3, OLD), status="ERROR_PROCESSING", state="FAILED")],
            queue(),
            "the batch ended; 3 of its comparisons were never answered",
        ),
        (
            [batch(pairs=pending(2, OLD), state="CANCELLED")],
            queue(),
            "the batch ended; 2 of its comparisons were never answered",
        ),
        ([batch(status="COMPLETE_STABLE")], queue(), "the batch ended, every comparison answered"),
        ([], queue(), "the batch ended; 3 of its comparisons had no answer when it was last seen"),
    ],
)
async def test_it_says_how_it_ended_and_not_that_all_is_well_when_the_batch_ended(
    then: list[BatchSummary], held: QueueReading, words: str
) -> None:
    lost = [
        GivenWatch(NOW - TICK * n, NOW, batches=(LOST,), reading=queue()) for n in range(20, 0, -1)
    ]
    last = GivenWatch(NOW, NOW, batches=then, reading=held)
    judgement = await played(detector(), [*lost, last])
    assert told(judgement) == []
    assert str(judgement.closing["batch 34"]).startswith(words)


async def test_a_batch_that_got_its_answers_before_it_ended_left_none_behind() -> None:
    rows = [(LOST,)] * 20 + [(batch(),), ()]
    watches = [
        GivenWatch(NOW + TICK * n, NOW, batches=row, reading=queue()) for n, row in enumerate(rows)
    ]
    closing = (await played(detector(), watches)).closing
    assert closing["batch 34"] == "the batch ended, every comparison answered"


async def test_an_unread_database_is_no_health() -> None:
    watch = GivenWatch(NOW, NOW, batches=Missing("cj_database", "away"))
    assert (await judged(detector(), watch)).sight is Sight.UNREADABLE
