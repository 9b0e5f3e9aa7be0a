"""Connects to the bot's own database, brings its tables up to date and translates its errors."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from bot.alerts.store import migrations
from bot.alerts.store.migrations import SCHEMA, SchemaVersion, Upkeep, migrate
from bot.alerts.store.session import Pool, PoolConnection, Session
from bot.domain.evidence import MEMORY
from bot.drivers.postgres_address import PostgresAddress, live_login, postgres_address
from bot.drivers.postgres_connect import spoken_to
from bot.drivers.postgres_errors import postgres_trouble
from bot.errors import OutdatedError, SettingsError, SourceError

SETTING = "BOT_DATABASE_URL"
COMMAND_TIMEOUT = 10.0
PROBE_SECONDS = 3.0
CLOSING_SECONDS = 1.0
# A leader whose host vanished is noticed by the server in about twenty seconds.
SESSION = {
    "application_name": "batchbot",
    "search_path": SCHEMA,
    "tcp_keepalives_idle": "8",
    "tcp_keepalives_interval": "4",
    "tcp_keepalives_count": "3",
}

READ_ONLY = "SELECT current_setting('transaction_read_only')::bool"

# A session that the server has ended and the driver not yet closed raises the driver's own error.
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# What a statement that was prepared in another's session gives.
OF_SHARED_SESSIONS = (
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
)


# Here the role has to do more than the one that reads CJ's.
MORE_THAN_READ = ("may not read what is needed", "may not do what is needed")
RIGHTS_HINT = f"Let the role of {SETTING} own that database: ALTER DATABASE … OWNER TO …"


class Database:
    """A connection pool for one environment; every method raises SourceError("memory", ...)."""

    name = MEMORY

    def __init__(
        self, url: str, environment: str = "", live: Callable[[], str] | None = None
    ) -> None:
        self._login = live_login(live)
        try:
            self._address = postgres_address(url, SETTING)
        except SettingsError as error:
            raise SourceError(self.name, str(error), hint=error.hint, permanent=True) from error
        self._environment = environment
        self._sets_session = False
        self._pool: Pool | None = None

    async def open(self, upkeep: Upkeep = Upkeep.UPGRADE) -> None:
        """Connect, and bring the tables up to date; replicas that start at once take turns.

        Raises OutdatedError when that is to be done and is not `upkeep`.
        """
        async with translated_errors(self._address):
            try:
                self._pool = await self._connected()
            except asyncpg.ProtocolViolationError as error:
                if "startup parameter" not in str(error):
                    raise
                self._sets_session = True
                self._pool = await self._connected()
            async with self._pool.acquire() as connection:
                try:
                    await self._refuse_shared(connection, self._pool)
                except OF_SHARED_SESSIONS as error:
                    raise self._shared() from error
                await self.prepare(connection)
                await self._keep_up(connection, upkeep)

    async def _keep_up(self, connection: Session, upkeep: Upkeep) -> None:
        found = await self.refuse_newer(connection)
        makes = upkeep is Upkeep.CREATE and not found.applied
        if upkeep is Upkeep.UPGRADE or makes:
            async with connection.transaction():
                await migrate(connection)
        elif problem := migrations.outdated(found, len(migrations.MIGRATIONS)):
            if await connection.fetchval(READ_ONLY):
                raise self._takes_no_writes()
            if not await migrations.may_migrate(connection):
                raise SourceError(
                    self.name,
                    f"{problem}, and the role may make none",
                    hint=RIGHTS_HINT,
                    permanent=True,
                )
            hint = "`batchbot run` of this version brings it up to date when it starts."
            raise OutdatedError(self.name, problem, hint=hint, permanent=True)

    async def refuse_newer(self, connection: Session) -> SchemaVersion:
        """Return the version of the tables. Raises SourceError when only a newer bot knows them."""
        found = await migrations.schema_version(connection)
        if problem := migrations.too_new(found, len(migrations.MIGRATIONS)):
            raise SourceError(
                self.name,
                problem,
                hint="Run the newer version, or restore the backup from before its first start.",
                permanent=True,
            )
        return found

    async def _connected(self) -> Pool:
        # It logs each attempt during an outage with a traceback; what is needed of it is said here.
        logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
        return await asyncpg.create_pool(
            self._address.url,
            min_size=1,
            max_size=4,
            command_timeout=COMMAND_TIMEOUT,
            timeout=COMMAND_TIMEOUT,
            connect=spoken_to(asyncpg.connect, asyncpg.PostgresConnectionError),
            setup=self.prepare,
            **self._options(),
        )

    def _options(self) -> dict[str, Any]:
        """Return how to connect: a pooler refuses start-up parameters, or drops them in silence."""
        if self._sets_session:
            name = {"application_name": SESSION["application_name"]}
            return {"server_settings": name, **self._login}
        return {"server_settings": SESSION, **self._login}

    async def prepare(self, session: Session) -> None:
        """Set what a pooler did not let through at the start of a session."""
        if self._sets_session:
            for name, value in SESSION.items():
                await session.execute(f"SET {name} = '{value}'")

    async def _refuse_shared(self, session: Session, pool: Pool) -> None:
        """Refuse a pooler that gives each transaction another session: the lead is a session's.

        A pooler tells its client another process id than the server's own. Whether it shares
        sessions shows while another client holds the one that answered last.
        """
        own = await session.fetchval("SELECT pg_backend_pid()")
        if own == session.get_server_pid():
            return
        self._sets_session = True
        taken, now = 0, own
        try:
            async with (
                asyncio.timeout(PROBE_SECONDS),
                pool.acquire() as other,
                other.transaction(),
            ):
                taken, now = await other.fetchval("SELECT pg_backend_pid()"), 0
                now = await session.fetchval("SELECT pg_backend_pid()")
        except TimeoutError as error:
            # One whose own session was given away waits for the other's end.
            if now == own:
                raise SourceError(
                    self.name,
                    "the pooler of the bot's own database has no session left",
                    hint="It passes; default_pool_size is the bound.",
                    timed_out=True,
                ) from error
        if taken_by_two(own, now, taken):
            raise self._shared()

    def _shared(self) -> SourceError:
        return SourceError(
            self.name,
            "the bot's own database is behind a pooler that shares sessions (pool_mode "
            "transaction): a lock taken there belongs to no process, so several would lead",
            hint=f"Use the server's own address in {SETTING}, or a pool with pool_mode = session.",
            permanent=True,
        )

    async def close(self) -> None:
        """Close every connection of the pool; one that is still at work is given a moment."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # A session is given back in a task of the driver's own, also for a reader that was
        # cancelled; cut off there, its error is nobody's to catch. What fails is ended by close.
        with suppress(*BROKEN, OSError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await pool.close()

    async def check(self) -> str:
        """Prove that the database answers and takes writes; return a detail for people."""
        version = await self._value("SHOW server_version")
        if await self._value(READ_ONLY):
            raise self._takes_no_writes()
        return f"PostgreSQL {version}"

    def _takes_no_writes(self) -> SourceError:
        message = "the server takes no writes: it is a replica or read only"
        hint = f"Use the primary's address in {SETTING}."
        return SourceError(self.name, message, hint=hint, permanent=True)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[PoolConnection]:
        pool = self._opened()
        async with (
            translated_errors(self._address),
            pool.acquire() as connection,
            connection.transaction(),
        ):
            yield connection

    async def _rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async with translated_errors(self._address):
            return await self._opened().fetch(statement, *values)

    async def _value(self, statement: str, *values: object) -> Any:
        async with translated_errors(self._address):
            return await self._opened().fetchval(statement, *values)

    def _opened(self) -> Pool:
        if self._pool is None:
            raise SourceError(self.name, "the bot's own database is not open")
        return self._pool


def taken_by_two(before: int, now: int, other: int) -> bool:
    """Say whether two clients were given one session, by the process ids that answered. Pure."""
    return now != before or other == before


@asynccontextmanager
async def translated_errors(address: PostgresAddress) -> AsyncIterator[None]:
    """Raise SourceError in place of the driver's own errors."""
    try:
        yield
    except (*BROKEN, OSError, ValueError) as exc:
        trouble = postgres_trouble(exc, SETTING, address)
        lacks_rights = isinstance(exc, asyncpg.InsufficientPrivilegeError)
        raise SourceError(
            Database.name,
            f"the bot's own database: {trouble.message}".replace(*MORE_THAN_READ),
            hint=RIGHTS_HINT if lacks_rights else trouble.hint or f"Check {SETTING}.",
            permanent=trouble.permanent,
            timed_out=trouble.timed_out,
        ) from exc
