"""Whose requests are, where the database or the queue knows it."""

from uuid import UUID

from bot.detectors._batches import batches_of, place_told, sole
from bot.domain.evidence import Missing
from bot.domain.queue import QueueItem, QueueReading
from tests.support.scenes import NOW
from tests.support.watches import GivenWatch

ONE, TWO = (f"86e26627-1135-4553-bfbf-00000000000{n}" for n in (1, 2))


async def test_the_database_is_believed_first_and_the_queue_fills_in() -> None:
    items = (QueueItem(TWO, "queued", cj_batch_id="9"), QueueItem(ONE, "queued", cj_batch_id="7"))
    watch = GivenWatch(NOW, NOW, owners={UUID(ONE): 8}, reading=QueueReading(NOW, 2, items))
    assert await batches_of(watch, (ONE, TWO)) == {"8": 1, "9": 1}
    away = GivenWatch(NOW, NOW, owners=Missing("cj", "away"), reading=Missing("queue", "away"))
    assert await batches_of(away, (ONE, TWO)) == {}


async def test_what_is_no_id_is_asked_of_nobody() -> None:
    watch = GivenWatch(NOW, NOW, owners={UUID(ONE): 8})
    assert await batches_of(watch, ("", "no id", f"{ONE}0", ONE.upper())) == {"8": 1}


def test_of_several_batches_none_is_singled_out() -> None:
    assert (sole(["9"]), sole(["9", "10"]), sole([])) == ("9", "", "")
    told = [place_told(one) for one in ([], ["9"], ["10", "9"], ["9", "10", "11"])]
    assert told == ["", " for batch 9", " for batches 9 and 10", " for 3 batches"]
