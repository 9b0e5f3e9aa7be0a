"""The embedded PostgreSQL's own programs: make a cluster, start it, ask it, stop it."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import psutil

from bot.errors import SourceError
from bot.service.embedded_postgres_home import NAME, Home, own_folder

START_SECONDS = 60
STOP_SECONDS = 30
LARGEST_LOG = 10 << 20
KEPT_OF_LOG = 1 << 20
# What a new cluster needs, and one that is to go on writing.
LEAST_FREE = 64 << 20


async def init_cluster(home: Home) -> None:
    """Make the cluster under another name first, so that a killed initdb is never adopted."""
    if (home.cluster / "PG_VERSION").exists():
        return
    fresh = home.cluster.with_name(f"{home.cluster.name}.new")
    await asyncio.to_thread(own_folder, fresh, home.user, empty=True)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=postgres"]
    await _run(home, "initdb", *options, f"--pgdata={fresh}")
    await asyncio.to_thread(fresh.rename, home.cluster)


async def is_running(home: Home) -> bool:
    """A stale pid file may name another program's pid, so the socket has to answer too."""
    status = await _run(home, "pg_ctl", "status", f"--pgdata={home.cluster}", may_fail=True)
    if status:
        return False
    await asyncio.to_thread(own_folder, home.sockets, home.user)
    options = [f"--host={home.sockets}", "--port=5432", "--timeout=5", "--username=postgres"]
    return await _run(home, "pg_isready", *options, may_fail=True) == 0


async def launch(home: Home, *, durable: bool) -> None:
    """Start the server and wait until it answers. Raises SourceError."""
    await asyncio.to_thread(bound_log, home.log)
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


def is_alive(pid_file: Path) -> bool:
    """Say whether the server's process runs; a zombie, or another program of its pid, does not."""
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split("\n")[0]))
        runs = process.status() != psutil.STATUS_ZOMBIE
        return bool(runs and process.name().startswith("postgres"))
    except (OSError, ValueError, psutil.Error):
        return False


def bound_log(log_file: Path) -> None:
    """Keep the end of a log that has grown too large.

    It is cut in place: the server, which may be running, goes on appending to its open file.
    """
    try:
        descriptor = os.open(log_file, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    with open(descriptor, "r+b", buffering=0) as file:
        if os.fstat(descriptor).st_size > LARGEST_LOG:
            file.seek(-KEPT_OF_LOG, os.SEEK_END)
            end = file.read(KEPT_OF_LOG).partition(b"\n")[2]
            file.truncate(0)
            file.write(end)


async def stop_server(home: Home) -> None:
    """Stop the server, if it runs, and wait for its end."""
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
