"""What was answered and stands in the queue still is told as left behind, and not as stuck."""

from datetime import timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.detectors.stuck_queue.expired_items import ExpiredItems
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Severity
from tests.support.queue_lines import line, snapshot
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch

IDS = [f"5352ba4c-6226-458c-aa82-{n:012}" for n in range(9)]
OF = [f"86e26627-1135-4553-bfbf-{n:012}" for n in range(9)]


def life(n: int, *, answered: bool) -> list[str]:
    lines = [
        f"Queuing LLM request for provider anthropic, correlation_id: {OF[n]}",
        f"Queued request {IDS[n]} with priority 5, TTL 3600s",
        f"Request queued successfully for provider anthropic, queue_id: {IDS[n]}, "
        f"correlation_id: {OF[n]}",
    ]
    done = f"Request {IDS[n]} completed successfully, correlation_id: {OF[n]}"
    return [*lines, done] if answered else lines


def watches(
    answered: int, lost: int, ticks: int, *, redis: bool = False, **later: str
) -> list[GivenWatch]:
    """Return ticks in which so many answered and lost items stand in the queue; the loop idles."""
    items = tuple(
        QueueItem(
            IDS[n],
            "processing",
            correlation_id=OF[n],
            queued_at=NOW,
            processing_started_at=NOW,
            ttl=timedelta(hours=1),
        )
        for n in range(answered + lost)
    )
    found = []
    for tick in range(ticks):
        at = NOW + TICK * tick
        size = 0 if not tick or later.get(f"t{tick}") == "gone" else len(items)
        events: list[LogEvent] = [snapshot(at, size)] if tick != 1 else []
        if tick == 1:
            lives = [life(n, answered=n < answered) for n in range(answered + lost)]
            events += [line(at, text) for texts in lives for text in texts]
        logs = Followed(tuple(events), containers={"worker-1": Role.LLM_PROVIDER})
        reading = QueueReading(at, size, items if size else ()) if redis else None
        found.append(GivenWatch(at, at - TICK, logs=logs, reading=reading))
    return found


async def judged(*scene: int, redis: bool = False, **later: str) -> Judgement:
    answered, lost, ticks = scene
    found = watches(answered, lost, ticks, redis=redis, **later)
    return await played(StuckQueue(StuckQueueSettings()), found)


@pytest.mark.parametrize("redis", [False, True])
async def test_what_was_answered_is_left_behind_and_holds_nothing_up(redis: bool) -> None:
    (found,) = (await judged(3, 0, 30, redis=redis)).conditions
    assert (found.rule, found.severity) == ("leaked-item", Severity.WARN)
    assert "not stuck" in found.title
    assert "3 answered items left behind" in found.title
    assert found.requeue == ""


@pytest.mark.parametrize("redis", [False, True])
async def test_only_what_waits_for_an_answer_is_an_orphan(redis: bool) -> None:
    (found,) = (await judged(3, 2, 30, redis=redis)).conditions
    assert (found.rule, found.severity) == ("orphaned-item", Severity.ERROR)
    assert ("and 1 more" if redis else "2 items without a worker") in found.title


async def test_it_ends_as_gone_and_not_as_lost_or_moving() -> None:
    over = await judged(3, 0, 31, t30="gone")
    assert told(over) == []
    assert "what was answered and left behind is gone" in str(over.closing["llm_provider"])


@pytest.mark.parametrize(("answered", "lost", "told_of"), [(3, 0, []), (3, 2, ["2 items"])])
async def test_what_was_answered_expires_without_a_loss(
    answered: int, lost: int, told_of: list[str]
) -> None:
    count = answered + lost
    at = NOW + timedelta(hours=1, minutes=1)
    swept = line(at, f"Cleaned up {count} expired requests")
    last = GivenWatch(at, at - TICK, logs=Followed((swept,)))
    judgement = await played(ExpiredItems(QuietSettings()), [*watches(answered, lost, 9), last])
    assert told(judgement, lambda one: str(one.headline)[:7]) == told_of
