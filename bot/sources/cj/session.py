"""Read-only sessions of the CJ database: opened directly or through a pooler, learnt and relearnt.

Directly, the session itself is read only and bounded, so that a statement needs no transaction of
its own. A pooler refuses or drops such start-up parameters, and may give each transaction another
session: there each read is a transaction that is read only and bounded, and no statement is kept.
"""

import asyncio
import functools
import math
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import asyncpg

from bot.domain.evidence import DATABASE
from bot.drivers.postgres_address import PostgresAddress, live_login, postgres_address
from bot.drivers.postgres_connect import spoken_to
from bot.drivers.postgres_errors import hung_up, postgres_trouble
from bot.errors import SettingsError, SourceError
from bot.sources.cj import queries as sql
from bot.sources.cj.proof import filtered, not_there
from bot.sources.cj.schema import OPTIONAL, CjSchema

SETTING = "CJ_DATABASE_URL"
# While a column of the newer schema is lacking, a migration may add it at any time; and a right
# that is lacking may be granted.
RELEARN_SECONDS = 5.0
# Row security that is switched on shows by no error, only by rows that are not there.
LOOK_AGAIN_SECONDS = 60.0
KEPT_STATEMENTS = 100
# A session that the server ended and that is not yet closed raises the driver's own error.
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_OF_POOLERS = ("26000", "42P05")
OPTIONAL_FILTERED = frozenset(f"filtered.{one}" for one in OPTIONAL)
# A label of an enum or the read-only role's functions may have been made, changed or dropped since.
_OF_SCHEMA = ("22P02", "42703", "42P01", "42883", "42804", "3F000", "42501")

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


class StaleError(SourceError):
    """What was learnt of the server does not hold any more; a second try may succeed."""


class CjSessions:
    """A pool of read-only sessions. Raises SourceError where the address is malformed."""

    def __init__(
        self, url: str, timeout_seconds: float, live: Callable[[], str] | None = None
    ) -> None:
        try:
            self.address: PostgresAddress = postgres_address(url, SETTING)
        except SettingsError as error:
            raise SourceError(DATABASE, str(error), hint=error.hint, permanent=True) from error
        self.schema = CjSchema()
        self._is_known = False
        self.is_pooled = self.address.is_pooled
        self._timeout = timeout_seconds
        self._login = live_login(live)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        # Pools that others may still read with.
        self._left: list[asyncpg.Pool[asyncpg.Record]] = []
        self._opening = asyncio.Lock()
        self._learnt_at = 0.0
        self._is_lost = False

    def close(self) -> None:
        """Close every session."""
        for pool in (self._pool, *self._left):
            if pool is not None:
                # Read-only sessions have nothing to finish; a hung one would not say goodbye.
                pool.terminate()
        self._pool = None
        self._left.clear()

    def look_again(self) -> None:
        """Learn the schema again with the next read."""
        self._learnt_at = -math.inf

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Yield a session to read with. Raises SourceError, StaleError among them."""
        was_pooled = self.is_pooled
        try:
            pool = await self._opened()
            async with pool.acquire(timeout=self._timeout) as connection:
                if was_pooled:
                    async with connection.transaction(readonly=True):
                        await connection.execute(f"SET LOCAL statement_timeout = {self._limit}")
                        await self._learn(connection, was_pooled=was_pooled)
                        yield connection
                else:
                    await self._learn(connection, was_pooled=was_pooled)
                    yield connection
            self._is_lost = False
        except TimeoutError as error:
            raise SourceError(DATABASE, "it did not answer in time", timed_out=True) from error
        except (*_DRIVER, OSError, ValueError) as error:
            raise self._translated(error, was_pooled=was_pooled) from error

    @property
    def _limit(self) -> int:
        return int(self._timeout * 1_000)

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                settings = {"application_name": "batchbot", "timezone": "UTC"}
                if not self.is_pooled:
                    settings |= {
                        "default_transaction_read_only": "on",
                        "statement_timeout": str(self._limit),
                        "idle_in_transaction_session_timeout": "30000",
                    }
                self._pool = await asyncpg.create_pool(
                    self.address.url,
                    min_size=0,
                    max_size=4,
                    timeout=self._timeout,
                    command_timeout=self._timeout + 1,
                    connect=spoken_to(asyncpg.connect, asyncpg.PostgresConnectionError),
                    reset=_nothing_to_reset,
                    server_settings=settings,
                    statement_cache_size=0 if self.is_pooled else KEPT_STATEMENTS,
                    **self._login,
                )
            return self._pool

    async def _learn(self, connection: Any, *, was_pooled: bool) -> None:
        """Learn the schema, and of a direct session whether it is as it was asked to be."""
        now = time.monotonic()
        may_change = not self.schema.has_total_budget or self.schema.hidden
        kept = RELEARN_SECONDS if may_change else LOOK_AGAIN_SECONDS
        is_due = now - self._learnt_at > kept
        if self._is_known and not is_due:
            return
        if not (self._is_known or was_pooled):
            held, pid = await connection.fetchrow(sql.SESSION)
            if not held or pid != connection.get_server_pid():
                raise self._pooled()
        names = frozenset(row[0] for row in await connection.fetch(sql.NAMES, list(sql.TABLES)))
        if "cj_batch_uploads.id" not in names:
            raise await not_there(connection, "cj_batch_uploads", SETTING)
        if empty := [one for one in sql.TABLES if f"filtered.{one}" in names - OPTIONAL_FILTERED]:
            raise filtered(empty)
        self.schema, self._is_known, self._learnt_at = CjSchema.of(names), True, now

    def _pooled(self) -> StaleError:
        """Go on as behind a pooler."""
        if not self.is_pooled and self._pool is not None:
            self._left.append(self._pool)
            self._pool = None
        self.is_pooled = True
        return StaleError(DATABASE, "a pooler is between the bot and the server")

    def _translated(self, error: Exception, *, was_pooled: bool) -> SourceError:
        state, text = str(getattr(error, "sqlstate", "") or ""), str(error)
        trouble = postgres_trouble(error, SETTING, self.address)
        refuses_settings = state == "08P01" and "startup parameter" in text
        if not was_pooled and (refuses_settings or state in _OF_POOLERS):
            return self._pooled()
        is_stale = state in _OF_SCHEMA or (state == "0A000" and "cached" in text)
        if is_stale or (state == "40001" and "recovery" in text):
            self._is_known = False
            return StaleError(
                DATABASE, trouble.message, hint=trouble.hint, permanent=trouble.permanent
            )
        if hung_up(error) and not self._is_lost:
            # A kept session that was cut off since shows so only when it is used.
            self._is_lost = True
            return StaleError(DATABASE, trouble.message, hint=trouble.hint)
        return trouble.error(DATABASE)


def tried_twice(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method that reads try once more where what was learnt has to be learnt again."""

    @functools.wraps(method)
    async def again(self: S, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(2):
            try:
                return await method(self, *args, **kwargs)
            except StaleError:
                continue  # a pooler that is found may also have kept an old schema
        return await method(self, *args, **kwargs)

    return cast(Callable[Concatenate[S, P], Coroutine[Any, Any, T]], again)


async def _nothing_to_reset(_: object) -> None:
    """No session state is ever set, and the driver's own reset costs each query a round trip."""
