"""A HuleEdu of real parts in which every text is a plant, and the settings that read it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import asyncpg

from bot.service.embedded_postgres import EmbeddedPostgres
from tests.attack.parts import lines, queue, rows, topics
from tests.attack.parts.containers import planted_engine
from tests.attack.parts.plants import Planter
from tests.support.servers.kafka import kafka_broker
from tests.support.servers.loki import LokiServer, running


@dataclass(frozen=True, slots=True)
class World:
    """The planted parts: what was planted in them, and the settings that lead to them."""

    plant: Planter
    now: datetime
    folder: Path
    settings: dict[str, str]
    memory_url: str
    cj_url: str
    redis_url: str


@asynccontextmanager
async def planted(
    kind: str, folder: Path, server: EmbeddedPostgres, redis_url: str, now: datetime,
    *, loki: bool = False, engine: bool = False,
) -> AsyncIterator[World]:  # fmt: skip
    """Fill every part with plants of one kind; with `loki` the logs lie there.

    With `engine` an Engine runs containers beside it, and everything in them may be inspected.
    """
    plant, name = Planter(kind), uuid4().hex[:8]
    cj_url = await server.create_database(f"cj_{name}")
    memory_url = await server.create_database(f"memory_{name}")
    async with AsyncExitStack() as stack:
        await rows.write(cj_url, plant, now)
        await stack.enter_async_context(_session(cj_url, plant))
        queue.fill(redis_url, plant, now)
        broker = stack.enter_context(kafka_broker())
        await asyncio.to_thread(topics.publish, broker, plant, now)
        settings = {
            "BOT_ENVIRONMENT": "test", "BOT_DATABASE_URL": memory_url, "CJ_DATABASE_URL": cj_url,
            "LLM_QUEUE_REDIS_URL": redis_url, "LLM_QUEUE_PREFIX": queue.PREFIX,
            "KAFKA_BOOTSTRAP_SERVERS": broker.address, "HTTP_PORT": "0", "TICK_SECONDS": "60",
        }  # fmt: skip
        if engine:
            runs = stack.enter_context(planted_engine(folder / "engine", plant))
            settings |= {
                "DOCKER_HOST": runs.url, "DOCKER_INSPECT": "on"
            }  # fmt: skip
        if loki:
            shipped = await stack.enter_async_context(running(LokiServer()))
            _ship(shipped, plant, now)
            settings |= {"LOG_SOURCE": "loki", "LOKI_URL": shipped.url}
        else:
            lines.write(folder / "logs", plant, now)
            settings |= {"LOG_SOURCE": "files", "LOG_FILES_DIR": str(folder / "logs")}
        yield World(plant, now, folder, settings, memory_url, cj_url, redis_url)


@asynccontextmanager
async def _session(url: str, plant: Planter) -> AsyncIterator[None]:
    """Keep a session open that does nothing in its transaction, under a name that is a plant."""
    name = plant("application_name", 60)
    session = await asyncpg.connect(url, server_settings={"application_name": name})
    try:
        await session.execute("BEGIN; SELECT count(*) FROM cj_batch_states")
        yield
    finally:
        await session.close()


def _ship(server: LokiServer, plant: Planter, now: datetime) -> None:
    """Send the same events to Loki, with plants as labels beside the services' own."""
    for at, container, text in lines.events(plant, now):
        labels = {"container": container, "pod": plant("Loki label"), "job": "huleedu"}
        server.put(int(at.timestamp() * 1e9), text, **labels)
    server.put(int(now.timestamp() * 1e9), "hello", container=plant("Loki container", 60))
