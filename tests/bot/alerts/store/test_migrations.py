"""The bot's tables from each earlier schema to today's, beside an older bot, and back by one."""

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.store import migrations
from bot.alerts.store.migrations import MIGRATIONS, SchemaVersion, Upkeep, outdated, too_new
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.cli.doctor.examined import CheckState
from bot.cli.doctor.sources import examine_memory
from bot.errors import OutdatedError, SourceError
from bot.monitoring.state import TickState
from bot.monitoring.vitals import Vitals
from bot.settings import load_settings
from tests.support.fakes.alerts import START, clear, condition
from tests.support.paths import ROOT
from tests.support.program import batchbot

LATEST = len(MIGRATIONS)
SETTINGS = PolicySettings("stuck_queue", "test")
# What each version had written that a later one reads, by the schema it needs.
WRITTEN = {
    1: """
        INSERT INTO alert (key, environment, detector, subject, state, severity, title, body,
                           opened_at, changed_at, resolved_at, channel, thread_ts)
        VALUES ('stuck_queue/test/a', 'test', 'stuck_queue', 'a', 'resolved', 'error', 'stuck',
                '{}', '2020-01-01', '2020-01-02', '2020-01-02', 'C1', '1.1');
        INSERT INTO mute (environment, pattern, until, reason, by, at)
        VALUES ('test', 'a', now() + interval '1 day', 'r', 'U1', now());
        INSERT INTO alias (label, ref, by) VALUES ('night', '33', 'U1');
        INSERT INTO audit (who, place, what, outcome) VALUES ('U1', 'C1', '/batch alias', 'ok');
    """,
    3: "INSERT INTO run_label VALUES ('run-1', 'bos', 'log', now())",
    5: """
        INSERT INTO batch_watch (environment, batch_id, channel, asker, started_at)
        VALUES ('test', 33, 'C1', 'U1', now())
    """,
}


