"""A healthy HuleEdu of which each part can be broken: a queue that turns over, logs, databases."""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import orjson
import redis
from redis import Redis

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import load
from bot.domain.alert import Reason
from bot.domain.log import LogEvent
from bot.ports import Detector, Sources
from bot.registry import detectors
from bot.service import embedded_postgres
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.kafka.callback_topic import CALLBACKS, KafkaCallbacks
from bot.sources.llm_queue import RedisQueue
from bot.sources.log_files import LogFiles
from bot.sources.log_follow import follow as log_follow_follow
from bot.sources.log_follow.follow import FileFollow
from bot.sources.log_follow.tail import Tail
from tests.support.callbacks import callback
from tests.support.fakes.alerts import Clock
from tests.support.servers.kafka import Wire, kafka_broker
from tests.support.servers.tcp_ports import lasting_port

PREFIX = "llm_provider_service:queue"
PROVIDER = "huleedu_llm_provider_service"
TICK_SECONDS = 15.0
CATCH_UP_SECONDS = 60.0
# A tick passes in no time here, so the follow has to look that much more often.
log_follow_follow.POLL_SECONDS, log_follow_follow.QUIET_SECONDS = 0.005, 0.015


class RedisServer:
    """A redis-server that can be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._port = lasting_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        binary = shutil.which("redis-server")
        if binary is None:
            raise SystemExit("this needs redis-server")
        self._process = subprocess.Popen(
            [
                binary,
                "--port",
                str(self._port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                redis.Redis.from_url(self.url).ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop at once."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


class FollowedFiles(LogFiles):
    """Log files whose follow can be waited for, however slow the machine is."""

    newest: FileFollow | None = None

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> FileFollow:
        """Follow, and keep the follow."""
        self.newest = await super().follow(since=since, needles=needles)
        return self.newest

    async def read(self) -> None:
        """Wait until the follow has handed on all that the files hold."""
        end = time.monotonic() + CATCH_UP_SECONDS
        while self._is_behind():
            if time.monotonic() > end:
                raise TimeoutError("the follow does not reach the end of its files")
            await asyncio.sleep(log_follow_follow.POLL_SECONDS)

    def _is_behind(self) -> bool:
        follow = self.newest
        if follow is None or follow._task is None or follow._task.done():
            return False
        tails = dict(follow._tails)
        return any(not _is_read(file.path, tails.get(file.path)) for file in self._files())


def _is_read(path: Path, tail: Tail | None) -> bool:
    now = path.stat()
    return tail is not None and tail.segment.inode == now.st_ino and tail.position >= now.st_size


@dataclass
class World:
    """The parts, the clock, and what a tick left in the bot's memory."""

    clock: Clock
    folder: Path
    redis: RedisServer
    memory: embedded_postgres.EmbeddedPostgres
    cj: embedded_postgres.EmbeddedPostgres
    store: Store
    tick: Tick
    logs: FollowedFiles
    wire: Wire | None = None
    frozen: bool = False
    is_seeing: bool = True
    _turn: int = 0
    _size: int = 0
    _was_frozen: bool = False

    async def pass_(self, ticks: int) -> None:
        """Let the services work and the bot look, tick by tick."""
        for _ in range(ticks):
            self.clock.pass_(seconds=TICK_SECONDS)
            self._work()
            await self.logs.read()
            blind = sum(self.tick.state.unreadable.values())
            await self.tick.run()
            unread = sum(self.tick.state.unreadable.values()) > blind
            self.is_seeing = not self.tick.state.problem and not unread

    async def told(self, reason: Reason) -> list[str]:
        """Return the keys of the alerts that opened, or resolved; unreadable sources aside."""
        events = await self.store.events(limit=1_000)
        return [
            event.key
            for event in events
            if event.reason is reason and not event.key.startswith(UNREADABLE_SOURCE)
        ]

    def _work(self) -> None:
        """Turn the queue over and write what the LLM provider would log; a stuck one rests."""
        try:
            with redis.Redis.from_url(self.redis.url) as client:
                if not (self.frozen and self._was_frozen):
                    self._turn_over(client)
                self._size = int(client.zcard(f"{PREFIX}:requests"))
        except redis.ConnectionError:
            self._log("Redis marked unhealthy after 3 failures", {}, level="warning")
        self._was_frozen = self.frozen
        self._log("queue_metrics_snapshot", {
            "queue_current_size": self._size,
            "queue_queued_count": 0 if self.frozen else self._size,
            "queue_usage_percent": 0.1, "queue_processing_mode": "serial_bundle",
        })  # fmt: skip

    def _turn_over(self, client: Redis) -> None:
        """Finish what was queued and queue anew."""
        for id in client.hkeys(f"{PREFIX}:data"):
            name = id.decode() if isinstance(id, bytes) else id
            self._log(f"Request {name} completed successfully, correlation_id: {name}", {})
        client.delete(f"{PREFIX}:requests", f"{PREFIX}:data")
        self._turn += 1
        for place in range(1 if self.frozen else 4):
            id = str(uuid5(NAMESPACE_URL, f"chaos/{self._turn}/{place}"))
            client.zadd(f"{PREFIX}:requests", {id: place})
            client.hset(f"{PREFIX}:data", id, orjson.dumps(self._item(id)))

    def _item(self, id: str) -> dict[str, object]:
        now = self.clock().isoformat()
        status = "processing" if self.frozen else "queued"
        return {
            "queue_id": id,
            "correlation_id": id,
            "queued_at": now,
            "processing_started_at": now if self.frozen else None,
            "ttl": "PT4H",
            "status": status,
            "retry_count": 0,
            "priority": 5,
            "request_data": {"metadata": {"cj_batch_id": "34"}},
        }

    def _log(self, event: str, extra: dict[str, object], *, level: str = "info") -> None:
        line = {
            "event": event,
            "timestamp": _stamp(self.clock()),
            "level": level,
            "logger_name": "llm_provider_service.queue_processor",
            "extra": extra,
        }
        with (self.folder / f"{PROVIDER}.log").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@asynccontextmanager
