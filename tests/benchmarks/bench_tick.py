"""What a tick costs with one, a hundred and a thousand queues, all detectors, real stores."""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import orjson
import redis

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import load
from bot.ports import Clock, Sources
from bot.ports.detectors import all_needles
from bot.service import embedded_postgres
from bot.service.watched import build_detectors
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.llm_queue import RedisQueue
from bot.sources.log_files import LogFiles
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.logs import event
from tests.support.servers.redis import running_redis

SIZES = {"small": ((1, 10), 5), "full": ((1, 100, 1_000), 40)}
MAIN = "llm_provider_service:queue"
ITEMS = 20
PROMPT_BYTES = 2_000
STEP = timedelta(seconds=15)
LINES_PER_TICK = 15 * 1_000


def run(scale: Scale) -> list[Row]:
    """Tick with ever more queues."""
    counts, ticks = SIZES[scale.name]
    rows = [row for count in counts for row in asyncio.run(_run(count, ticks, moving=True))]
    return rows + asyncio.run(_run(counts[-1], ticks, moving=False))


async def _run(count: int, ticks: int, *, moving: bool) -> list[Row]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)  # noqa: ASYNC240
        url = stack.enter_context(running_redis())
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        stack.push_async_callback(server.stop)
        cj = await server.create_database("cj")
        await load(cj)
        store = Store(await server.create_database("memory"), "bench")
        await store.open()
        stack.push_async_callback(store.close)
        others = [f"queue_{n}" for n in range(count - 1)]
        await asyncio.to_thread(_fill, url, [MAIN, *others])
        queue, database = RedisQueue(url, MAIN, others=others), CjPostgres(cj)
        stack.push_async_callback(queue.close)
        stack.push_async_callback(database.close)
        log = folder / "huleedu_llm_provider_service.log"
        log.touch()
        logs = LogFiles(folder, HULEEDU_SERVICES, UTC)
        clock = iter(datetime.now(UTC) + n * STEP for n in range(1_000_000))
        sources = Sources(database=database, queue=queue, logs=logs)
        tick = tick_of(store, sources, now=lambda: next(clock))
        stack.push_async_callback(tick.close)
        turn = partial(_turn, url, [MAIN, *others]) if moving else None
        return await _measured(tick, log, count, ticks, turn)


def tick_of(store: Store, sources: Sources, *, now: Clock) -> Tick:
    """Return a tick of every detector over some sources."""
    detectors = build_detectors()
    watcher = LiveWatcher(
        sources, environment="bench", wants=lambda _: True, needles=all_needles(detectors)
    )
    return Tick(store, detectors, watcher, environment="bench", now=now)


async def _measured(
    tick: Tick, log: Path, count: int, ticks: int, turn: Callable[[int], None] | None
) -> list[Row]:
    lines = "\n".join(event(random.Random(n)) for n in range(1_000)) + "\n"
    seconds, spent = [], []
    for number in range(ticks + 3):
        with log.open("a", encoding="utf-8") as file:
            file.writelines([lines] * (LINES_PER_TICK // 1_000))
        if turn is not None:
            await asyncio.to_thread(turn, number)
        await asyncio.sleep(0.5)  # the follow reads in the background, as between two ticks
        began, cpu = time.perf_counter(), time.process_time()
        await tick.run()
        assert not tick.state.problem, tick.state.problem
        if number >= 3:
            seconds.append(time.perf_counter() - began)
            spent.append(time.process_time() - cpu)
    assert not tick.state.failing, tick.state.failing
    name = f"tick, {count:,} queue{'s' if count > 1 else ''}{'' if turn else ', all stuck'}"
    note = f"{len(seconds)} ticks, {ITEMS} items a queue, {LINES_PER_TICK:,} log lines between two"
    note += "" if turn else "; each is an alert of its own that is written at every tick"
    limit = 1_000 * STEP.total_seconds() / 10
    half = 1_000 * statistics.median(seconds)
    return [
        Row(f"{name}: median", half, "ms", goal="< a tenth of 15 s", met=half < limit, note=note),
        Row(f"{name}: slowest", 1_000 * max(seconds), "ms", note=note),
        Row(f"{name}: CPU", 1_000 * statistics.median(spent), "ms", note=note),
    ]


def _turn(url: str, prefixes: list[str], number: int) -> None:
    """Bring another item to the front of every queue."""
    with redis.Redis.from_url(url) as client, client.pipeline(transaction=False) as pipe:
        for prefix in prefixes:
            pipe.zadd(f"{prefix}:requests", {f"item-{number % ITEMS}": -1 - number})
        pipe.execute()


def _fill(url: str, prefixes: list[str]) -> None:
    now = datetime.now(UTC).isoformat()
    with redis.Redis.from_url(url) as client, client.pipeline(transaction=False) as pipe:
        for prefix in prefixes:
            for n in range(ITEMS):
                item = {
                    "status": "queued" if n else "processing",
                    "queued_at": now,
                    "processing_started_at": None if n else now,
                    "ttl": "PT4H",
                    "request_data": {"user_prompt": "x" * PROMPT_BYTES},
                }
                pipe.zadd(f"{prefix}:requests", {f"item-{n}": n})
                pipe.hset(f"{prefix}:data", f"item-{n}", orjson.dumps(item))
        pipe.execute()
