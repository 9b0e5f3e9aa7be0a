"""Connects to the bot's own database, brings its tables up to date and translates its errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from bot.alerts.store.migrations import SCHEMA, migrate
from bot.alerts.store.session import Pool, PoolConnection
from bot.domain.evidence import MEMORY
from bot.errors import SourceError

COMMAND_TIMEOUT = 10.0
# A leader whose host vanished is noticed by the server in about twenty seconds.
SESSION = {
    "application_name": "batchbot",
    "search_path": SCHEMA,
    "tcp_keepalives_idle": "8",
    "tcp_keepalives_interval": "4",
    "tcp_keepalives_count": "3",
}

# A session that the server has ended and the driver not yet closed raises the driver's own error.
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Database:
    """A connection pool for one environment; every method raises SourceError("memory", ...)."""

    name = MEMORY

    def __init__(self, url: str, environment: str = "") -> None:
        self._url = url
        self._environment = environment
        self._pool: Pool | None = None

    async def open(self) -> None:
        """Connect, and bring the tables up to date; replicas that start at once take turns."""
        async with translated_errors():
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=4,
                command_timeout=COMMAND_TIMEOUT,
                timeout=COMMAND_TIMEOUT,
                server_settings=SESSION,
            )
            async with self._pool.acquire() as connection, connection.transaction():
                await migrate(connection)

    async def close(self) -> None:
        """Close every connection of the pool."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def check(self) -> str:
        """Prove that the database answers; return a detail for people."""
        version = await self._value("SHOW server_version")
        return f"PostgreSQL {version}"

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[PoolConnection]:
        pool = self._opened()
        async with translated_errors(), pool.acquire() as connection, connection.transaction():
            yield connection

    async def _rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async with translated_errors():
            return await self._opened().fetch(statement, *values)

    async def _value(self, statement: str, *values: object) -> Any:
        async with translated_errors():
            return await self._opened().fetchval(statement, *values)

    def _opened(self) -> Pool:
        if self._pool is None:
            raise SourceError(self.name, "the bot's own database is not open")
        return self._pool


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Raise SourceError in place of the driver's own errors."""
    try:
        yield
    except (*BROKEN, OSError, ValueError) as exc:
        raise _source_error(exc) from exc


def _source_error(error: Exception) -> SourceError:
    timed_out = isinstance(error, TimeoutError)
    words = "timed out" if timed_out else f"failed ({type(error).__name__})"
    permanent = isinstance(
        error,
        asyncpg.InvalidAuthorizationSpecificationError
        | asyncpg.InsufficientPrivilegeError
        | asyncpg.InvalidCatalogNameError
        | ValueError,
    )
    return SourceError(
        Database.name,
        f"the bot's own database {words}",
        hint="Check BOT_DATABASE_URL.",
        permanent=permanent,
        timed_out=timed_out,
    )
