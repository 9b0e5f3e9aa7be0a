"""What is over is kept for as long as its setting says, and what goes on is kept."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from bot.alerts.store import retention
from bot.alerts.store.postgres import Store
from bot.alerts.store.retention import Retention, prune
from bot.service.kept import retention_of
from bot.settings import RetentionSettings
from tests.support.fakes.alerts import START
from tests.support.plans import whole_reads

OLD, NEW = START - timedelta(days=400), START - timedelta(days=1)
ROWS = """
INSERT INTO alert (key, environment, detector, subject, state, severity, title, body, opened_at,
                   changed_at, resolved_at, number)
VALUES ('d/test/old', 'test', 'd', 'old', 'resolved', 'error', 't', '{}', $1, $1, $1, 1),
       ('d/test/open', 'test', 'd', 'open', 'firing', 'error', 't', '{}', $1, $1, NULL, 2),
       ('d/test/new', 'test', 'd', 'new', 'resolved', 'error', 't', '{}', $2, $2, $2, 3),
       ('d/else/old', 'else', 'd', 'old', 'resolved', 'error', 't', '{}', $1, $1, $1, 1),
       ('d/else/old2', 'else', 'd', 'old2', 'resolved', 'error', 't', '{}', $1, $1, $1, 2);
"""
OTHERS = (
    "INSERT INTO alert_note (environment, key, at, by, text) VALUES ('test', 'd/test/old', $1, 'U',"
    " 't'), ('test', 'd/test/open', $1, 'U', 't'), ('test', 'd/test/new', $2, 'U', 't')",
    "INSERT INTO alert_event (environment, key, at, reason, severity, title)"
    " VALUES ('test', 'k', $1, 'open', 'error', 't'), ('test', 'k', $2, 'open', 'error', 't')",
    "INSERT INTO mute (environment, pattern, until, at, ended_at)"
    " VALUES ('test', 'ended', NULL, $1, $1), ('test', 'out', $1, $1, NULL),"
    " ('test', 'for good', NULL, $1, NULL), ('test', 'new', $2, $2, NULL)",
    "INSERT INTO audit (at, who, place, what, outcome) VALUES ($1, '', '', '', ''),"
    " ($2, '', '', '', '')",
    "INSERT INTO alias (label, ref, by, at) VALUES ('old', '1', 'U', $1), ('new', '2', 'U', $2)",
    "INSERT INTO run_label VALUES ('old', 'b', 'log', $1), ('new', 'b', 'log', $2)",
    "INSERT INTO batch_watch (environment, batch_id, channel, asker, started_at, ended_at)"
    " VALUES ('test', 1, 'C', 'U', $1, $1), ('test', 2, 'C', 'U', $1, NULL),"
    " ('test', 3, 'C', 'U', $2, $2)",
    "INSERT INTO change (environment, at, body) VALUES ('test', $1, '{}'), ('test', $2, '{}')",
)
MANY = (
    "INSERT INTO alert (key, environment, detector, subject, state, severity, title, body,"
    " opened_at, changed_at, resolved_at, number)"
    " SELECT 'd/test/' || n, 'test', 'd', n::text, 'resolved', 'error', 't',"
    " '{}', $1, $1, $1, 10 + n FROM generate_series(1, $2::int) n",
    "INSERT INTO alert_note (environment, key, at, by, text)"
    " SELECT 'test', 'd/test/' || n, $1, 'U', 't' FROM generate_series(1, $2::int) n",
    "INSERT INTO alert_event (environment, key, at, reason, severity, title)"
    " SELECT 'test', 'k', $1, 'open', 'error', 't' FROM generate_series(1, $2::int) n",
    "INSERT INTO outbox (environment, key, thread, kind, body, state, next_try, created_at)"
    " SELECT 'test', 'k', n, 'head', '{}', 'sent', $1, $1 FROM generate_series(1, $2::int) n",
    "INSERT INTO mute (environment, pattern, until, at, ended_at)"
    " SELECT 'test', n::text, NULL, $1, $1 FROM generate_series(1, $2::int) n",
    "INSERT INTO audit (at, who, place, what, outcome)"
    " SELECT $1, '', '', '', '' FROM generate_series(1, $2::int) n",
    "INSERT INTO alias (label, ref, by, at)"
    " SELECT n::text, '1', 'U', $1 FROM generate_series(1, $2::int) n",
    "INSERT INTO run_label SELECT n::text, 'b', 'log', $1 FROM generate_series(1, $2::int) n",
    "INSERT INTO batch_watch (environment, batch_id, channel, asker, started_at, ended_at)"
    " SELECT 'test', n, 'C', 'U', $1, $1 FROM generate_series(1, $2::int) n",
    "INSERT INTO change (environment, at, body)"
    " SELECT 'test', $1, '{}' FROM generate_series(1, $2::int) n",
)
LEFT = {
    "alert": ("key", {"d/test/open", "d/test/new", "d/else/old", "d/else/old2"}),
    "alert_note": ("key", {"d/test/open", "d/test/new"}),
    "alert_event": ("at::text", {str(NEW)}),
    "mute": ("pattern", {"for good", "new"}),
    "audit": ("at::text", {str(NEW)}),
    "alias": ("label", {"new"}),
    "run_label": ("label", {"new"}),
    "batch_watch": ("batch_id::text", {"2", "3"}),
    "change": ("at::text", {str(NEW)}),
}


@pytest.fixture
async def session(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    store = Store(database_url, "test")
    await store.open()
    await store.close()
    settings = {"search_path": "batchbot", "timezone": "UTC"}
    connection = await asyncpg.connect(database_url, server_settings=settings)
    rows = ROWS.strip().rstrip(";")
    for statement in (rows, *OTHERS):
        await connection.execute(statement, OLD, NEW)
    yield connection
    await connection.close()


async def kept(session: asyncpg.Connection, table: str, column: str) -> set[str]:
    rows = await session.fetch(f"SELECT {column} FROM {table}")
    return {str(row[0]).replace("+00", "+00:00") for row in rows}


async def test_each_kind_goes_at_its_own_age_and_what_goes_on_stays(
    session: asyncpg.Connection,
) -> None:
    await prune(session, "test", Retention(aliases=timedelta(days=365)), START)
    found = {table: await kept(session, table, column) for table, (column, _) in LEFT.items()}
    assert found == {table: left for table, (_, left) in LEFT.items()}


async def test_the_newest_number_is_never_given_again(session: asyncpg.Connection) -> None:
    await prune(session, "else", Retention(), START)
    assert "d/else/old" not in await kept(session, "alert", "key")
    assert "d/else/old2" in await kept(session, "alert", "key")


async def test_what_is_kept_for_ever_is(session: asyncpg.Connection) -> None:
    zeros = {str(one.alias): 0 for one in RetentionSettings.model_fields.values()}
    ever = retention_of(RetentionSettings.model_validate(zeros))
    assert ever.before(START) == {}
    before = {table: await kept(session, table, column) for table, (column, _) in LEFT.items()}
    await prune(session, "test", ever, START)
    after = {table: await kept(session, table, column) for table, (column, _) in LEFT.items()}
    assert after == before


async def test_years_of_rows_go_a_bounded_number_at_once(
    session: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 10)
    await session.execute(
        "INSERT INTO audit (at, who, place, what, outcome)"
        " SELECT $1, '', '', '', '' FROM generate_series(1, 14)",
        OLD,
    )
    for left in (6, 1, 1):
        await prune(session, "test", Retention(), START)
        assert await session.fetchval("SELECT count(*) FROM audit") == left


async def test_what_is_pruned_is_found_by_an_index_in_each_table(
    session: asyncpg.Connection,
) -> None:
    for statement in MANY:
        await session.execute(statement, NEW, 20_000)
    await session.execute("ANALYZE")
    found = {
        statement: tables
        for statement, before in Retention().before(START).items()
        if (tables := await whole_reads(session, statement, "test", before, retention.AT_ONCE))
    }
    assert found == {}


def test_the_defaults_of_the_settings_are_the_stores() -> None:
    assert retention_of(RetentionSettings()) == Retention()
