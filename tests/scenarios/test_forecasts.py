"""Each warning on the part that it watches, from the fault's beginning to the words and its end.

Rows in PostgreSQL, items in Redis, lines in files; the clock of the ticks is the test's own.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
import redis

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import IncidentBatch, create_schema, write_batch
from bot.domain.alert import Alert, Reason
from bot.domain.routing.message import AlertMessage
from bot.ports import Detector, Sources
from bot.ports.detectors import all_needles
from bot.registry import detectors
from bot.service.watched import any_wants
from bot.settings.services import HULEEDU_SERVICES
from bot.slack.blocks.alert import render
from bot.sources.cj.database import CjPostgres
from bot.sources.llm_queue import RedisQueue
from bot.sources.log_files import LogFiles
from tests.support.fakes.alerts import Clock

BATCH = 41
PROVIDER = "huleedu_llm_provider_service"
PREFIX = "llm_provider_service:queue"
# The hours of a scene end before now, so that no row is of the future.
EARLIER = timedelta(hours=6)


@dataclass
class Scene:
    """Ticks of some detectors over real parts, on a clock that is moved."""

    clock: Clock
    tick: Tick
    store: Store

    async def pass_(self, minutes: float, each: Callable[[], Any] | None = None) -> None:
        """Let so many minutes pass, a tick each; `each` is done before every one."""
        for _ in range(int(minutes)):
            if each is not None:
                await each()
            await self.tick.run()
            self.clock.pass_(minutes=1)

    async def alerts(self) -> dict[str, Alert]:
        return {one.detector: one for one in await self.store.alerts(self.clock(), history=True)}

    async def told(self) -> dict[str, str]:
        """Return what the parent message of each alert says first."""
        return {name: headline(one) for name, one in (await self.alerts()).items()}

    async def until(self, detector: str) -> Alert:
        """Let seconds pass until a detector's alert is there: a file is read beside the ticks."""
        for _ in range(300):
            await self.tick.run()
            self.clock.pass_(seconds=1)
            if (found := (await self.alerts()).get(detector)) is not None:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{detector} told nothing")


def headline(alert: Alert) -> str:
    return str(render(AlertMessage(alert, Reason.OPEN, is_parent=True))["text"])


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


@asynccontextmanager
async def scene(store: Store, sources: Sources, *names: str) -> AsyncIterator[Scene]:
    clock = Clock(datetime.now(UTC).replace(microsecond=0) - EARLIER)
    made: list[Detector] = [detectors()[name](detectors()[name].Settings()) for name in names]
    watcher = LiveWatcher(
        sources, environment="test", wants=any_wants(made), needles=all_needles(made)
    )
    tick = Tick(store, made, watcher, environment="test", now=clock)
    try:
        yield Scene(clock, tick, store)
    finally:
        await tick.close()


@asynccontextmanager
async def rows_of(url: str) -> AsyncIterator[tuple[Any, CjPostgres]]:
    """CJ's tables as they are today, a way to change them, and the bot's to read them."""
    rows: Any = await asyncpg.connect(url)
    database = CjPostgres(url)
    try:
        await create_schema(rows, "now")
        yield rows, database
    finally:
        await database.close()
        await rows.close()


def waiting_batch(started: datetime, pairs: int) -> IncidentBatch:
    """Return a batch all of whose comparisons were just asked for."""
    return IncidentBatch(
        BATCH, "8f1b7c63-24c8-4b4a-8a72-8a4b41d1e041", "1b7e2a7f-75b6-4e6b-9b3e-2d3a4e5f6041",
        "PERFORMING_COMPARISONS", "WAITING_CALLBACKS", started, [None] * pairs, pairs // 2,
        pairs, 0, 0, pairs, pairs, pairs, None, timedelta(seconds=1),
    )  # fmt: skip


async def answer(rows: Any, count: int, at: datetime, *, winner: str = "essay_a") -> None:
    """Have so many of the comparisons that wait be answered, or fail."""
    failed = winner == "error"
    await rows.execute(
        "UPDATE cj_comparison_pairs SET winner = $1, completed_at = $2,"
        " error_code = $3, error_timestamp = $4 WHERE id IN"
        " (SELECT id FROM cj_comparison_pairs WHERE winner IS NULL ORDER BY id LIMIT $5)",
        *(winner, at, "EXTERNAL_SERVICE_ERROR" if failed else None, at if failed else None, count),
    )


