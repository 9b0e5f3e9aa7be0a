"""The role for CJ_DATABASE_URL reads what the bot asks for, no student text, and writes nothing."""

import asyncio
import hashlib
import inspect
import os
import re
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from bot.cli.doctor.examined import CheckState
from bot.cli.doctor.sources import examine_rights, examine_source
from bot.demo.incident.rows import BATCHES, Revision, load, pair_id
from bot.errors import SourceError
from bot.ports import CjDatabase
from bot.ports.rights import TriedState
from bot.service import embedded_postgres_home
from bot.sources.cj.database import CjPostgres
from bot.sources.cj.proof import ROLE_VERSION
from bot.sources.cj.rights import ATTEMPTS, MESSAGE
from tests.rights import role
from tests.rights.attempt import wrong
from tests.support.paths import ROOT

ROLE = "batchbot_reader"
HOSTILE = (
    '{"provider": "a\\u0000b", "model": "m", "comparison_budget": {"max_pairs_requested": 7}}',
    '{"provider": "openai", "model": {"name": "PLANTED"}, "response_time_ms": "12.5"}',
    '{"provider": "PLANTED: she wrote it", "comparison_budget": ["PLANTED"]}',
    '["PLANTED"]',
    '"PLANTED"',
    "null",
)
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)
TEXTS_AND_PERSONS = (
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
    "processing_metadata FROM cj_batch_states",
    "processing_metadata FROM cj_comparison_pairs",
    "error_details FROM cj_comparison_pairs",
    "calculation_metadata FROM grade_projections",
)
WRITES = (
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
)
THEIRS = f"defaclacl::text LIKE '%{ROLE}%'"
SCRIPT = ROOT / "deploy" / "readonly_role.sql"
DROP = SCRIPT.with_name("readonly_role_drop.sql")
LATER = ROOT / "bot" / "demo" / "incident" / "schema_now.sql"
Connection = asyncpg.Connection


async def _essay_batches(reader: CjPostgres) -> object:
    pair = (await reader.trace(pair_id(33, 7))).pairs[0]
    return await reader.essay_batches([str(pair.essay_a)])


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
    "essay_batches": _essay_batches,
    "members": lambda reader: reader.members(33),
    "totals": lambda reader: reader.totals([33, 34]),
    "answered_by": lambda reader: reader.answered_by([33, 34]),
    "rows_of": lambda reader: reader.rows_of([33, 34]),
    "blocked_sessions": lambda reader: reader.blocked_sessions(older_than_seconds=0),
    "unpublished": lambda reader: reader.unpublished(),
    "schema_revision": lambda reader: reader.schema_revision(),
    "check": lambda reader: reader.check(),
    "tried_rights": lambda reader: reader.tried_rights(),
}
# What each says of the role itself, or of the sessions of the moment, differs by the role.
OF_THE_ROLE = {"check", "blocked_sessions", "tried_rights"}

# What the first version of the file with functions made and granted otherwise.
OLDER = f"""
COMMENT ON SCHEMA batchbot IS 'What batchbot may read of JSON documents and of other sessions.';
DROP FUNCTION batchbot.outbox_error;
REVOKE SELECT (id) ON event_outbox FROM {ROLE};
GRANT SELECT (last_error) ON event_outbox TO {ROLE};
CREATE OR REPLACE FUNCTION batchbot.message(details json) RETURNS text LANGUAGE sql AS
    $$ SELECT coalesce(left(batchbot.detail(details, 'provider_error_message'), 200), '') $$;
"""
# Each version of what stands below the first statement that makes a function.
VERSIONS = {2: "46a160e4cd703732", 3: "c61567efb51153c8", 4: "6d6c5c62b810f09b"}

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


async def worked(statement: Awaitable[object], *refusals: type[Exception]) -> bool:
    """Say whether a statement was not refused so."""
    try:
        await statement
    except refusals:
        return False
    return True


async def readings(url: str) -> dict[str, object]:
    source = CjPostgres(url)
    try:
        return {name: await READINGS[name](source) for name in PORT - OF_THE_ROLE}
    finally:
        await source.close()


