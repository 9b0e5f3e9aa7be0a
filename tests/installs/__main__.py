"""Print every condition with what a user sees: `python -m tests.installs [SYSTEM ...]`."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bot.service import embedded_postgres
from tests.installs import (
    docker,
    docker_logs,
    env,
    kafka,
    log_files,
    loki,
    matrix,
    matrix_folder,
    matrix_own,
    podman,
    postgres,
    redis,
    reported_docker,
    reported_postgres,
    reported_redis,
    rotation,
    slack,
)
from tests.installs.table import Row, printed
from tests.support.servers.engine import running_engine


async def _postgres(folder: Path) -> AsyncIterator[Row]:
    data = folder / "server"
    data.mkdir(mode=0o711)
    server = await embedded_postgres.start(data, durable=False)
    try:
        async for one in postgres.rows(folder, server, quick=False):
            yield one
    finally:
        await server.stop(remove=True)


async def _docker(folder: Path) -> AsyncIterator[Row]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        for room in (docker, docker_logs):
            async for one in room.rows(folder, engine, quick=False):
                yield one


async def _reported(folder: Path) -> AsyncIterator[Row]:
    """What people report in public of drivers and servers like these."""
    for room in (reported_postgres, reported_redis, reported_docker, rotation):
        async for one in room.rows(folder):
            yield one


async def _matrix(folder: Path) -> AsyncIterator[Row]:
    """The second table: every source under every condition, as all that speak of it tell it."""
    data = folder / "server"
    data.mkdir(mode=0o711)
    server = await embedded_postgres.start(data, durable=False)
    try:
        memory = await server.create_database("matrix")
        async for one in matrix.cells(folder, memory):
            yield one
        async for one in matrix_folder.cells(folder, memory, matrix.CONDITIONS):
            yield one
        async for one in matrix_own.cells(folder, server, matrix.CONDITIONS):
            yield one
    finally:
        await server.stop(remove=True)


SYSTEMS: dict[str, Callable[[Path], AsyncIterator[Row]]] = {
    "docker": _docker,
    "env": lambda folder: env.rows(folder, quick=False),
    "log_files": lambda folder: log_files.rows(folder, quick=False),
    "slack": lambda folder: slack.rows(folder, quick=False),
    "postgres": _postgres,
    "redis": lambda folder: redis.rows(folder, quick=False),
    "loki": lambda folder: loki.rows(folder, quick=False),
    "kafka": lambda folder: kafka.rows(folder, quick=False),
    "podman": lambda folder: podman.rows(folder, quick=False),
    "reported": _reported,
    "matrix": _matrix,
}


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bb-installs-"))
    folder.chmod(0o711)  # as root a server runs as another user, who has to pass through
    return folder


async def _table(names: list[str]) -> int:
    wrong = count = 0
    for name in names:
        folder = _folder()
        try:
            async for one in SYSTEMS[name](folder):
                count, wrong = count + 1, wrong + bool(one.wrong)
                sys.stdout.write(printed([one]) + "\n")
                sys.stdout.flush()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"\n{count} conditions, {count - wrong} right, {wrong} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(_table(sys.argv[1:] or list(SYSTEMS))))
