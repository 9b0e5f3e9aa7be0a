"""How a stuck queue ends is said by what was seen: expiry, a flush and silence are no recovery."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from bot.domain.queue import QueueItem, QueueReading
from tests.support.queue_lines import line, snapshot
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch

QUEUE_ID = "11111111-2222-4333-8444-555555555555"
ITEM = QueueItem(
    QUEUE_ID, "processing", queued_at=NOW, processing_started_at=NOW, ttl=timedelta(hours=4)
)
DONE = f"Request {QUEUE_ID} completed successfully"


def looks(
    item: QueueItem, *, leaves: int, ticks: int, redis: bool = True, logs: bool = True, **lines: str
) -> Iterator[GivenWatch]:
    """Yield ticks in which an item stands in the queue until tick `leaves`; the loop is idle.

    `lines` say what is logged at which tick (t48="...").
    """
    for n in range(ticks):
        at = NOW + TICK * n
        there = n < leaves
        events = [snapshot(at, int(there))] if logs and not n % 2 else []
        if text := lines.get(f"t{n}"):
            events.append(line(at, text))
        items = (item,) if there else ()
        yield GivenWatch(
            at,
            at - TICK,
            logs=Followed(tuple(events)) if logs else None,
            reading=QueueReading(at, len(items), items) if redis else None,
        )


async def ended(**scene: object) -> Judgement:
    item = replace(ITEM, ttl=scene.pop("ttl", ITEM.ttl))  # type: ignore[arg-type]
    detector = StuckQueue(StuckQueueSettings())
    return await played(detector, looks(item, **scene))  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", [0.5, 3])
async def test_expiry_stays_told_however_long_nothing_moves_after_it(hours: float) -> None:
    ticks = int(timedelta(hours=hours) / TICK)
    judgement = await ended(ttl=timedelta(minutes=8), leaves=32, ticks=32 + ticks)
    (condition,) = judgement.conditions
    assert "expired at 2025-11-19T00:38:00+00:00, not completed" in condition.title


async def test_work_that_goes_on_after_an_expiry_ends_it_and_the_loss_is_named() -> None:
    judgement = await ended(ttl=timedelta(minutes=8), leaves=32, ticks=220, t218=DONE)
    assert told(judgement) == []
    words = str(judgement.closing["llm_provider"])
    assert "moves again" not in words
    assert words.endswith("was lost by expiry and gets no callback; the queue goes on")


async def test_without_redis_an_expiry_ends_it_as_a_loss() -> None:
    """What expired by the provider's lines has an alert of its own, which tells of whom it was."""
    gone = "Cleaned up 1 expired requests"
    judgement = await ended(leaves=32, ticks=34, redis=False, t32=gone)
    assert told(judgement) == []
    assert str(judgement.closing["llm_provider"]).startswith("1 item expired unanswered and is los")


async def test_what_expired_in_a_queue_that_stood_is_counted_when_it_moves_again() -> None:
    """It stood with six waiting; the worker drops them by its lines, and answers a new one."""
    watches = []
    for n in range(48):
        at = NOW + TICK * n
        events = [snapshot(at, 6, 6)] if n < 40 and not n % 2 else []
        if n == 40:
            events = [line(at, f"Request {QUEUE_ID[:-1]}{one} has expired") for one in range(6)]
        if n >= 42:
            events = [line(at, DONE), snapshot(at, 0)]
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == []
    ending = judgement.closing["llm_provider"]
    assert str(ending) == "6 items expired unanswered and are lost. The queue is empty."


async def test_a_worker_that_comes_back_drops_what_expired_before_its_queue_moves_again() -> None:
    """It froze with 8 items, and sweeps away what expired meanwhile as it comes back."""
    watches = []
    for n in range(60):
        at = NOW + TICK * n
        events = [snapshot(at, 5, 5)] if n < 4 and not n % 2 else []
        taken = replace(line(at, "serial_bundle_dispatch"), fields={"bundle_size": 8})
        events += [taken] if n == 4 else []
        events += [line(at, DONE)] if n == 50 else []
        swept = {51: "Cleaned up 10 expired requests", 52: "Cleaned up 3 expired requests"}
        events += [line(at, swept[n])] if n in swept else []
        events += [snapshot(at, 0, 0)] if n > 52 and n % 2 else []
        logs = Followed(tuple(events), containers={"worker-1": Role.LLM_PROVIDER})
        watches.append(GivenWatch(at, at - TICK, logs=logs))
    assert told(await played(StuckQueue(StuckQueueSettings()), watches[:50])) == ["worker-hung"]
    for end in range(51, 54):
        judgement = await played(StuckQueue(StuckQueueSettings()), watches[:end])
        assert "llm_provider" in judgement.held, end
    ending = (await played(StuckQueue(StuckQueueSettings()), watches)).closing["llm_provider"]
    assert str(ending) == "13 items expired unanswered and are lost. The queue is empty."


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ({"t32": DONE}, "the queue moves again"),
        ({}, "1 item left the queue unanswered and is lost"),
        # Another item's answer is no answer to this one.
        ({"t32": DONE.replace("1111", "9999")}, "left the queue unanswered and is lost"),
        ({"redis": False}, "no answer was logged (removed or flushed)"),
        ({"logs": False}, "whether answered, Redis does not tell"),
    ],
)
async def test_a_queue_that_was_emptied_is_not_said_to_move(
    scene: dict[str, object], words: str
) -> None:
    judgement = await ended(leaves=32, ticks=36, **scene)
    assert told(judgement) == []
    assert words in judgement.closing["llm_provider"]