async def test_the_newest_migration_is_read_where_its_table_is_and_may_be_read(
    database_url: str,
) -> None:
    await load(database_url, "now")
    await granted(database_url)
    reader = CjPostgres(as_reader(database_url))
    assert await reader.schema_revision() == ""
    owner = await asyncpg.connect(database_url)
    await owner.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
    await owner.execute("INSERT INTO alembic_version VALUES ('20251208_1200')")
    assert await reader.schema_revision() == ""
    await granted(database_url)
    assert await reader.schema_revision() == "20251208_1200"
    await owner.close()
    await reader.close()


async def test_beyond_its_reading_the_role_is_refused_everything(url: str) -> None:
    assert wrong(await role.tried(as_reader(url))) == []


async def test_no_function_gives_away_a_text_that_stands_in_what_it_reads(url: str) -> None:
    await role.plant(url)
    assert wrong(await role.given_away(as_reader(url))) == []


async def test_the_role_reads_through_functions_what_the_owner_reads_of_columns(url: str) -> None:
    by_functions = await readings(as_reader(url))
    owner = await asyncpg.connect(url)
    await owner.execute("DROP SCHEMA batchbot CASCADE")
    await owner.close()
    assert by_functions == await readings(url)
    assert by_functions["batch"] is not None


@pytest.mark.parametrize("document", HOSTILE)
async def test_documents_of_any_shape_are_read_alike_and_give_away_nothing(
    database_url: str, document: str
) -> None:
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    await owner.execute("UPDATE cj_batch_states SET processing_metadata = $1", document)
    await owner.execute(
        "UPDATE cj_comparison_pairs SET processing_metadata = $1, error_details = $1", document
    )
    by_columns = await readings(database_url)
    await granted(database_url)
    await owner.close()
    by_functions = await readings(as_reader(database_url))
    assert by_functions == by_columns
    assert "PLANTED" not in str(by_functions)


async def test_the_doctor_tries_the_role_and_reports_each_refusal(url: str) -> None:
    reader = CjPostgres(as_reader(url))
    assert "could write" not in await reader.check()
    assert {one.what: one.state for one in await reader.tried_rights()} == dict.fromkeys(
        ATTEMPTS, TriedState.REFUSED
    )
    (line,) = await examine_rights(reader)
    assert line.state is CheckState.OK
    assert all(what in line.detail for what in ATTEMPTS)
    await reader.close()


async def test_the_doctor_names_what_an_owner_may_beyond_need_and_changes_nothing(url: str) -> None:
    before = await readings(url)
    owner = CjPostgres(url)
    lines = await examine_rights(owner)
    assert {line.state for line in lines} == {CheckState.WARNING}
    assert len(lines) == len(ATTEMPTS)
    assert all("readonly_role.sql" in line.fix for line in lines)
    await owner.close()
    assert await readings(url) == before


async def test_without_the_functions_the_bot_reads_columns_and_the_doctor_says_so(
    url: str,
) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("DROP SCHEMA batchbot CASCADE")
    for table in ("cj_batch_states", "cj_comparison_pairs"):
        await owner.execute(f"GRANT SELECT (processing_metadata) ON {table} TO {ROLE}")
    await owner.execute(f"GRANT SELECT (error_details) ON cj_comparison_pairs TO {ROLE}")
    await owner.close()
    reader = CjPostgres(as_reader(url))
    assert await reader.batch(33) is not None
    allowed = [one.what for one in await reader.tried_rights() if one.state is TriedState.ALLOWED]
    assert allowed == [
        "read a batch's document", "read an answer's document", "read an error's document"
    ]  # fmt: skip
    await reader.close()


async def test_with_the_role_of_an_older_version_all_is_read_and_the_doctor_says_what_to_do(
    url: str,
) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(
        "INSERT INTO event_outbox SELECT (jsonb_populate_record(e, jsonb_build_object('id', "
        "gen_random_uuid(), 'published_at', NULL, 'retry_count', 3, 'last_error', "
        "'KafkaTimeoutError: she wrote'))).* FROM event_outbox e LIMIT 1"
    )
    own = await readings(url)
    await owner.execute(OLDER)
    theirs = await readings(as_reader(url))
    assert {name: theirs[name] for name in own if name not in OF_THE_ROLE} == {
        name: read for name, read in own.items() if name not in OF_THE_ROLE
    }
    assert "KafkaTimeoutError" in str(theirs["unpublished"])
    assert "she wrote" not in str(theirs)
    reader = CjPostgres(as_reader(url))
    line = await examine_source("CJ database", reader, "")
    assert line.state is CheckState.WARNING
    assert "of an older version of the bot" in line.detail
    assert line.fix.startswith("Run deploy/readonly_role.sql again")
    allowed = {one.what for one in await reader.tried_rights() if one.state is TriedState.ALLOWED}
    assert allowed == {"read a relay's error", MESSAGE}
    await owner.execute(SCRIPT.read_text(encoding="utf-8"))
    line = await examine_source("CJ database", reader, "")
    assert line.state is CheckState.OK
    assert {one.state for one in await reader.tried_rights()} == {TriedState.REFUSED}
    await reader.close()
    await owner.close()