async def test_a_budget_that_cannot_be_reached_is_forecast_and_ends_with_its_batch(
    database_url: str, store: Store
) -> None:
    async with (
        rows_of(database_url) as (rows, database),
        scene(store, Sources(database=database), "budget_unreachable", "batch_failed") as some,
    ):
        await write_batch(rows, waiting_batch(some.clock(), 40), "now")
        await some.pass_(3)
        await answer(rows, 8, some.clock(), winner="error")
        await some.pass_(3)
        assert await some.told() == {}
        await answer(rows, 4, some.clock(), winner="error")
        await answer(rows, 8, some.clock())
        await some.pass_(2)
        told = await some.told()
        assert told.keys() == {"budget_unreachable"}
        assert told["budget_unreachable"].startswith(f"⚠️ Forecast: batch {BATCH} fails in ")
        assert "12 of 40 failed already" in told["budget_unreachable"]
        await rows.execute("UPDATE cj_batch_uploads SET status = 'ERROR_PROCESSING'")
        await rows.execute(
            "UPDATE cj_batch_states SET state = 'FAILED', last_activity_at = $1", some.clock()
        )
        await some.pass_(3)
        found = await some.alerts()
        warning, fault = found["budget_unreachable"], found["batch_failed"]
        assert warning.covered_by == fault.key
        assert headline(warning).startswith("➡️ It came about after ")


async def test_a_batch_that_slows_down_is_forecast_and_over_once_it_is_fast_again(
    database_url: str, store: Store
) -> None:
    async with (
        rows_of(database_url) as (rows, database),
        scene(store, Sources(database=database), "batch_slowing") as some,
    ):
        await write_batch(rows, waiting_batch(some.clock(), 200), "now")

        async def fast() -> None:
            await answer(rows, 6, some.clock())

        async def slow() -> None:
            if some.clock().minute % 4 == 0:
                await answer(rows, 1, some.clock())

        await some.pass_(14, fast)
        await some.pass_(15, slow)
        assert await some.told() == {}
        await some.pass_(10, slow)
        told = (await some.told())["batch_slowing"]
        assert told.startswith(f"⚠️ Forecast: batch {BATCH} does not end in time, ")
        await some.pass_(16, fast)
        assert "batch is fast enough again" in (await some.told())["batch_slowing"]


async def test_requests_that_outlive_their_time_in_the_queue_are_forecast(
    redis_url: str, store: Store
) -> None:
    queue = RedisQueue(redis_url, PREFIX, timeout_seconds=5)
    try:
        async with scene(store, Sources(queue=queue), "queue_expiring") as some:
            began = some.clock()
            with redis.Redis.from_url(redis_url) as client:
                for place in range(3):
                    put(client, place, began - timedelta(hours=2, minutes=30))
                await some.pass_(20)
                assert await some.told() == {}
                await some.pass_(15)
                told = (await some.told())["queue_expiring"]
                assert told.startswith("⚠️ Forecast: the LLM queue drops requests in ")
                assert ", 3 items in it" in told
                client.flushall()
                for place in range(3):
                    put(client, 10 + place, some.clock())
                await some.pass_(12)
            assert "what waited had its turn" in (await some.told())["queue_expiring"]
    finally:
        await queue.close()


def put(client: Any, place: int, queued: datetime) -> None:
    """Put a request into the queue as the provider does."""
    name = f"11111111-2222-4333-8444-{place:012d}"
    item = {
        "queue_id": name,
        "request_data": {"metadata": {"cj_batch_id": str(BATCH)}},
        "queued_at": queued.isoformat(),
        "ttl": "PT4H",
        "status": "queued",
        "retry_count": 0,
        "priority": 5,
        "correlation_id": f"99999999-2222-4333-8444-{place:012d}",
    }
    client.zadd(f"{PREFIX}:requests", {name: place})
    client.hset(f"{PREFIX}:data", name, orjson.dumps(item))


async def test_retries_that_rise_are_forecast_and_ended_by_the_failure_itself(
    tmp_path: Path, store: Store
) -> None:
    logs = LogFiles(tmp_path, HULEEDU_SERVICES, UTC)
    (tmp_path / f"{PROVIDER}.log").touch()
    async with scene(store, Sources(logs=logs), "retries_rising", "provider_errors") as some:

        def write(text: str, level: str = "warning") -> None:
            at = some.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            with (tmp_path / f"{PROVIDER}.log").open("a", encoding="utf-8") as file:
                file.write(f"{at} [{level:<9}] {text} [llm_provider_service.queue_loop]\n")

        await some.tick.run()
        for tried in (1, 2):
            for number in range(3):
                write(f"Requeueing request q{number} for retry ({tried}/3)")
                some.clock.pass_(seconds=8)
        warning = await some.until("retries_rising")
        assert re.match(r"⚠️ Forecast: \d requests are given up after ", headline(warning))
        for number in range(8):
            write(f"LLM service error processing request q{number}: [RATE_LIMIT] slow down",
                  "error")  # fmt: skip
            some.clock.pass_(seconds=1)
        fault = await some.until("provider_errors")
        covered = (await some.alerts())["retries_rising"]
        assert covered.covered_by == fault.key
        assert headline(covered).startswith("➡️ It came about after ")
