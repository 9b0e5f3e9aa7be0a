"""What it costs to read a line from Loki and a message from Kafka's topic, for the bot alone."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.log import Role, Service
from bot.sources.kafka.callback_topic import KafkaCallbacks
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.source import Loki
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.stream_servers import AT_ONCE, CONTAINER

SECONDS = 90
# Of the lines that a run follows from files, so that a run takes a minute.
SHARE = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading took: processor time of this process, and time on the clock."""

    read: int
    cpu: float
    seconds: float


def run(scale: Scale) -> list[Row]:
    """Read them all once from each."""
    count = max(1, scale.follow_lines // SHARE // AT_ONCE) * AT_ONCE
    with _server("loki", count) as (address, _):
        loki = asyncio.run(_loki(address, count))
    with _server("kafka", count) as (address, go):
        kafka = asyncio.run(_kafka(address, count, go))
    return [*_rows("follow Loki by ranges", loki, count, "line"),
            *_rows("read Kafka's topic", kafka, count, "message")]  # fmt: skip


def _rows(name: str, cost: Cost, count: int, what: str) -> list[Row]:
    return [
        Row(f"{name}: cost", cost.cpu / cost.read * 1e6, f"CPU s/M {what}s", None),
        Row(f"{name}: per core", cost.read / cost.cpu, f"{what}s/s", None),
        Row(f"{name}: wall", cost.read / cost.seconds, f"{what}s/s", None),
        Row(f"{name}: lost", count - cost.read, f"{what}s", None, "", "0", count == cost.read),
    ]


async def _loki(address: str, count: int) -> Cost:
    """Follow from before the first line: what a successor catches up with."""
    service = Service(CONTAINER, CONTAINER, Role.OTHER)
    loki = Loki(LokiHttp(address), (service,), UTC)
    since = datetime.now(UTC) - timedelta(milliseconds=count, minutes=2)
    began, cpu = time.perf_counter(), time.process_time()
    follow = await loki.follow(since=since)
    read = await _until(lambda: len(follow.take().events), count)
    cost = Cost(read, time.process_time() - cpu, time.perf_counter() - began)
    await follow.close()
    await loki.close()
    return cost


async def _kafka(address: str, count: int, go: Callable[[], None]) -> Cost:
    """Read what is published from now on."""
    topic = KafkaCallbacks(address)
    await topic.check()
    topic.take()
    began, cpu = time.perf_counter(), time.process_time()
    read = 0
    for published in range(AT_ONCE, count + 1, AT_ONCE):
        go()
        read += await _until(lambda: len(topic.take()), published - read)
    cost = Cost(read, time.process_time() - cpu, time.perf_counter() - began)
    await topic.close()
    return cost


async def _until(take: Callable[[], int], count: int) -> int:
    """Take until all have come, or for so long at most."""
    read, end = 0, time.perf_counter() + SECONDS
    while read < count and time.perf_counter() < end:
        await asyncio.sleep(0.05)
        read += take()
    return read


@contextmanager
def _server(what: str, count: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Start a server; yields its address, and what tells it to go on."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.stream_servers", what, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    given, said = process.stdin, process.stdout
    assert given is not None
    assert said is not None

    def go() -> None:
        given.write("go\n")
        given.flush()

    try:
        yield said.readline().strip(), go
    finally:
        given.close()
        process.wait(60)
