"""The demo's LLM provider and CJ service: a real queue, real rows and lines, and what breaks them.

They follow a script, and whatever is asked of them meanwhile: a batch runs, its worker restarts
and leaves an item in `processing`, a runner dies of a stray callback, then the item completes and
all goes on. Every incident can be brought back and healed at any time.
"""

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import orjson
from redis.asyncio import Redis

from bot.demo.incidents import BATCH, FINALISATION, FREEZE, REJECT, STATUS, STOP_CJ, Incidents
from bot.demo.running_batch import RunningBatch
from bot.demo.service_logs import CJ_LOG, LLM_LOG, RUNNER_LOG, ServiceLogs, new_id

__all__ = ["CJ_LOG", "LLM_LOG", "PREFIX", "RUNNER_LOG", "STRAY", "LlmProvider", "Script"]

PREFIX = "llm_provider_service:queue"
STRAY = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
BUNDLE = 3
# What needs a batch that runs, and is seen at once only when that one is nearly done.
AT_ITS_END = (FREEZE, FINALISATION)
NEEDS_BATCH = (*AT_ITS_END, *STATUS, STOP_CJ, BATCH)


@dataclass(slots=True)
class Script:
    """When what happens, in seconds after the start; what has not happened yet may be moved."""

    freeze_at: float = 5
    stray_at: float = 12
    recover_at: float = 90
    beat: float = 4
    batch_at: float = 0


@dataclass(frozen=True, slots=True)
class PublishedAnswer:
    """An answer that was published: of which request, and the provider's error if it has one."""

    queue_id: str
    correlation: str
    status: int | None = None


