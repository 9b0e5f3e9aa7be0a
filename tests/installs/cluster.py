"""A real PostgreSQL that listens by TCP, with the pg_hba.conf and settings of an installation."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.servers.tcp_ports import lasting_port

LETS_IN = """local all all trust
local replication all trust
host all all 127.0.0.1/32 trust
host all all ::1/128 trust
"""


def programs() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL, None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


@dataclass
class Cluster:
    """One server: `start` again after a change of its files."""

    place: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The folder of the data."""
        return self.place / "data"

    def url(self, dbname: str = "postgres", *, host: str = "127.0.0.1", user: str = "postgres",
            query: str = "") -> str:  # fmt: skip
        """Return the address of a database."""
        return f"postgresql://{user}:s3cr3t@{host}:{self.port}/{dbname}{query}"

    def configure(self, hba: str = LETS_IN, **settings: str) -> None:
        """Write the server's files; what they say counts from the next start."""
        lines = {"listen_addresses": "127.0.0.1", "port": str(self.port), "fsync": "off",
                 "unix_socket_directories": str(self.place), **settings}  # fmt: skip
        text = "".join(f"{key} = '{value}'\n" for key, value in lines.items())
        (self.data / "postgresql.auto.conf").write_text(text)
        (self.data / "pg_hba.conf").write_text(hba)

    def give(self, name: str, content: bytes) -> None:
        """Put a file into the server's folder, which it alone may read."""
        path = self.data / name
        path.write_bytes(content)
        path.chmod(0o600)
        _give(path)

    async def start(self, *, waits: bool = True) -> None:
        """Start the server and wait until it answers."""
        self._launch()
        for _ in range(500):
            if not waits and (self.data / "postmaster.pid").exists():
                return
            with suppress(OSError, asyncpg.PostgresError):
                await (await asyncpg.connect(self._own)).close()
                return
            await asyncio.sleep(0.02)
        raise RuntimeError((self.place / "log").read_text()[-1_000:])

    def _launch(self) -> None:
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", self.data], stdout=log, stderr=log, **_user()
            )

    async def execute(self, sql: str, dbname: str = "postgres") -> None:
        """Run SQL as the superuser."""
        session = await asyncpg.connect(self._own.replace("/postgres?", f"/{dbname}?"))
        try:
            await session.execute(sql)
        finally:
            await session.close()

    @property
    def _own(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.place}&port={self.port}"

    def stop(self) -> None:
        """Stop the server at once."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.send_signal(2)
                self._process.wait(20)
            self._process = None


@asynccontextmanager
async def cluster(hba: str = LETS_IN, **settings: str) -> AsyncIterator[Cluster]:
    """Make and start a server with these settings."""
    made = Cluster(Path(tempfile.mkdtemp(prefix="bb-clu-")), lasting_port())
    _give(made.place)
    _run("initdb", "-D", made.data, "-U", "postgres", "--auth=trust", "--no-sync",
         "--locale=C", "--encoding=UTF8")  # fmt: skip
    made.configure(hba, **settings)
    _give(*made.data.glob("*.conf"))
    try:
        await made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.place, ignore_errors=True)


@asynccontextmanager
async def standby(of: Cluster, **settings: str) -> AsyncIterator[Cluster]:
    """Copy a running server and let the copy follow it."""
    made = Cluster(Path(tempfile.mkdtemp(prefix="bb-clu-")), lasting_port())
    _give(made.place)
    _run("pg_basebackup", "-D", made.data, "-h", of.place, "-p", str(of.port), "-U", "postgres",
         "--checkpoint=fast", "--no-sync")  # fmt: skip
    follows = f"host={of.place} port={of.port} user=postgres"
    made.configure(primary_conninfo=follows, **settings)
    (made.data / "standby.signal").touch()
    _give(*made.data.glob("*.conf"), made.data / "standby.signal")
    try:
        await made.start(waits=settings.get("hot_standby") != "off")
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.place, ignore_errors=True)


def _program(name: str) -> str:
    folder = programs()
    assert folder is not None
    return str(folder / name)


def _user() -> Mapping[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}


def _give(*paths: Path) -> None:
    for path in paths if os.geteuid() == 0 else ():
        shutil.chown(path, "postgres", "postgres")


def _run(name: str, *arguments: object) -> None:
    subprocess.run([_program(name), *map(str, arguments)], check=True, capture_output=True,
                   **_user())  # fmt: skip
