"""Hundreds of containers on one Engine: a search through all of them, and what following costs."""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bot.domain.log import LogQuery, Role, Service
from bot.sources.docker.logs import DockerLogs
from tests.benchmarks.figure import Row, Scale
from tests.support.servers.engine import Engine, running_engine

COUNTS = {"small": 20, "full": 200}
# So many of them go on running, as services do; the rest are runners that ended.
RUNNING = 20
NEEDLE = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER),
)
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
MOST_SECONDS, IDLE_SECONDS = 60.0, 10.0


def run(scale: Scale) -> list[Row]:
    """Make the containers, then search and follow them by the API and by their files."""
    count = COUNTS[scale.name]
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-bench-"))) as engine:
        for number in range(count):
            engine.run(*_container(number))
        return asyncio.run(_measured(engine, count))


def _container(number: int) -> tuple[str, str]:
    line = f'{{"event": "tick {NEEDLE}", "timestamp": "2025-11-18T23:48:20Z", "level": "info"}}'
    name = f"huledu-reboot-eng5_np_runner-run-{number:05x}" if number else "cj_assessment_service"
    return name, f"echo '{line}'; [ {number} -ge {RUNNING} ] || sleep 3600"


async def _measured(engine: Engine, count: int) -> list[Row]:
    rows: list[Row] = []
    for how, folder in (("by the API", None), ("by their files", engine.data / "containers")):
        logs = DockerLogs([engine.url], SERVICES, UTC, folder)
        name = f"many, {count} containers, {how}"
        rows += [await _searched(logs, name, count), *await _followed(logs, name, count)]
        await logs.close()
    resident = psutil.Process(os.getpid()).memory_info().rss / (1 << 20)
    return [*rows, Row("many: resident", resident, "MiB", goal="< 150", met=resident < 150)]


async def _searched(logs: DockerLogs, name: str, count: int) -> Row:
    began = time.perf_counter()
    found = await logs.search(LogQuery(any_of=(NEEDLE,), max_events=2 * count))
    seconds = time.perf_counter() - began
    note = f"{len(found.events)} events of {len(found.coverage)} containers"
    return Row(f"{name}: search", seconds, "s", goal="all", met=len(found.events) == count,
               note=note)  # fmt: skip


async def _followed(logs: DockerLogs, name: str, count: int) -> list[Row]:
    began, told = time.perf_counter(), 0
    follow = await logs.follow(since=SINCE, needles=(NEEDLE,))
    while told < count and time.perf_counter() - began < MOST_SECONDS:
        await asyncio.sleep(0.05)
        told += len(follow.take().events)
    seconds, cpu = time.perf_counter() - began, time.process_time()
    await asyncio.sleep(IDLE_SECONDS)
    idle = 100 * (time.process_time() - cpu) / IDLE_SECONDS
    await follow.close()
    return [
        Row(f"{name}: followed, all told after", seconds, "s", goal="all", met=told == count),
        Row(f"{name}: followed, while nothing is written", idle, "% of a core"),
    ]
