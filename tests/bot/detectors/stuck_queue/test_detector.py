"""A queue is stuck by identity and life signs over time, never by its size."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.domain.alert import Judgement, Sample, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.service_state import ServiceHealth
from tests.support.scenes import played, told
from tests.support.watches import GivenWatch

START = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
TICK = timedelta(seconds=15)
ITEM = QueueItem(
    "11111111-2222-4333-8444-555555555555",
    "processing",
    queued_at=START,
    processing_started_at=START,
    ttl=timedelta(hours=4),
    correlation_id="99999999-2222-4333-8444-555555555555",
    cj_batch_id="34",
)


def _alive(at: datetime, size: int = 1) -> Followed:
    fields = {"queue_current_size": size, "queue_queued_count": 0}
    event = LogEvent(
        at, "llm", "llm", Role.LLM_PROVIDER, "info", "queue_metrics_snapshot", fields=fields
    )
    return Followed((event,))


async def _watched(
    items_at: object, minutes: float, settings: StuckQueueSettings | None = None
) -> Judgement:
    """Tick every 15 s; `items_at(now)` gives the items, or a Missing, that Redis shows."""
    detector = StuckQueue(settings or StuckQueueSettings())
    samples: list[Sample] = []
    now = START
    while now <= START + timedelta(minutes=minutes):
        items = items_at(now)  # type: ignore[operator]
        reading = items if isinstance(items, Missing) else QueueReading(now, len(items), items)
        watch = GivenWatch(now, now - TICK, logs=_alive(now, 1), reading=reading)
        samples.append(await detector.sample(watch))
        now += TICK
    return detector.judge(Window(tuple(samples), START), now - TICK)


async def test_an_item_that_nobody_works_on_opens_after_five_minutes_and_not_before() -> None:
    early = await _watched(lambda now: (ITEM,), 4.5)
    assert early.conditions == ()
    (condition,) = (await _watched(lambda now: (ITEM,), 6)).conditions
    assert condition.rule == "orphaned-item"
    assert condition.batch == "34"
    assert condition.since == START


async def test_a_title_stays_as_it_is_while_nothing_but_time_goes_by() -> None:
    titles = {
        (await _watched(lambda now: (ITEM,), minutes)).conditions[0].title for minutes in (7, 8, 9)
    }
    (title,) = titles
    assert "is held by no worker" in title


async def test_equal_size_with_items_turning_over_is_healthy() -> None:
    def turning(now: datetime) -> tuple[QueueItem, ...]:
        return (replace(ITEM, queue_id=str(now), processing_started_at=now, queued_at=now),)

    judgement = await _watched(turning, 15)
    assert judgement.sight is Sight.CLEAR
    assert judgement.conditions == ()


async def test_a_redis_that_is_away_is_an_alert_of_its_own_and_resolves_nothing() -> None:
    judgement = await _watched(lambda now: Missing("llm_queue", "cannot be reached"), 2)
    assert judgement.sight is Sight.UNREADABLE
    assert [one.subject for one in judgement.conditions] == ["source"]


async def test_while_redis_is_away_the_logs_still_tell_what_is_stuck_and_resolve_nothing() -> None:
    away = Missing("llm_queue", "cannot be reached")
    judgement = await _watched(lambda now: away, 8)
    assert told(judgement) == ["orphaned-item"]
    assert "from logs alone" in judgement.conditions[0].title
    assert judgement.sight is not Sight.CLEAR


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("Redis marked unhealthy after 3 failures: away", ["queue-unreadable"]),
        ("Error in queue processing loop: away", ["queue-unreadable"]),
        ("Redis connection restored", ["orphaned-item"]),
    ],
)
async def test_a_provider_that_lost_redis_too_is_no_witness(line: str, rules: list[str]) -> None:
    watches = []
    for n in range(40):
        now = START + n * TICK
        trouble = LogEvent(now, "llm", "llm", Role.LLM_PROVIDER, "warning", line)
        logs = replace(_alive(now), events=(*_alive(now).events, trouble))
        watches.append(GivenWatch(now, now - TICK, logs=logs, reading=Missing("llm_queue", "x")))
    assert told(await played(StuckQueue(StuckQueueSettings()), watches)) == rules


@pytest.mark.parametrize("snapshots", [True, False])
@pytest.mark.parametrize(("queued_at", "rules"), [(20, ["queue-frozen"]), (6, []), (None, [])])
async def test_requests_that_come_while_the_loop_is_silent_are_a_dead_worker_by_logs_alone(
    snapshots: bool, queued_at: int | None, rules: list[str]
) -> None:
    """The loop's last sign is at tick 8; in per_request mode it is an answer, no snapshot."""
    watches = []
    for n in range(45):
        now = START + n * TICK
        lines: list[LogEvent] = []
        if n <= 8:
            text = f"Request {ITEM.queue_id} completed successfully"
            answer = LogEvent(now, "llm", "llm", Role.LLM_PROVIDER, "info", text)
            lines += _alive(now, 0).events if snapshots else (answer,)
        if n == queued_at:
            text = f"Queued request {ITEM.queue_id} with priority 5, TTL 14400s"
            lines.append(LogEvent(now, "llm", "llm", Role.LLM_PROVIDER, "info", text))
        watches.append(GivenWatch(now, now - TICK, logs=Followed(tuple(lines))))
    assert told(await played(StuckQueue(StuckQueueSettings()), watches)) == rules


