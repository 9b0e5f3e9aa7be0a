"""The LLM provider's request queue in Redis; prompts are never read out of it."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, OutOfMemoryError, RedisError, ResponseError

from bot.border.outside import raw
from bot.domain.evidence import QUEUE
from bot.domain.queue import QueueFront, QueueItem, QueueReading, Requeued
from bot.errors import SourceError
from bot.sources.redis.address import redis_address
from bot.sources.redis.errors import redis_error
from bot.sources.redis.item import LEAKED, decoded, item_of
from bot.sources.redis.login import live_login
from bot.sources.redis.replica import replica_age
from bot.sources.redis.requeue import requeue, started_as_stored
from bot.sources.redis.writes import refused_writes
from bot.text.wording import many

CHUNK = 200
RELEARN_SECONDS = 60.0
UNORDERED_LIMIT = 200
# A further queue is shown in short; of the provider's own everything matters.
OTHER_ITEMS = 200
FRONTS_AT_ONCE = 1_000


_OF_BUNDLES = re.compile(r"'(?:multi|exec)' command|without MULTI|EXECABORT")


class RedisQueue:
    """Reads `<prefix>:requests` (order) and `<prefix>:data` (items); implements LlmQueue.

    A queue that cannot be read raises SourceError: the service itself reports 0 on a Redis
    error, so only an answer of Redis makes a size of 0 true.
    """

    name = QUEUE

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        others: Sequence[str] = (),
        timeout_seconds: float = 3.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        live: Callable[[], str] | None = None,
    ) -> None:
        self._prefix = prefix
        self._others = tuple(dict.fromkeys(others))
        self._clock = clock
        self._address = redis_address(url)
        self._redis: Redis = Redis(
            **{
                "socket_timeout": timeout_seconds,
                "socket_connect_timeout": timeout_seconds,
                # A kept connection may have been closed meanwhile; a server that is away is told.
                "retry": Retry(NoBackoff(), 1),
                **self._address.arguments,
                **live_login(live),
            },
            max_connections=4,
        )
        # Hosts may forbid INFO, and users may lack MULTI: neither is needed. A right that is given
        # later is found when it is tried again.
        self._no_info_until = self._no_multi_until = 0.0
        # A server without memory refuses all within MULTI, reads too, until it has some again.
        self._is_full = False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        """Read both keys; items beyond `max_items` are counted only."""
        try:
            return await self._read(self._prefix, max_items)
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error

    async def read_other(self, prefix: str) -> QueueReading:
        """Read a further queue. Raises SourceError, also when it is not configured."""
        if prefix not in self._others:
            known = ", ".join(self._others) or "none"
            raise SourceError(
                QUEUE,
                f"no further queue {prefix[:60]!r} is configured; there is {known}",
                hint="LLM_QUEUE_PREFIXES lists them.",
                permanent=True,
            )
        try:
            return await self._read(prefix, OTHER_ITEMS)
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error

    async def fronts(self) -> Sequence[QueueFront]:
        """Return the front of each further queue, all in two round trips a thousand."""
        found: list[QueueFront] = []
        try:
            for start in range(0, len(self._others), FRONTS_AT_ONCE):
                found += await self._fronts(self._others[start : start + FRONTS_AT_ONCE])
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error
        return found

    async def find(self, id: UUID) -> Sequence[QueueItem]:
        """Return items whose queue id or correlation id is `id`."""
        reading = await self.read()
        wanted = str(id)
        return tuple(
            item for item in reading.items if wanted in (item.queue_id, item.correlation_id)
        )

    async def requeue(self, item: QueueItem, *, dry_run: bool) -> Requeued:
        """Set an item's status to queued if it is still as it was read; nothing else changes."""
        id = raw(item.queue_id)
        try:
            value = await self._redis.hget(f"{self._prefix}:data", id)
            started = started_as_stored(value, item.processing_started_at)
            if not started:
                return Requeued.CHANGED if value else Requeued.GONE
            return await requeue(self._redis, self._prefix, id, started, dry_run=dry_run)
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error

    async def check(self) -> str:
        """Prove that all of the queue can be read; return its size, and what was not checked."""
        reading = await self.read(max_items=1)
        try:
            await self._redis.hmget(f"{self._prefix}:data", ["batchbot"])
            await self._redis.hscan(f"{self._prefix}:data", count=1)
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error
        told = [f"{many(reading.size, 'item')} under {self._prefix}"]
        if reading.replica_age is not None:
            told.append(f"from a replica that heard its master {reading.replica_age} s ago")
        if self._no_info_until:
            told.append("whether it is a replica was not checked (no right to INFO)")
        if self._is_full:
            told.append("the server takes no writes: its memory is full (maxmemory)")
        elif refused := await self._refused_writes():
            told.append(refused)
        if self._no_multi_until or self._is_full:
            told.append("read without MULTI, so not as of one moment")
        if unused := self._address.without_effect:
            told.append(f"without effect in the address: {', '.join(unused)}")
        return "; ".join(told)

    async def _refused_writes(self) -> str:
        """Return why services can queue nothing, "" where the server does not say."""
        if self._no_info_until:
            return ""
        try:
            said = await self._redis.info("replication"), await self._redis.info("persistence")
        except RedisError as error:
            raise redis_error(error, self._address, self._prefix) from error
        return refused_writes(said[0] | said[1])

    async def _prove_master(self) -> int | None:
        """Return the age of a replica's data, None of a master's or of one that does not say.

        Raises SourceError for a replica whose data proves nothing, and RedisError.
        """
        if time.monotonic() < self._no_info_until:
            return None
        self._no_info_until = 0.0
        try:
            return replica_age(await self._redis.info("replication"))
        except NoPermissionError:
            self._no_info_until = time.monotonic() + RELEARN_SECONDS
        except ResponseError as error:
            # A server that speaks the queue's commands but no INFO is asked for the queue alone.
            if not str(error).startswith("unknown command"):
                raise
            self._no_info_until = time.monotonic() + RELEARN_SECONDS
        return None

    async def _order(self, order_key: str, data_key: str, max_items: int) -> tuple[int, Any, int]:
        """Return the size, the first members and how many are stored, as of one moment."""
        bundles, self._is_full = time.monotonic() >= self._no_multi_until, False
        if bundles:
            self._no_multi_until = 0.0
        try:
            return await self._ordered(order_key, data_key, max_items, bundles=bundles)
        except OutOfMemoryError:
            self._is_full = True
        except ResponseError as error:
            if not (bundles and _OF_BUNDLES.search(str(error))):
                raise
            self._no_multi_until = time.monotonic() + RELEARN_SECONDS
        return await self._ordered(order_key, data_key, max_items, bundles=False)

    async def _ordered(
        self, order_key: str, data_key: str, max_items: int, *, bundles: bool
    ) -> tuple[int, Any, int]:
        async with self._redis.pipeline(transaction=bundles) as pipe:
            pipe.zcard(order_key)
            pipe.zrange(order_key, 0, max(0, max_items - 1))
            pipe.hlen(data_key)
            size, order, stored = await pipe.execute()
        return size, order, stored

    async def _fronts(self, prefixes: Sequence[str]) -> list[QueueFront]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for prefix in prefixes:
                pipe.zrange(f"{prefix}:requests", 0, 0)
            fronts = await pipe.execute(raise_on_error=False)
        _check((f"{prefix}:requests" for prefix in prefixes), fronts)
        ids = [decoded(front[0]) if front else "" for front in fronts]
        async with self._redis.pipeline(transaction=False) as pipe:
            for prefix, id in zip(prefixes, ids, strict=True):
                if id:
                    pipe.hget(f"{prefix}:data", id)
            found = await pipe.execute(raise_on_error=False)
        busy = [prefix for prefix, id in zip(prefixes, ids, strict=True) if id]
        _check((f"{prefix}:data" for prefix in busy), found)
        values = iter(found)
        return [
            QueueFront(prefix, id, _status(id, next(values)) if id else "")
            for prefix, id in zip(prefixes, ids, strict=True)
        ]

    async def _read(self, prefix: str, max_items: int) -> QueueReading:
        order_key, data_key = f"{prefix}:requests", f"{prefix}:data"
        age = await self._prove_master()
        size, order, stored = await self._order(order_key, data_key, max_items)
        ids = [decoded(member) for member in order]
        items, unreadable = [], 0
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            values = await self._redis.hmget(data_key, chunk)
            for queue_id, value in zip(chunk, values, strict=True):
                item = item_of(queue_id, value)
                unreadable += item is None
                items.append(item or QueueItem(queue_id, "unreadable"))
        if stored > sum(item.status != LEAKED for item in items) and size <= max_items:
            items += await self._unordered(data_key, set(ids))
        return QueueReading(
            at=self._clock(),
            size=size,
            items=tuple(items),
            unreadable=unreadable,
            truncated=size > len(ids),
            replica_age=age,
        )

    async def _unordered(self, data_key: str, known: set[str]) -> list[QueueItem]:
        found: list[QueueItem] = []
        async for field, value in self._redis.hscan_iter(data_key, count=CHUNK):
            queue_id = decoded(field)
            if queue_id in known:
                continue
            item = item_of(queue_id, value, in_order=False)
            found += [item] if item is not None else []
            if len(found) >= UNORDERED_LIMIT:
                break
        return found


def _check(keys: Iterable[str], answers: Sequence[Any]) -> None:
    """Name the key that is no part of a queue. Raises SourceError, or Redis' own error."""
    for key, answer in zip(keys, answers, strict=True):
        if isinstance(answer, ResponseError) and "WRONGTYPE" in str(answer):
            raise SourceError(
                QUEUE,
                f"{key} has another type: is LLM_QUEUE_PREFIXES right?",
                permanent=True,
            )
        if isinstance(answer, RedisError):
            raise answer


def _status(id: str, value: bytes | str | None) -> str:
    """Return the status of a queue's front."""
    item = item_of(id, value)
    return item.status if item else "unreadable"