async def world(*, kafka: bool = False) -> AsyncIterator[World]:
    """Start every part, with a callback topic if asked for, and stop what still runs."""
    clock = Clock()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        folder.chmod(0o711)  # noqa: ASYNC240
        logs = folder / "logs"
        logs.mkdir()
        server = RedisServer(folder)
        server.start()
        stack.callback(server.stop)
        memory = await embedded_postgres.start(folder / "memory", durable=False)
        stack.push_async_callback(memory.stop)
        cj = await embedded_postgres.start(folder / "cj", durable=False)
        stack.push_async_callback(cj.stop)
        cj_url = await cj.create_database("cj")
        await load(cj_url)
        store = Store(await memory.create_database("memory"), "chaos")
        await store.open()
        stack.push_async_callback(store.close)
        queue, database = RedisQueue(server.url, PREFIX, clock=clock), CjPostgres(cj_url)
        stack.push_async_callback(queue.close)
        stack.push_async_callback(database.close)
        files = FollowedFiles(logs, HULEEDU_SERVICES, clock().tzinfo)  # type: ignore[arg-type]
        wire = await _wire(stack) if kafka else None
        topic = KafkaCallbacks(wire.address, timeout_seconds=2) if wire else None
        if topic is not None:
            stack.push_async_callback(topic.close)
            await topic.start()
        sources = Sources(database=database, logs=files, queue=queue, callbacks=topic)
        tick = _tick(store, sources, clock)
        stack.push_async_callback(tick.close)
        yield World(clock, logs, server, memory, cj, store, tick, files, wire)


async def _wire(stack: AsyncExitStack) -> Wire:
    """Start a mock cluster that holds the callback topic, and a wire to it that can be cut."""
    broker = stack.enter_context(kafka_broker())
    await asyncio.to_thread(broker.publish, CALLBACKS, [orjson.dumps(callback(1))])
    wire = Wire(broker)
    await wire.mend()
    stack.push_async_callback(wire.cut)
    return wire


def _tick(store: Store, sources: Sources, clock: Clock) -> Tick:
    made: list[Detector] = [kind(kind.Settings()) for kind in detectors().values()]

    def wants(event: LogEvent) -> bool:
        return any(one.wants(event) for one in made)

    watcher = LiveWatcher(sources, environment="chaos", wants=wants, timeout=3)
    return Tick(store, made, watcher, environment="chaos", now=clock, tick_seconds=TICK_SECONDS)