def test_a_change_of_what_the_role_may_read_raises_its_version() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    (version,) = re.findall(r"version ([0-9]+)\.'", script)
    assert int(version) == ROLE_VERSION
    # Comments and white space may change without it.
    said = re.sub(r"\s*--.*", "", script[script.index("CREATE FUNCTION") :])
    assert (
        hashlib.sha256(" ".join(said.split()).encode()).hexdigest()[:16] == VERSIONS[int(version)]
    )


def test_every_reading_of_the_port_is_tried_as_the_role() -> None:
    assert set(READINGS) == PORT


async def test_who_blocks_whom_is_seen(url: str) -> None:
    idle = await asyncpg.connect(url)
    await idle.execute("BEGIN; LOCK TABLE cj_batch_states IN ACCESS EXCLUSIVE MODE")
    reader = CjPostgres(as_reader(url))
    (blocked,) = await reader.blocked_sessions(older_than_seconds=0)
    assert blocked.state == "idle in transaction"
    await reader.close()
    await idle.close()


async def test_a_students_text_and_a_persons_id_are_refused(reader: Connection) -> None:
    given = [
        column
        for column in TEXTS_AND_PERSONS
        if await worked(reader.fetch(f"SELECT {column}"), asyncpg.InsufficientPrivilegeError)
    ]
    assert given == []


async def test_nothing_can_be_written_even_out_of_read_only_mode(reader: Connection) -> None:
    written = [one for one in WRITES if await worked(reader.execute(one), *REFUSED)]
    await reader.execute("SET default_transaction_read_only = off")
    written += [
        one
        for one in WRITES
        if await worked(reader.execute(one), asyncpg.InsufficientPrivilegeError)
    ]
    assert written == []


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


