"""What each tick asks of the bot's memory is found by an index, however much is kept."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from bot.alerts.store import outbox_sql, sql
from bot.alerts.store.migrations import SCHEMA
from bot.alerts.store.postgres import Store
from tests.support.fakes.alerts import START
from tests.support.plans import whole_reads

MANY = 20_000
ALERTS = """
INSERT INTO alert (key, environment, detector, subject, state, severity, title, body, opened_at,
                   changed_at, resolved_at, number, thread)
SELECT 'd/test/' || n, 'test', 'd', n::text,
    CASE WHEN n % 500 = 0 THEN 'firing' ELSE 'resolved' END, 'error', 't', '{}', at, at,
    CASE WHEN n % 500 = 0 THEN NULL ELSE at END, n, n
FROM generate_series(1, $2::int) n,
    LATERAL (SELECT $1::timestamptz - make_interval(hours => n) AS at) t
"""
OUTBOX = """
INSERT INTO outbox (environment, key, thread, kind, body, state, next_try, created_at)
SELECT 'test', 'd/test/' || n, n, 'head', '{}', CASE WHEN n % 5000 = 0 THEN 'ready' ELSE 'sent' END,
    $1, $1::timestamptz - make_interval(hours => n) FROM generate_series(1, $2::int) n
"""
EVENTS = """
INSERT INTO alert_event (environment, key, at, reason, severity, title)
SELECT 'test', 'd/test/' || n, $1::timestamptz - make_interval(hours => n), 'open', 'error', 't'
FROM generate_series(1, $2::int) n
"""
# A tick prunes what became old since the last one.
OLD = START - timedelta(hours=MANY - 20)
# Each tick asks these, and `/alerts` the last two.
ASKED: dict[str, tuple[Any, ...]] = {
    "alerts of a tick": (sql.LOAD_ALERTS, "test", START - timedelta(days=1)),
    "outbox pruned": (outbox_sql.PRUNE_OUTBOX, "test", OLD, 5_000),
    "outbox's health": (outbox_sql.OUTBOX_HEALTH, "test"),
    "events pruned": (sql.PRUNE_EVENTS, "test", OLD, 5_000),
    "alerts pruned": (sql.PRUNE_ALERTS, "test", OLD, 5_000),
    "alerts that were": (sql.ALERTS, "test", True, 100),
    "events of all": (sql.EVENTS, "test", "", 100),
}


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    store = Store(database_url, "test")
    await store.open()
    await store.close()
    connection = await asyncpg.connect(database_url, server_settings={"search_path": SCHEMA})
    for statement in (ALERTS, OUTBOX, EVENTS):
        await connection.execute(statement, START, MANY)
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


async def test_what_a_tick_asks_reads_no_table_that_grows_as_a_whole(
    filled: asyncpg.Connection,
) -> None:
    found = {name: await whole_reads(filled, *asked) for name, asked in ASKED.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}
