"""A simulated LLM provider service: real-shaped log lines and a real queue that gets stuck.

What it publishes the CJ service takes, and says so in its own log.

Its script: healthy bundles, then a worker that restarts and leaves an item in `processing`, a
runner that dies of a stray callback, then the item completes and the queue moves on for good.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
from redis.asyncio import Redis

PREFIX = "llm_provider_service:queue"
LLM_LOG = "huleedu_llm_provider_service.log"
RUNNER_LOG = "huledu-reboot-eng5_np_runner-run-2c0ffee.log"
CJ_LOG = "huleedu_cj_assessment_service.log"
LOGGER = "llm_provider_service.queue_processor"
CJ_LOGGER = "cj_assessment_service.message_handlers.llm_callback_handler"
STRAY = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


@dataclass(slots=True)
class Script:
    """When what happens, in seconds after the start; what has not happened yet may be moved."""

    freeze_at: float = 5
    stray_at: float = 12
    recover_at: float = 90
    beat: float = 4


class LlmProvider:
    """Writes the service's log and queue until it is cancelled."""

    def __init__(self, logs: Path, redis_url: str, script: Script) -> None:
        self._logs = logs
        self._redis: Redis = Redis.from_url(redis_url)
        self._script = script

    async def run(self) -> None:
        """Play the script, then answer healthily."""
        began = asyncio.get_running_loop().time()
        stuck, stray = "", False
        self._last_hour()
        self._log("Queue processor started")
        try:
            while not _is_cancelled():
                at = asyncio.get_running_loop().time() - began
                if not stuck and at >= self._script.freeze_at:
                    stuck = await self._freeze()
                if not stray and at >= self._script.stray_at:
                    stray = self._stray()
                if stuck and stuck != "done" and at >= self._script.recover_at:
                    await self._finish(stuck)
                    stuck = "done"
                if stuck in ("", "done"):
                    await self._bundle()
                await self._snapshot()
                await asyncio.sleep(self._script.beat)
        finally:
            await self._redis.aclose()

    def _last_hour(self) -> None:
        """Write the hour before: the queue rises and falls as bundles come and are answered."""
        now = datetime.now(UTC)
        for minute in range(60, 0, -2):
            at = now - timedelta(minutes=minute, seconds=10)
            size = 2 + minute * 7 % 5
            self._log_dispatch(size, at)
            for second in range(size):
                answered = at + timedelta(seconds=8 + second)
                self._log_answer(str(uuid4()), answered)
            self._log_snapshot(size, at + timedelta(seconds=2))

    async def _freeze(self) -> str:
        queue_id = str(uuid4())
        await self._put(queue_id, "processing")
        self._log_dispatch(1)
        self._log("Queue processor started")
        return queue_id

    def _stray(self) -> bool:
        error = f"ValueError: Comparison callback missing essay identifiers; correlation={STRAY}"
        line = {
            "event": "runner_publish_failed",
            "timestamp": _stamp(),
            "level": "error",
            "error_type": "ValueError",
            "exception": f"Traceback (most recent call last):\n  File hydrator.py\n{error}",
        }
        with (self._logs / RUNNER_LOG).open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
        return True

    async def _bundle(self) -> None:
        ids = [str(uuid4()) for _ in range(3)]
        for queue_id in ids:
            await self._put(queue_id, "queued")
        self._log_dispatch(len(ids))
        for queue_id in ids:
            await self._finish(queue_id)

    async def _finish(self, queue_id: str) -> None:
        await self._redis.zrem(f"{PREFIX}:requests", queue_id)
        await self._redis.hdel(f"{PREFIX}:data", queue_id)
        self._log_answer(queue_id)

    async def _put(self, queue_id: str, status: str) -> None:
        now = datetime.now(UTC)
        item = {
            "queue_id": queue_id,
            "status": status,
            "queued_at": now.isoformat(),
            "processing_started_at": now.isoformat() if status == "processing" else None,
            "ttl": "PT4H",
            "retry_count": 0,
            "priority": 5,
            "correlation_id": str(uuid4()),
            "request_data": {
                "user_prompt": "(an essay would stand here)",
                "metadata": {
                    "cj_batch_id": "34",
                    "bos_batch_id": "9c41f7b2-58de-4a36-b1f0-2ab525a2c034",
                },
            },
        }
        score = -5 + (now - timedelta(0)).timestamp() / 1e10
        await self._redis.hset(f"{PREFIX}:data", queue_id, orjson.dumps(item))
        await self._redis.zadd(f"{PREFIX}:requests", {queue_id: score})

    async def _snapshot(self) -> None:
        self._log_snapshot(await self._redis.zcard(f"{PREFIX}:requests"))

    def _log_dispatch(self, size: int, at: datetime | None = None) -> None:
        extra = (
            f"{{'bundle_size': {size}, 'queue_processing_mode': 'serial_bundle', "
            "'provider': 'anthropic'}"
        )
        self._log("serial_bundle_dispatch", extra, at)

    def _log_answer(self, queue_id: str, at: datetime | None = None) -> None:
        correlation = uuid4()
        done = f"Request {queue_id} completed successfully, correlation_id: {correlation}"
        self._log(done, at=at)
        self._log(
            f"Published success callback event for request {queue_id}, correlation_id: "
            f"{correlation}, topic: huleedu.llm_provider.comparison_result.v1",
            at=at,
        )
        self._write(
            CJ_LOG,
            f"Processing LLM comparison callback for request {queue_id}",
            CJ_LOGGER,
            f"{{'correlation_id': '{correlation}', 'request_id': '{queue_id}', 'is_error': False}}",
            at,
        )

    def _log_snapshot(self, size: int, at: datetime | None = None) -> None:
        extra = (
            f"{{'queue_processing_mode': 'serial_bundle', "
            f"'queue_current_size': {size}, 'queue_queued_count': 0, "
            f"'queue_usage_percent': {size / 10}, 'accepting_requests': True}}"
        )
        self._log("queue_metrics_snapshot", extra, at)

    def _log(self, event: str, extra: str = "", at: datetime | None = None) -> None:
        self._write(LLM_LOG, event, LOGGER, extra, at)

    def _write(
        self, name: str, event: str, logger: str, extra: str, at: datetime | None = None
    ) -> None:
        tail = f" extra={extra}" if extra else ""
        stamp = _stamp(at)
        line = f"{stamp} [info     ] {event:<30} [{logger}]{tail} filename=queue.py lineno=1\n"
        with (self._logs / name).open("a", encoding="utf-8") as file:
            file.write(line)


def _is_cancelled() -> bool:
    """Say whether this task was cancelled; a Redis call can swallow what interrupts its answer."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _stamp(at: datetime | None = None) -> str:
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