async def at_schema(url: str, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tables of an earlier version, with rows of its time."""
    with monkeypatch.context() as older:
        older.setattr(migrations, "MIGRATIONS", MIGRATIONS[:version])
        connection = await asyncpg.connect(url, server_settings={"search_path": "batchbot"})
        try:
            async with connection.transaction():
                await _as_then(connection, version)
                for needed, rows in WRITTEN.items():
                    if needed <= version:
                        await connection.execute(rows)
        finally:
            await connection.close()


async def _as_then(connection: asyncpg.Connection, version: int) -> None:
    await connection.execute("CREATE SCHEMA batchbot")
    await connection.execute(
        "CREATE TABLE schema_version"
        " (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    )
    for number, statements in enumerate(MIGRATIONS[:version], start=1):
        await connection.execute(statements)
        await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", number)


async def applied(url: str) -> int | None:
    """Return the schema that is there; None when there is none."""
    connection = await asyncpg.connect(url)
    try:
        found = await migrations.schema_version(connection)
    finally:
        await connection.close()
    return found.applied or None


@pytest.mark.parametrize("version", range(1, LATEST))
async def test_what_an_earlier_version_wrote_is_read_after_the_upgrade(
    version: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_schema(database_url, version, monkeypatch)
    store = Store(database_url, "test")
    await store.open()
    try:
        assert await applied(database_url) == LATEST
        assert await store.alias("night") == "33"
        assert [one.pattern for one in await store.mutes(START)] == ["a"]
        assert (await store.learned("run-1") == ["bos"]) is (version >= 3)
        assert len(await store.watches()) == int(version >= 5)
        assert await store.lead()
    finally:
        await store.close()


async def test_an_older_version_goes_on_beside_the_upgrade_and_may_be_gone_back_to(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version before this one: what it does not know must not trouble it."""
    await at_schema(database_url, LATEST - 1, monkeypatch)
    older, newer = Store(database_url, "test"), Store(database_url, "test")
    with monkeypatch.context() as then:
        then.setattr(migrations, "MIGRATIONS", MIGRATIONS[:-1])
        await older.open()
        assert await older.lead()
    await newer.open()
    with monkeypatch.context() as then:
        then.setattr(migrations, "MIGRATIONS", MIGRATIONS[:-1])
        assert not await newer.lead()
        assert await older.lead()
        decision = decide(None, condition(), clear(), START, SETTINGS)
        await older.save_tick(TickRecord(START, {}, [(None, decision)]))
        await older.close()
        await newer.close()
        back = Store(database_url, "test")
        await back.open()
        assert await back.lead()
        assert {one.key for one in await back.load_alerts(START)} >= {decision.alert.key}
        await back.close()
    assert await applied(database_url) == LATEST


@pytest.mark.parametrize(
    ("found", "known", "refused"),
    [
        (SchemaVersion(6, 2), 6, False), (SchemaVersion(5), 6, False),
        (SchemaVersion(7, 2), 6, False), (SchemaVersion(7, 6), 6, False),
        (SchemaVersion(7, 7), 6, True), (SchemaVersion(9, 8), 6, True),
        (SchemaVersion(7, 0), 6, True),
    ],
)  # fmt: skip
def test_a_newer_schema_is_refused_when_it_needs_a_newer_bot(
    found: SchemaVersion, known: int, refused: bool
) -> None:
    assert bool(too_new(found, known)) is refused


def test_what_is_to_be_applied_is_said() -> None:
    assert outdated(SchemaVersion(6), 6) == ""
    assert "no tables" in outdated(SchemaVersion(0), 6)
    assert "schema 5, and this batchbot needs 6" in outdated(SchemaVersion(5), 6)


async def _made_newer(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO batchbot.schema_version (version, needs) VALUES ($1, $1)", LATEST + 1
    )
    await connection.close()


async def test_an_older_binary_refuses_in_words_and_readyz_says_so(database_url: str) -> None:
    running = Store(database_url, "test")
    await running.open()
    assert await running.lead()
    await _made_newer(database_url)
    starting = Store(database_url, "test")
    with pytest.raises(SourceError, match=f"newer batchbot's .schema {LATEST + 1}") as caught:
        await starting.open()
    assert caught.value.permanent
    with pytest.raises(SourceError) as refused:
        await running.lead()
    assert not running.leads
    state = TickState(problem=refused.value.message)
    vitals = Vitals(state, running, lambda: START, 15.0)
    assert vitals.checks()["ticks"]() == (False, refused.value.message)
    await starting.close()
    await running.close()


@pytest.mark.parametrize("version", [0, LATEST - 1])
async def test_without_upkeep_nothing_is_made_or_changed(
    version: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version:
        await at_schema(database_url, version, monkeypatch)
    store = Store(database_url, "test")
    with pytest.raises(OutdatedError, match=r"tables|schema"):
        await store.open(Upkeep.NOTHING)
    await store.close()
    if version:
        with pytest.raises(OutdatedError):
            await store.open(Upkeep.CREATE)
        await store.close()
    assert await applied(database_url) == (version or None)


async def test_doctor_reads_and_says_what_run_will_do(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_DATABASE_URL", database_url)
    async with AsyncExitStack() as stack:
        found = await examine_memory(load_settings(), stack)
    assert (found.state, "no tables yet" in found.detail) == (CheckState.WARNING, True)
    assert "`batchbot run`" in found.fix
    assert await applied(database_url) is None


async def _counts(url: str) -> Mapping[str, int]:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace ="
            " 'batchbot'::regnamespace"
        )
        return {
            row[0]: await connection.fetchval(f"SELECT count(*) FROM batchbot.{row[0]}")
            for row in names
        }
    finally:
        await connection.close()


async def test_ask_writes_what_its_command_asks_for_and_its_audit_row(
    database_url: str, tmp_path: Path
) -> None:
    settings = {"BOT_DATABASE_URL": database_url}
    refused = batchbot("ask", "/alerts", "list", cwd=tmp_path, settings=settings)
    assert (refused.returncode, "no tables yet" in refused.stderr) == (3, True)
    assert await applied(database_url) is None
    store = Store(database_url)
    await store.open()
    await store.close()
    before = await _counts(database_url)
    asked = batchbot("ask", "/alerts", "list", cwd=tmp_path, settings=settings)
    assert (asked.returncode, await _counts(database_url)) == (0, before)
    batchbot("ask", "/batch", "alias", "night", "33", cwd=tmp_path, settings=settings)
    changed = {
        name for name, count in (await _counts(database_url)).items() if count != before[name]
    }
    assert changed == {"alias", "audit"}


def test_migrations_expand() -> None:
    """What is taken away needs NEEDS raised, and a release in between; the first ones did not."""
    for statements in MIGRATIONS[5:]:
        words = statements.upper()
        assert "DROP " not in words
        assert "RENAME " not in words
        assert "ALTER COLUMN" not in words


def test_the_page_has_a_row_for_each_earlier_schema() -> None:
    page = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    table = page.partition("| from schema |")[2].partition("\n\n")[0]
    assert f"to today's, {LATEST} |" in table
    told = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert [int(one) for row in told for one in row.split(", ")] == list(range(1, LATEST))