async def test_no_migration_of_the_services_depends_on_the_functions(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("ALTER TABLE cj_comparison_pairs ALTER processing_metadata TYPE jsonb")
    await owner.execute("ALTER TABLE cj_batch_states RENAME processing_metadata TO metadata")
    await owner.execute("ALTER TABLE cj_comparison_pairs DROP COLUMN error_details")
    await owner.execute("DROP TABLE grade_projections")
    await owner.close()
    reader = CjPostgres(as_reader(url))
    with pytest.raises(SourceError, match="missing"):
        await reader.batch(33)
    assert await reader.find("33")
    await reader.close()


async def test_a_callers_temporary_table_does_not_take_the_place_of_one_of_cj(url: str) -> None:
    reader = await asyncpg.connect(as_reader(url))
    await reader.execute("SET default_transaction_read_only = off")
    await reader.execute(
        "CREATE TEMP TABLE cj_batch_states (batch_id int, processing_metadata json)"
    )
    assert await reader.fetchval("SELECT batchbot.batch_metadata(33)")
    await reader.close()


@pytest.fixture
async def services_role(database_url: str) -> AsyncIterator[str]:
    """A database whose tables belong to a role that is no superuser; its address for that role."""
    administrator = await asyncpg.connect(database_url)
    name, database = f"services_{uuid4().hex[:8]}", urlsplit(database_url).path.strip("/")
    await administrator.execute(f"CREATE ROLE {name} LOGIN CREATEROLE")
    await administrator.execute(f"ALTER DATABASE {database} OWNER TO {name}")
    await administrator.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {name}")
    yield re.sub(r"//[^@/]*@", f"//{name}@", database_url)
    await administrator.execute(f"ALTER DATABASE {database} OWNER TO postgres")
    await administrator.execute(f"REASSIGN OWNED BY {name} TO postgres; DROP OWNED BY {name}")
    await administrator.execute(f"DROP ROLE {name}")
    await administrator.close()


@pytest.mark.parametrize("revision", ["then", "now"])
async def test_an_owner_who_is_no_superuser_can_make_it_and_blocked_sessions_are_seen(
    services_role: str, revision: Revision
) -> None:
    await load(services_role, revision)
    by_columns = await readings(services_role)
    await granted(services_role)
    assert await readings(as_reader(services_role)) == by_columns
    reader = CjPostgres(as_reader(services_role))
    assert {one.state for one in await reader.tried_rights()} == {TriedState.REFUSED}
    idle = await asyncpg.connect(services_role)
    await idle.execute("BEGIN; LOCK TABLE cj_batch_states IN ACCESS EXCLUSIVE MODE")
    (blocked,) = await reader.blocked_sessions(older_than_seconds=0)
    assert blocked.state == "idle in transaction"
    await idle.close()
    await reader.close()


async def test_what_others_granted_is_taken_back_or_named(
    database_url: str,
) -> None:
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    await owner.execute(f"""
        CREATE TABLE pupils (name text);
        DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}')
            THEN CREATE ROLE {ROLE} LOGIN; END IF; END $$;
        GRANT ALL ON pupils TO {ROLE};
        GRANT pg_read_all_stats TO {ROLE};
        GRANT SELECT (event_data), UPDATE (topic) ON event_outbox TO PUBLIC""")
    said: list[str] = []
    owner.add_log_listener(lambda _, message: said.append(message.message))
    await owner.execute(SCRIPT.read_text(encoding="utf-8"))
    await owner.close()
    reader = await asyncpg.connect(as_reader(database_url))
    for statement in ("SELECT name FROM pupils", "SET ROLE pg_read_all_stats"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(statement)
    await reader.close()
    assert len(said) == 2
    assert "can still read event_outbox.event_data:" in said[0]
    assert "can still write event_outbox:" in said[1]


async def test_what_is_promised_of_later_objects_and_of_other_schemas_is_taken_back(
    url: str,
) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"""
        CREATE SCHEMA school;
        CREATE FUNCTION school.pupil() RETURNS text LANGUAGE sql AS $$SELECT 'PLANTED'$$;
        REVOKE ALL ON FUNCTION school.pupil() FROM PUBLIC;
        GRANT CREATE, USAGE ON SCHEMA school TO {ROLE};
        GRANT EXECUTE ON FUNCTION school.pupil() TO {ROLE};
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {ROLE};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {ROLE};
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO {ROLE};
        ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO {ROLE}""")
    await owner.execute(SCRIPT.read_text(encoding="utf-8"))
    await owner.execute("CREATE TABLE later (prompt_text text); CREATE SEQUENCE numbers")
    reader = await asyncpg.connect(as_reader(url))
    await reader.execute("SET default_transaction_read_only = off")
    for statement in (
        "SELECT prompt_text FROM later",
        "SELECT nextval('numbers')",
        "SELECT school.pupil()",
        "CREATE TABLE school.mine (x int)",
    ):
        with pytest.raises(REFUSED):
            await reader.execute(statement)
    await reader.close()
    assert await owner.fetchval(f"SELECT count(*) FROM pg_default_acl WHERE {THEIRS}") == 0
    await owner.close()


async def test_the_drop_script_takes_back_what_is_promised_of_later_objects(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"""
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO {ROLE};
        CREATE FUNCTION pupil() RETURNS text LANGUAGE sql AS $$SELECT 'PLANTED'$$;
        GRANT EXECUTE ON FUNCTION pupil() TO {ROLE}""")
    await owner.execute(DROP.read_text(encoding="utf-8"))
    assert await owner.fetchval(f"SELECT count(*) FROM pg_default_acl WHERE {THEIRS}") == 0
    granted_on = f"SELECT count(*) FROM pg_proc WHERE proacl::text LIKE '%{ROLE}%'"
    assert await owner.fetchval(granted_on) == 0
    await owner.close()


async def test_the_drop_script_leaves_nothing(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(DROP.read_text(encoding="utf-8"))
    left = """SELECT nspname FROM pg_namespace WHERE nspname = 'batchbot' UNION ALL
        SELECT relname FROM pg_class WHERE relacl::text LIKE '%batchbot_reader%' UNION ALL
        SELECT attname FROM pg_attribute WHERE attacl::text LIKE '%batchbot_reader%'"""
    assert await owner.fetch(left) == []
    await owner.execute(DROP.read_text(encoding="utf-8"))
    await owner.close()


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
