"""The role for CJ_DATABASE_URL reads what the bot asks for, no student text, and writes nothing."""

import asyncio
import inspect
import os
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest

from bot.demo.incident.rows import BATCHES, Revision, load, pair_id
from bot.ports import CjDatabase
from bot.service import embedded_postgres_home
from bot.sources.cj.database import CjPostgres
from tests.support.paths import ROOT

ROLE = "batchbot_reader"
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)
SCRIPT = ROOT / "deploy" / "readonly_role.sql"
LATER = ROOT / "bot" / "demo" / "incident" / "schema_now.sql"
Connection = asyncpg.Connection
# Every reading of the port, with what it is asked; a new reading has to stand here.
READINGS: dict[str, Callable[[CjPostgres], Awaitable[object]]] = {
    "find": lambda reader: reader.find("9c41f7"),
    "batch": lambda reader: reader.batch(33),
    "newest": lambda reader: reader.newest(state="scoring"),
    "open_batches": lambda reader: reader.open_batches(),
    "failed_batches": lambda reader: reader.failed_batches(BATCHES[0].started),
    "begun_by": lambda reader: reader.begun_by(str(pair_id(33, 7))[:8]),
    "trace": lambda reader: reader.trace(UUID(BATCHES[-1].event_correlation_id)),
    "owned": lambda reader: reader.owned([pair_id(33, 7), uuid4()]),
    "members": lambda reader: reader.members(33),
    "totals": lambda reader: reader.totals([33, 34]),
    "blocked_sessions": lambda reader: reader.blocked_sessions(older_than_seconds=0),
    "unpublished": lambda reader: reader.unpublished(),
    "check": lambda reader: reader.check(),
}

PORT = {
    name
    for name, _ in inspect.getmembers(CjDatabase, inspect.isfunction)
    if not name.startswith("_")
}


def as_reader(url: str) -> str:
    """Return the same database's address, for the role."""
    return re.sub(r"//[^@/]*@", f"//{ROLE}@", url)


async def granted(url: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(SCRIPT.read_text(encoding="utf-8"))
    finally:
        await owner.close()


@pytest.fixture(params=["then", "now"])
async def url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The incident's database of either revision, with the role; the owner's address."""
    revision: Revision = request.param
    await load(database_url, revision)
    await granted(database_url)
    return database_url


@pytest.fixture
async def reader(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(as_reader(url))
    yield connection
    await connection.close()


async def test_the_role_reads_the_same_as_the_owner(url: str) -> None:
    owner, reader = CjPostgres(url), CjPostgres(as_reader(url))
    for name in PORT - {"check", "blocked_sessions"}:
        read = READINGS[name]
        assert await read(reader) == await read(owner), name
    assert await reader.batch(33) is not None
    await owner.close()
    await reader.close()


async def test_the_doctor_has_nothing_to_say_against_the_role(url: str) -> None:
    reader = CjPostgres(as_reader(url))
    assert "could write" not in await reader.check()
    await reader.close()


def test_every_reading_of_the_port_is_tried_as_the_role() -> None:
    assert set(READINGS) >= PORT


async def test_who_blocks_whom_is_seen(url: str) -> None:
    idle = await asyncpg.connect(url)
    await idle.execute("BEGIN; LOCK TABLE cj_batch_states IN ACCESS EXCLUSIVE MODE")
    reader = CjPostgres(as_reader(url))
    (blocked,) = await reader.blocked_sessions(older_than_seconds=0)
    assert blocked.state == "idle in transaction"
    await reader.close()
    await idle.close()


@pytest.mark.parametrize(
    "column",
    [
        "prompt_text FROM cj_comparison_pairs",
        "justification FROM cj_comparison_pairs",
        "raw_llm_response FROM cj_comparison_pairs",
        "* FROM cj_comparison_pairs",
        "assessment_input_text FROM cj_processed_essays",
        "text_storage_id FROM cj_processed_essays",
        "event_data FROM event_outbox",
        "user_id FROM cj_batch_uploads",
        "org_id FROM cj_batch_uploads",
        "processing_metadata FROM cj_batch_uploads",
        "calculation_metadata FROM grade_projections",
    ],
)
async def test_a_students_text_and_a_persons_id_are_refused(
    reader: Connection, column: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.fetch(f"SELECT {column}")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cj_batch_states (batch_id, state, total_comparisons) VALUES (1, 'SCORING', 1)",
        "UPDATE cj_batch_states SET state = 'COMPLETED'",
        "DELETE FROM cj_comparison_pairs",
        "TRUNCATE event_outbox",
        "DROP TABLE event_outbox",
        "ALTER TABLE event_outbox ADD COLUMN x int",
        "CREATE TABLE mine (x int)",
        "SELECT setval('cj_batch_uploads_id_seq', 1)",
        "SELECT id FROM cj_batch_uploads FOR UPDATE",
        "COPY cj_batch_uploads TO PROGRAM 'cat'",
        "CREATE ROLE other",
    ],
)
async def test_nothing_can_be_written_even_out_of_read_only_mode(
    reader: Connection, statement: str
) -> None:
    with pytest.raises(REFUSED):
        await reader.execute(statement)
    await reader.execute("SET default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader.execute(statement)


async def test_the_roles_sessions_are_read_only_and_bounded(reader: Connection) -> None:
    for setting, value in (
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ):
        assert await reader.fetchval(f"SHOW {setting}") == value


async def test_after_a_migration_it_is_run_again_and_takes_back_what_was_too_much(
    database_url: str,
) -> None:
    await load(database_url, "then")
    await granted(database_url)
    owner = await asyncpg.connect(database_url)
    await owner.execute(f"GRANT ALL ON cj_comparison_pairs TO {ROLE}")
    await owner.execute(f"GRANT SELECT (prompt_text) ON cj_comparison_pairs TO {ROLE}")
    await owner.execute(LATER.read_text(encoding="utf-8"))
    await owner.close()
    await granted(database_url)
    reader = await asyncpg.connect(as_reader(database_url))
    assert await reader.fetch("SELECT total_budget FROM cj_batch_states") is not None
    for statement in ("SELECT prompt_text FROM cj_comparison_pairs", "DELETE FROM event_outbox"):
        with pytest.raises(REFUSED):
            await reader.execute(statement)
    await reader.close()


async def test_another_database_is_refused_as_such(database_url: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="is this the CJ assessment database"):
        await granted(database_url)


async def test_it_runs_through_psql_as_its_head_says(database_url: str) -> None:
    await load(database_url, "now")
    program = embedded_postgres_home.binaries() / "psql"
    run = partial(
        subprocess.run,
        [program, "--no-psqlrc", database_url, "--single-transaction", "--set", "ON_ERROR_STOP=1",
         "--file", SCRIPT],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    done = await asyncio.to_thread(run)
    assert (done.returncode, done.stderr) == (0, "")