class LlmProvider:
    """Writes the services' logs, queue and rows until it is cancelled.

    Without `cj_url` there are no batches, and what is answered belongs to none.
    """

    def __init__(
        self,
        logs: Path,
        redis_url: str,
        script: Script,
        *,
        cj_url: str = "",
        incidents: Incidents | None = None,
    ) -> None:
        self._logs = ServiceLogs(logs)
        self._redis: Redis = Redis.from_url(redis_url)
        self._script = script
        self._cj_url = cj_url
        self._incidents = incidents or Incidents()
        self._batch: RunningBatch | None = None
        self._held: PublishedAnswer | None = None
        self._untaken: list[PublishedAnswer] = []
        self._strays = 0
        self._collided: int | None = None

    async def run(self) -> None:
        """Play the script and what is asked for, and answer healthily otherwise."""
        began = asyncio.get_running_loop().time()
        self._last_hour()
        self._logs.llm("Queue processor started")
        connection = await asyncpg.connect(self._cj_url) if self._cj_url else None
        self._batch = RunningBatch(connection) if connection else None
        try:
            while not _is_cancelled():
                self._follow_script(asyncio.get_running_loop().time() - began)
                for name in self._incidents.take():
                    await self._begin(name)
                await self._beat()
                await self._pause()
        finally:
            await self._redis.aclose()
            if connection is not None:
                await connection.close()

    def _follow_script(self, at: float) -> None:
        script, incidents = self._script, self._incidents
        if at >= script.batch_at:
            script.batch_at = math.inf
            incidents.play(BATCH)
        if at >= script.freeze_at:
            script.freeze_at = math.inf
            incidents.play(FREEZE)
        if at >= script.stray_at:
            script.stray_at = math.inf
            incidents.play(REJECT)
        if at >= script.recover_at and script.freeze_at == math.inf:
            script.recover_at = math.inf
            incidents.end(FREEZE)

    async def _begin(self, name: str) -> None:
        """Do what belongs to the moment in which something is asked for."""
        if name == REJECT:
            self._logs.stray(STRAY if not self._strays else new_id())
            self._strays += 1
        if name in NEEDS_BATCH and self._batch is not None:
            if not self._batch.waiting and STOP_CJ not in self._incidents.on:
                await self._take_callbacks()
                await self._finalise()
            await self._batch.begin()
        if name in AT_ITS_END and self._batch is not None:
            # All but the last bundle is answered now, so that what breaks is seen at once.
            while len(self._batch.waiting) > BUNDLE:
                await self._bundle(self._batch.take(BUNDLE))

    async def _beat(self) -> None:
        if await self._is_put_back():
            self._incidents.stop(FREEZE)
        if FREEZE in self._incidents.on:
            await self._freeze()
        else:
            await self._thaw()
            await self._bundle(self._next())
        if STOP_CJ not in self._incidents.on:
            await self._take_callbacks()
            await self._finalise()
        size = await self._redis.zcard(f"{PREFIX}:requests")
        self._logs.snapshot(size)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._incidents.woken.wait(), self._script.beat)

    def _next(self) -> list[str]:
        taken = self._batch.take(BUNDLE) if self._batch is not None else []
        return taken or [new_id() for _ in range(BUNDLE)]

    async def _freeze(self) -> None:
        """Restart the worker once while it holds an item, which is not put back."""
        if self._held is not None:
            return
        await self._bundle(self._batch.take(BUNDLE - 1) if self._batch is not None else [])
        correlation = (self._batch.take(1) if self._batch is not None else []) or [new_id()]
        self._held = PublishedAnswer(new_id(), correlation[0])
        await self._put(self._held, "processing")
        self._logs.dispatch(1)
        self._logs.llm("Queue processor started")

    async def _is_put_back(self) -> bool:
        """Whether the item that was left behind waits again, as an operator can make it."""
        if self._held is None:
            return False
        stored = await self._redis.hget(f"{PREFIX}:data", self._held.queue_id)
        return stored is not None and orjson.loads(stored)["status"] == "queued"

    async def _thaw(self) -> None:
        """Answer the item that was left behind."""
        if self._held is not None:
            held, self._held = self._held, None
            await self._answer(held)

    async def _bundle(self, correlations: list[str]) -> None:
        if not correlations:
            return
        callbacks = [
            PublishedAnswer(new_id(), correlation, self._incidents.status)
            for correlation in correlations
        ]
        for one in callbacks:
            await self._put(one, "queued")
        self._logs.dispatch(len(callbacks))
        for one in callbacks:
            await self._answer(one)

    async def _answer(self, callback: PublishedAnswer) -> None:
        await self._redis.zrem(f"{PREFIX}:requests", callback.queue_id)
        await self._redis.hdel(f"{PREFIX}:data", callback.queue_id)
        if callback.status is None:
            self._logs.answer(callback.queue_id, callback.correlation)
        else:
            self._logs.failure(callback.queue_id, callback.correlation, callback.status)
        self._untaken.append(callback)

    async def _take_callbacks(self) -> None:
        """Let CJ take what was published, and store it where it belongs to a batch."""
        taken, self._untaken = self._untaken, []
        for one in taken:
            failed = one.status is not None
            self._logs.taken(one.queue_id, one.correlation, is_error=failed)
            if self._batch is not None and self._batch.number is not None:
                await self._batch.store(one.correlation, one.status)

    async def _finalise(self) -> None:
        """Finish the batch once all is answered, or fail to."""
        batch = self._batch
        if batch is None or batch.number is None or not await batch.is_answered():
            return
        if FINALISATION not in self._incidents.on:
            await batch.finish()
        elif self._collided != batch.number:
            self._collided = batch.number
            await batch.score()
            self._logs.collision(batch.number)

    def _last_hour(self) -> None:
        """Write the hour before: the queue rises and falls as bundles come and are answered."""
        now = datetime.now(UTC)
        for minute in range(60, 0, -2):
            at = now - timedelta(minutes=minute, seconds=10)
            size = 2 + minute * 7 % 5
            self._logs.dispatch(size, at)
            for second in range(size):
                answered, queue_id, id = at + timedelta(seconds=8 + second), new_id(), new_id()
                self._logs.answer(queue_id, id, answered)
                self._logs.taken(queue_id, id, at=answered)
            self._logs.snapshot(size, at=at + timedelta(seconds=2))

    async def _put(self, callback: PublishedAnswer, status: str) -> None:
        now, batch = datetime.now(UTC), self._batch
        ids = (
            {"cj_batch_id": str(batch.number), "bos_batch_id": batch.bos_batch_id}
            if batch is not None and batch.number is not None
            else {}
        )
        item = {
            "queue_id": callback.queue_id,
            "status": status,
            "queued_at": now.isoformat(),
            "processing_started_at": now.isoformat() if status == "processing" else None,
            "ttl": "PT4H",
            "retry_count": 0,
            "priority": 5,
            "correlation_id": callback.correlation,
            "request_data": {"user_prompt": "(an essay would stand here)", "metadata": ids},
        }
        score = -5 + now.timestamp() / 1e10
        await self._redis.hset(f"{PREFIX}:data", callback.queue_id, orjson.dumps(item))
        await self._redis.zadd(f"{PREFIX}:requests", {callback.queue_id: score})


def _is_cancelled() -> bool:
    """Say whether this task was cancelled; a Redis call can swallow what interrupts its answer."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
