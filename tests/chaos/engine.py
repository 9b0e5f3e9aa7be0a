"""The Docker Engine is restarted, and a container is made anew, while its log is followed."""

import asyncio
import re
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.log import Role, Service
from bot.ports import LogFollow
from bot.sources.docker.logs import DockerLogs
from tests.chaos.table import Row
from tests.support.servers.engine import Engine, running_engine

NAME = "huleedu_cj_assessment_service"
SERVICES = (Service("cj_assessment_service", f"*{NAME}*", Role.CJ),)
LINES = 200
SCRIPT = """
n={first}; while [ $n -lt {last} ]; do
echo '{{"event": "line '$n'", "timestamp": "2025-11-18T23:00:00Z", "level": "info"}}'
n=$((n+1)); sleep 0.05; done; sleep 60
"""


async def run() -> list[Row]:
    """Follow through a restart of the Engine and through a new container."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        engines = running_engine(Path(folder))
        engine = await asyncio.to_thread(engines.__enter__)
        try:
            return [
                *await _lived("dockerd restarted", engine, _restart),
                *await _lived("the container recreated", engine, _recreate),
            ]
        finally:
            await asyncio.to_thread(engines.__exit__, None, None, None)


async def _lived(name: str, engine: Engine, act: Callable[[Engine], set[int]]) -> list[Row]:
    await asyncio.to_thread(_start, engine, 0, LINES)
    logs = DockerLogs((engine.url,), SERVICES, UTC)
    follow = await logs.follow(since=datetime.now(UTC) - timedelta(minutes=1))
    seen: list[int] = []
    try:
        await _taken(follow, seen, until=20)
        written = await asyncio.to_thread(act, engine)
        began = time.monotonic()
        before = len(seen)
        await _taken(follow, seen, until=before + 1)
        recovery = time.monotonic() - began
        await _taken(follow, seen, until=10**6, seconds=12)
    finally:
        await follow.close()
        await logs.close()
    await asyncio.to_thread(_remove, engine)
    repeated = len(seen) - len(set(seen))
    missing = len((written | set(range(max(seen) + 1)) - set(range(LINES))) - set(seen))
    return [
        Row(name, "lines seen, missed, repeated", f"{len(set(seen))}, {missing}, {repeated}",
            missing == 0 and repeated == 0),
        Row(name, "sees again after", f"{recovery:.1f} s"),
    ]  # fmt: skip


async def _taken(follow: LogFollow, seen: list[int], *, until: int, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while len(seen) < until and time.monotonic() < end:
        for event in follow.take().events:
            found = re.match(r"line (\d+)", event.event)
            if found:
                seen.append(int(found.group(1)))
        await asyncio.sleep(0.1)


def _start(engine: Engine, first: int, last: int) -> None:
    engine.run(NAME, SCRIPT.format(first=first, last=last))


def _restart(engine: Engine) -> set[int]:
    engine.stop()
    engine.start()
    return _recreate(engine)


def _recreate(engine: Engine) -> set[int]:
    """Return what the container wrote, which ends with it or with the Engine, before it goes."""
    container, written = engine.client.containers.get(NAME), set[int]()
    end = time.monotonic() + 120
    while time.monotonic() < end:
        written = {int(number) for number in re.findall(rb"line (\d+)", container.logs())}
        container.reload()
        if LINES - 1 in written or container.status != "running":
            break
        time.sleep(0.5)
    # It is followed to its end before the container goes.
    time.sleep(12)
    _remove(engine)
    _start(engine, LINES, 2 * LINES)
    return written


def _remove(engine: Engine) -> None:
    for container in engine.client.containers.list(all=True):
        container.remove(force=True)
