"""A real PostgreSQL for tests: one embedded server a test process, an empty database a test."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from bot.demo.incident.rows import Revision, load
from bot.service import embedded_postgres
from bot.service.embedded_postgres import EmbeddedPostgres

# What emptying does not undo; a database with any of it is not used again.
CHANGED_FOR_GOOD = """
SELECT datacl IS NOT NULL OR datconnlimit <> -1
    OR EXISTS (SELECT FROM pg_db_role_setting WHERE setdatabase = pg_database.oid)
    OR EXISTS (SELECT FROM pg_default_acl)
    OR (SELECT count(*) FROM pg_extension) > 1
FROM pg_database WHERE datname = current_database()
"""
END_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT nspname FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
END $$
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """The embedded server of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="bb-pg-"))
    folder.chmod(0o711)  # as root the server runs as another user, who has to pass through
    server = asyncio.run(embedded_postgres.start(folder, durable=False))
    try:
        yield server
    finally:
        asyncio.run(server.stop(remove=True))
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgres_server: EmbeddedPostgres) -> Iterator[Callable[..., str]]:
    """Return a function that makes an empty database, or a copy of a template, and its address."""
    made: list[str] = []

    def make(template: str = "template1") -> str:
        made.append(f"test_{uuid4().hex[:12]}")
        return asyncio.run(postgres_server.create_database(made[-1], template=template))

    yield make
    for name in made:
        asyncio.run(_dropped(postgres_server, name))


async def _dropped(server: EmbeddedPostgres, name: str) -> None:
    """Drop a database, with the sessions that use it."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


class EmptyDatabases:
    """Empty databases; one that is given back is emptied for the next test, not made anew.

    Making a database copies seven megabytes of catalogue, which takes longer than most tests.
    """

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._free: list[str] = []

    def take(self) -> str:
        """Return the name of an empty database."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid4().hex[:12]}"
        asyncio.run(self._server.create_database(name))
        return name

    def give_back(self, name: str) -> None:
        """Empty a database, or drop it where a test changed more than what stands in it."""
        if asyncio.run(self._emptied(name)):
            self._free.append(name)
        else:
            asyncio.run(_dropped(self._server, name))

    async def _emptied(self, name: str) -> bool:
        try:
            connection = await asyncpg.connect(self._server.url(name))
        except (asyncpg.PostgresError, OSError):
            return False
        try:
            if await connection.fetchval(CHANGED_FOR_GOOD):
                return False
            await connection.execute(END_SESSIONS)
            await connection.execute(EMPTY)
        finally:
            await connection.close()
        return True


@pytest.fixture(scope="session")
def empty_databases(postgres_server: EmbeddedPostgres) -> EmptyDatabases:
    """The empty databases of this test process."""
    return EmptyDatabases(postgres_server)


@pytest.fixture
def database_url(
    empty_databases: EmptyDatabases, postgres_server: EmbeddedPostgres
) -> Iterator[str]:
    """The address of an empty database."""
    name = empty_databases.take()
    yield postgres_server.url(name)
    empty_databases.give_back(name)


@pytest.fixture(scope="session")
def night_urls(postgres_server: EmbeddedPostgres) -> Mapping[Revision, str]:
    """The addresses of the incident's database on both revisions, which no test may write to."""

    async def made(revision: Revision) -> str:
        url = await postgres_server.create_database(f"night_{revision}")
        await load(url, revision)
        await postgres_server.psql(
            f"ALTER DATABASE night_{revision} SET default_transaction_read_only = on"
        )
        return url

    revisions: tuple[Revision, ...] = ("then", "now")
    return {revision: asyncio.run(made(revision)) for revision in revisions}