async def test_redis_away_and_no_logs_leaves_the_gauges() -> None:
    health = ServiceHealth("llm_provider_service", START, queue_total=8, queue_queued=3)
    away = Missing("llm_queue", "x"), Missing("logs", "y")
    watches = [
        GivenWatch(START + n * TICK, START, reading=away[0], logs=away[1], services=(health,))
        for n in range(40)
    ]
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == ["queue-frozen"]
    assert judgement.sight is not Sight.CLEAR


@pytest.mark.parametrize(("redis", "seen_in"), [(True, "Redis and logs"), (False, "logs alone")])
async def test_the_title_names_its_witnesses(redis: bool, seen_in: str) -> None:
    watches = [
        GivenWatch(
            START + n * TICK,
            START + (n - 1) * TICK,
            logs=_alive(START + n * TICK),
            reading=QueueReading(START + n * TICK, 1, (ITEM,)) if redis else None,
        )
        for n in range(40)
    ]
    (condition,) = (await played(StuckQueue(StuckQueueSettings()), watches)).conditions
    assert f"confidence from {seen_in}:" in condition.title


async def test_expiry_is_no_recovery() -> None:
    def expires(now: datetime) -> tuple[QueueItem, ...]:
        old = replace(ITEM, ttl=timedelta(minutes=8))
        return (old,) if now < START + timedelta(minutes=8) else ()

    (condition,) = (await _watched(expires, 10)).conditions
    assert "expired" in condition.title
    assert "not completed" in condition.title


async def test_a_completed_item_ends_the_alert() -> None:
    judgement = await _watched(lambda now: (ITEM,) if now < START + timedelta(minutes=7) else (), 9)
    assert judgement.sight is Sight.CLEAR
    assert judgement.conditions == ()


async def test_a_shorter_opening_time_is_kept() -> None:
    settings = StuckQueueSettings(open_after_seconds=90)
    assert (await _watched(lambda now: (ITEM,), 1, settings)).conditions == ()
    assert (await _watched(lambda now: (ITEM,), 2.5, settings)).conditions


async def test_samples_are_json_and_hold_no_prompt() -> None:
    detector = StuckQueue(StuckQueueSettings())
    watch = GivenWatch(START, START, logs=_alive(START), reading=QueueReading(START, 1, (ITEM,)))
    sample = await detector.sample(watch)
    assert orjson.loads(orjson.dumps(dict(sample.data))) == dict(sample.data)


@pytest.mark.parametrize(
    ("gauges", "rules"),
    [
        ([(1, 0)] * 30, ["queue-frozen"]),
        ([(8, 3)] * 30, ["queue-frozen"]),
        ([(0, 0)] * 30, []),
        ([(n % 7 + 1, n % 7) for n in range(30)], []),
        ([(9, 9)] * 10 + [(8, 8)] * 10, []),
    ],
)
async def test_without_redis_and_logs_the_gauges_tell_that_nothing_moves_and_no_cause(
    gauges: list[tuple[int, int]], rules: list[str]
) -> None:
    detector = StuckQueue(StuckQueueSettings())
    watches = [
        GivenWatch(
            START + timedelta(seconds=15 * n),
            START,
            services=(
                ServiceHealth(
                    "llm_provider_service", START, queue_total=total, queue_queued=queued
                ),
            ),
        )
        for n, (total, queued) in enumerate(gauges)
    ]
    judgement = await played(detector, watches)
    assert told(judgement) == rules
    assert all("/metrics alone" in c.title for c in judgement.conditions)
    assert all(c.confidence.value == "low" for c in judgement.conditions)
