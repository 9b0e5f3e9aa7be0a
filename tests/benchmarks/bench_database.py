"""What a status costs the CJ database, with ten million comparisons in it."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from bot.service import embedded_postgres
from bot.sources.cj import batch_query
from bot.sources.cj import queries as sql
from bot.sources.cj.database import DETAIL_PAIRS, HUGE_DETAIL, HUGE_PAIRS, CjPostgres
from bot.sources.cj.schema import CjSchema
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.rows import BIG, FIRST, fill
from tests.support.paths import ROOT
from tests.support.plans import whole_reads
from tests.support.servers.wire import wire

SCHEMA = ROOT / "bot/demo/incident"
SIZES = {"small": (100_000, 20_000), "full": (10_000_000, 1_000_000)}
# Tables that grow with the work done; the others hold a row a batch.
GROWING = {
    "cj_comparison_pairs",
    "cj_processed_essays",
    "grade_projections",
    "event_outbox",
    "cj_batch_uploads",
}


def run(scale: Scale) -> list[Row]:
    """Fill a database, then ask what `/batch` asks."""
    return asyncio.run(_run(*SIZES[scale.name], repeats=scale.repeats))


async def _run(pairs: int, big: int, *, repeats: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        try:
            url = await server.create_database("cj")
            await _filled(url, pairs, big)
            return await _measured(url, f"{pairs:,} pairs in all", big, repeats)
        finally:
            await server.stop()


async def _filled(url: str, pairs: int, big: int) -> None:
    connection = await asyncpg.connect(url)
    for name in ("schema.sql", "schema_now.sql"):
        await connection.execute((SCHEMA / name).read_text(encoding="utf-8"))
    await connection.close()
    await fill(url, pairs=pairs, big=big)


async def _measured(url: str, size: str, big: int, repeats: int) -> list[Row]:
    async with wire(url) as relay:
        reader = CjPostgres(relay.url, timeout_seconds=30)
        try:
            await reader.find(str(FIRST))
            await reader.batch(FIRST)
            before = relay.round_trips
            await reader.find(str(FIRST))
            await reader.batch(FIRST)
            trips = relay.round_trips - before
            small = await _median(lambda: reader.batch(FIRST + 7), repeats)
            huge = await _median(lambda: reader.batch(BIG), repeats)
            listed = await _median(reader.newest, repeats)
            opened = await _median(reader.open_batches, repeats)
            checked = await _median(reader.check, repeats)
        finally:
            await reader.close()
    scans = await _scans(url)
    return [
        Row("status: round trips", trips, "", goal="≤ 2", met=trips <= 2, note=size),
        Row("status of a batch of 100 pairs", small, "ms", note=size),
        Row(
            f"status of a batch of {big:,} pairs",
            huge,
            "ms",
            goal="< 5,000 ms, the statement's limit",
            met=huge < 5_000,
            note=f"{size}; every one of its rows is counted, and beyond the limit it says so",
        ),
        Row("the 20 newest batches", listed, "ms", note=size),
        Row("all open batches (each tick)", opened, "ms", note=size),
        Row("a check of the source (home, health)", checked, "ms", note=size),
        Row(
            "growing tables read from end to end",
            scans,
            "",
            goal="0",
            met=scans == 0 if big >= SIZES["full"][1] else None,
            note="EXPLAIN; a small table is rightly read whole",
        ),
    ]


async def _median(call: Callable[[], Awaitable[Any]], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - began)
    return 1_000 * statistics.median(seconds)


async def _scans(url: str) -> int:
    queries: list[tuple[Any, ...]] = [
        (
            batch_query.batch(CjSchema(has_total_budget=True)),
            FIRST,
            DETAIL_PAIRS,
            HUGE_PAIRS,
            HUGE_DETAIL,
        ),
        (sql.summaries("ORDER BY u.id DESC LIMIT $1", CjSchema(has_total_budget=True)), 20),
        (sql.MATCH.format(where="id = $1"), FIRST),
    ]
    connection = await asyncpg.connect(url)
    try:
        found = [name for query, *values in queries
                 for name in await whole_reads(connection, query, *values)]  # fmt: skip
    finally:
        await connection.close()
    return len(GROWING & set(found))
