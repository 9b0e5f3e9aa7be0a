"""A real PgBouncer in front of a real PostgreSQL."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.support.servers.tcp_ports import lasting_port


def has_pgbouncer() -> bool:
    """Say whether Debian's pgbouncer is installed."""
    return shutil.which("pgbouncer") is not None


@contextmanager
def _running(server: str, options: Mapping[str, str]) -> Iterator[int]:
    parts = urlsplit(server)
    sockets = Path(parse_qs(parts.query)["host"][0])
    owner = pwd.getpwuid(sockets.stat().st_uid).pw_name
    folder = Path(tempfile.mkdtemp(prefix="bb-pgb-"))
    port = lasting_port()
    settings = {
        "listen_addr": "127.0.0.1", "listen_port": str(port), "auth_type": "trust",
        "auth_file": str(folder / "users"),
        "unix_socket_dir": "", "logfile": str(folder / "log"), "pidfile": str(folder / "pid"),
        "pool_mode": "session", "default_pool_size": "4", **options,
    }  # fmt: skip
    text = f"[databases]\n{parts.path[1:]} = host={sockets} port=5432 user=postgres\n[pgbouncer]\n"
    text += "".join(f"{key} = {value}\n" for key, value in settings.items())
    (folder / "ini").write_text(text)
    (folder / "users").write_text('"bot" ""\n"u" ""\n')
    for path in (folder, folder / "ini", folder / "users"):
        shutil.chown(path, owner)
    command = [shutil.which("pgbouncer") or "pgbouncer", str(folder / "ini")]
    if os.geteuid() == 0:
        command[1:1] = ["-u", owner]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def pgbouncer(server: str, **options: str) -> AsyncIterator[str]:
    """Run a PgBouncer in front of `server`, an address by socket; yields its own address."""
    with _running(server, options) as port:
        await answers(port)
        yield f"postgresql://bot:s3cr3t@127.0.0.1:{port}{urlsplit(server).path}"


async def answers(port: int) -> None:
    """Wait until somebody listens at a port of this machine."""
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        await asyncio.sleep(0.02)
    raise RuntimeError("the server did not start")