async def test_a_flush_does_not_end_the_alert_of_a_worker_that_still_hangs() -> None:
    watches = []
    for n in range(80):
        at = NOW + TICK * n
        events = (line(at, f"Processing queued request {QUEUE_ID}"),) if not n else ()
        items = (ITEM,) if n < 60 else ()
        reading = QueueReading(at, len(items), items)
        watches.append(GivenWatch(at, at - TICK, logs=Followed(events), reading=reading))
    detector = StuckQueue(StuckQueueSettings())
    assert told(await played(detector, watches[:60])) == ["worker-hung"]
    judgement = await played(detector, watches)
    assert judgement.held == {"llm_provider": "The queue is empty."}


async def test_another_process_goes_on_with_an_expiry_that_was_seen() -> None:
    scene = list(looks(replace(ITEM, ttl=timedelta(minutes=8)), leaves=32, ticks=200))
    before, after = (StuckQueue(StuckQueueSettings()) for _ in range(2))
    for watch in scene[:40]:
        sample = await before.sample(watch)
    after.resume((sample,))
    assert "expired" in (await played(after, scene[40:])).conditions[0].title


async def test_silence_in_a_log_that_nobody_reads_proves_no_hung_worker() -> None:
    watches = [
        GivenWatch(
            NOW + TICK * n,
            NOW + TICK * (n - 1),
            logs=Followed((), containers={"huleedu_cj_assessment_service": Role.CJ}),
            reading=QueueReading(NOW + TICK * n, 1, (ITEM,)),
        )
        for n in range(40)
    ]
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == ["queue-frozen"]
    assert "from Redis alone" in judgement.conditions[0].title


async def test_work_beside_a_flush_is_no_recovery_of_what_was_stuck() -> None:
    other = DONE.replace("1111", "9999")
    judgement = await ended(leaves=32, ticks=36, redis=False, t33=other)
    words = judgement.closing["llm_provider"]
    assert "the queue moves again" not in words
    assert "what was stuck left the queue and no answer was logged (removed or flushed)" in words


@pytest.mark.parametrize("before", [{4: "Cleaned up 1 expired requests", 5: DONE}, {5: DONE}, {}])
async def test_a_hole_in_the_log_is_no_sign_of_work(before: dict[int, str]) -> None:
    """What was worked on before the queue stood says nothing of what is read after it."""
    watches = []
    for n in range(60):
        at = NOW + TICK * n
        events = [snapshot(at, 5)] if not n % 2 and n < 46 else []
        events += [line(at, before[n])] if n in before else []
        logs = Followed(tuple(events), containers={"worker-1": Role.LLM_PROVIDER})
        watches.append(GivenWatch(at, at - TICK, logs=logs))
    assert told(await played(StuckQueue(StuckQueueSettings()), watches[:50])) == ["orphaned-item"]
    for end in range(50, 60):
        judgement = await played(StuckQueue(StuckQueueSettings()), watches[:end])
        assert told(judgement) == ["orphaned-item"] or "llm_provider" in judgement.held, end


@pytest.mark.parametrize(
    ("worked", "words"),
    [(None, "no work was seen"), (1, "no work was seen"), (43, "the queue moves again")],
)
async def test_work_of_before_the_queue_stood_is_no_sign_that_it_moves(
    worked: int | None, words: str
) -> None:
    watches = []
    for n in range(46):
        at = NOW + TICK * n
        waits = 5 if n < 42 else 0
        events = [snapshot(at, waits, waits)] if not n % 2 else []
        events += [line(at, DONE)] if n == worked else []
        logs = Followed(tuple(events), containers={"worker-1": Role.LLM_PROVIDER})
        watches.append(GivenWatch(at, at - TICK, logs=logs))
    detector = StuckQueue(StuckQueueSettings())
    assert told(await played(detector, watches[:42])) != []
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == []
    assert words in str(judgement.closing["llm_provider"])
