"""The queue is read from both keys, 0 is told from unreadable, and prompts stay inside."""

import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
import redis
from fakeredis import TcpFakeServer
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.queue import QueueFront, Requeued
from bot.errors import SourceError
from bot.sources.llm_queue import RedisQueue
from bot.sources.redis.address import redis_address
from bot.sources.redis.errors import redis_error
from bot.sources.redis.item import duration_of, item_of, time_of
from bot.sources.redis.login import live_login
from bot.sources.redis.writes import refused_writes

PREFIX = "llm_provider_service:queue"
QUEUE_ID = "11111111-2222-4333-8444-555555555555"
CORRELATION = "99999999-2222-4333-8444-555555555555"
STORED = {
    "queue_id": QUEUE_ID,
    "request_data": {
        "user_prompt": "PLANTED essay",
        "user_id": "PLANTED person",
        "correlation_id": CORRELATION,
        "metadata": {"bos_batch_id": "b", "cj_batch_id": "34", "essay_a_id": "x"},
        "llm_config_overrides": {"system_prompt_override": "PLANTED prompt"},
    },
    "queued_at": "2025-11-18T23:48:00+00:00",
    "processing_started_at": "2025-11-18T23:48:05+00:00",
    "ttl": "PT4H",
    "status": "processing",
    "retry_count": 1,
    "priority": 5,
    "correlation_id": CORRELATION,
}


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[RedisQueue]:
    reader = RedisQueue(redis_url, PREFIX, timeout_seconds=2)
    yield reader
    await reader.close()


def _store(url: str, items: dict[str, bytes | None], *, unordered: tuple[str, ...] = ()) -> None:
    with redis.Redis.from_url(url) as client:
        for place, (queue_id, value) in enumerate(items.items()):
            if queue_id not in unordered:
                client.zadd(f"{PREFIX}:requests", {queue_id: place})
            if value is not None:
                client.hset(f"{PREFIX}:data", queue_id, value)


@pytest.mark.redis_server
async def test_an_item_shows_its_life_and_no_prompt(queue: RedisQueue, redis_url: str) -> None:
    _store(redis_url, {QUEUE_ID: orjson.dumps(STORED)})
    reading = await queue.read()
    (item,) = reading.items
    assert (reading.size, item.status, item.cj_batch_id) == (1, "processing", "34")
    assert item.expires_at == datetime(2025, 11, 19, 3, 48, tzinfo=UTC)
    assert (item.retry_count, item.correlation_id) == (1, CORRELATION)
    assert "PLANTED" not in repr(reading)
    assert [found.queue_id for found in await queue.find(UUID(CORRELATION))] == [QUEUE_ID]
    assert await queue.find(UUID(int=7)) == ()


@pytest.mark.redis_server
async def test_leaked_unordered_and_broken_entries_are_told_apart(
    queue: RedisQueue, redis_url: str
) -> None:
    _store(
        redis_url,
        {"leaked": None, "broken": b"\xff{", "loose": orjson.dumps(STORED)},
        unordered=("loose",),
    )
    reading = await queue.read()
    assert {item.queue_id: item.status for item in reading.items} == {
        "leaked": "leaked",
        "broken": "unreadable",
        "loose": "processing",
    }
    assert (reading.size, reading.unreadable) == (2, 1)
    assert [item.in_order for item in reading.items if item.queue_id == "loose"] == [False]


@pytest.mark.redis_server
async def test_an_empty_queue_is_a_real_zero_and_a_long_one_is_bounded(
    queue: RedisQueue, redis_url: str
) -> None:
    assert (await queue.read()).size == 0
    _store(redis_url, {f"q{n}": orjson.dumps(STORED) for n in range(30)})
    reading = await queue.read(max_items=10)
    assert (reading.size, len(reading.items), reading.truncated) == (30, 10, True)


@pytest.mark.redis_server
async def test_further_queues_are_known_by_their_fronts_and_read_by_name(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        for n, status in ((0, "processing"), (1, "queued"), (2, "")):
            client.zadd(f"q{n}:requests", {f"front{n}": 1, "behind": 2})
            if status:
                client.hset(f"q{n}:data", f"front{n}", orjson.dumps({"status": status}))
    names = [f"q{n}" for n in range(4)]
    reader = RedisQueue(redis_url, PREFIX, others=names, timeout_seconds=2)
    try:
        assert await reader.fronts() == [
            QueueFront("q0", "front0", "processing"),
            QueueFront("q1", "front1", "queued"),
            QueueFront("q2", "front2", "leaked"),
            QueueFront("q3"),
        ]
        assert (await reader.read_other("q1")).size == 2
        with pytest.raises(SourceError, match="no further queue 'q9'"):
            await reader.read_other("q9")
    finally:
        await reader.close()


@pytest.mark.redis_server
@pytest.mark.parametrize("key", ["requests", "data"])
async def test_a_further_queue_of_another_type_is_named(redis_url: str, key: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.zadd("q0:requests", {"front": 1})
        client.zadd("q1:requests", {"front": 1})
        client.delete(f"q1:{key}")
        client.set(f"q1:{key}", "x")
    reader = RedisQueue(redis_url, PREFIX, others=["q0", "q1"], timeout_seconds=2)
    try:
        with pytest.raises(SourceError, match=f"q1:{key} has another type.*LLM_QUEUE_PREFIXES"):
            await reader.fronts()
    finally:
        await reader.close()


@pytest.fixture
async def demo_redis() -> AsyncIterator[tuple[RedisQueue, str]]:
    """The Redis of `batchbot demo`, which is no redis-server."""
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"redis://127.0.0.1:{server.server_address[1]}/0"
    reader = RedisQueue(url, PREFIX, timeout_seconds=5)
    try:
        yield reader, url
    finally:
        await reader.close()
        server.shutdown()
        server.server_close()


async def test_a_server_without_the_command_info_is_read_all_the_same(
    demo_redis: tuple[RedisQueue, str],
) -> None:
    reader, url = demo_redis
    _store(url, {QUEUE_ID: orjson.dumps(STORED)})
    assert [item.status for item in (await reader.read()).items] == ["processing"]


async def test_an_orphan_is_put_back_in_the_demo_too(demo_redis: tuple[RedisQueue, str]) -> None:
    reader, url = demo_redis
    _store(url, {QUEUE_ID: orjson.dumps(STORED)})
    item = (await reader.read()).items[0]
    assert await reader.requeue(item, dry_run=True) == Requeued.WOULD
    assert await reader.requeue(item, dry_run=False) == Requeued.DONE
    assert [item.status for item in (await reader.read()).items] == ["queued"]


@pytest.mark.parametrize(
    ("reply", "told", "hint"),
    [
        ("unknown command 'EVAL', with args beginning with: ", "runs no scripts", "by hand"),
        ("unknown command `eval`, with args beginning with: ", "runs no scripts", "by hand"),
        (
            "unknown command 'ZCARD', with args beginning with: ",
            "not know the command ZCARD",
            "A Sentinel",
        ),
        (
            "NOPERM User bot has no permissions to run the 'eval' command",
            "may not put an item back",
            "+eval +hset",
        ),
        (
            "NOPERM User bot has no permissions to run the 'zcard' command",
            "may not do it",
            "+@read",
        ),
    ],
)
def test_a_refused_script_is_told_as_what_it_is(reply: str, told: str, hint: str) -> None:
    address = redis_address("redis://bot@localhost:6379/0")
    error = redis_error(redis.ResponseError(reply), address, PREFIX)
    assert told in str(error)
    assert hint in str(error.hint)


@pytest.mark.redis_server
async def test_a_key_of_another_type_is_unreadable(queue: RedisQueue, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{PREFIX}:requests", "x")
    with pytest.raises(SourceError, match="LLM_QUEUE_PREFIX"):
        await queue.read()


@pytest.mark.redis_server
async def test_a_right_that_is_given_later_is_used(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sources.llm_queue.RELEARN_SECONDS", 0.0)
    with redis.Redis.from_url(redis_url) as owner:
        owner.execute_command("ACL", "SETUSER", "late", "on", ">x", "~*", "+@read", "+select")
        reader = RedisQueue(redis_url.replace("//", "//late:x@", 1), PREFIX)
        before = await reader.check()
        owner.execute_command("ACL", "SETUSER", "late", "+info", "+multi", "+exec")
        after = await reader.check()
        await reader.close()
        owner.execute_command("ACL", "DELUSER", "late")
    lacking = ("no right to INFO", "without MULTI")
    assert [one in before for one in lacking] == [True, True]
    assert [one in after for one in lacking] == [False, False]


async def test_a_redis_that_is_away_is_never_an_empty_queue() -> None:
    reader = RedisQueue("redis://:hunter2@127.0.0.1:1/0", PREFIX, timeout_seconds=1)
    with pytest.raises(SourceError) as caught:
        await reader.read()
    assert "hunter2" not in str(caught.value)
    await reader.close()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT4H", timedelta(hours=4)),
        ("P1DT2M3.5S", timedelta(days=1, minutes=2, seconds=3.5)),
        (14400, timedelta(hours=4)),
        ("P", None),
        ("4 hours", None),
        (None, None),
        (True, None),
    ],
)
def test_durations_are_read_as_iso_8601(text: object, span: timedelta | None) -> None:
    assert duration_of(text) == span


@given(st.binary(max_size=200))
def test_no_stored_bytes_make_the_reader_fail(value: bytes) -> None:
    item = item_of("q", value)
    assert item is None or item.queue_id == "q"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_no_json_value_makes_the_reader_fail(value: object) -> None:
    stored = orjson.dumps(dict.fromkeys(STORED, value))
    assert item_of("q", stored) is not None
    assert time_of(value) is None or isinstance(value, str)


TEXTS = {"a": '"status":"processing"}', "b": {"status": "processing"}, "c": [], "d": 1.0, "ä": "ö"}


@pytest.mark.redis_server
@pytest.mark.parametrize("indented", [False, True])
async def test_an_orphan_is_put_back_by_changing_one_word(
    queue: RedisQueue, redis_url: str, indented: bool
) -> None:
    request = {**STORED["request_data"], **TEXTS}  # type: ignore[dict-item]
    option = orjson.OPT_INDENT_2 if indented else 0
    before = orjson.dumps({**STORED, "request_data": request}, option=option)
    _store(redis_url, {QUEUE_ID: before, "other": orjson.dumps(STORED)})
    item = (await queue.read()).items[0]
    assert await queue.requeue(item, dry_run=True) == Requeued.WOULD
    with redis.Redis.from_url(redis_url) as client:
        assert client.hget(f"{PREFIX}:data", QUEUE_ID) == before
        assert await queue.requeue(item, dry_run=False) == Requeued.DONE
        after = client.hget(f"{PREFIX}:data", QUEUE_ID)
        assert client.hget(f"{PREFIX}:data", "other") == orjson.dumps(STORED)
        order = client.zrange(f"{PREFIX}:requests", 0, -1, withscores=True)
    assert isinstance(after, bytes)
    assert orjson.loads(after) == {**orjson.loads(before), "status": "queued"}
    assert len(after) == len(before) - len("processing") + len("queued")
    assert order == [(QUEUE_ID.encode(), 0.0), (b"other", 1.0)]
    assert await queue.requeue(item, dry_run=False) == Requeued.CHANGED


@pytest.mark.redis_server
@pytest.mark.parametrize(
    ("now", "word"),
    [
        ({"status": "completed"}, Requeued.CHANGED),
        ({"status": None}, Requeued.CHANGED),
        ({"processing_started_at": "2025-11-18T23:59:05+00:00"}, Requeued.CHANGED),
        ({"processing_started_at": None}, Requeued.CHANGED),
        (None, Requeued.GONE),
    ],
)
async def test_what_is_no_longer_that_orphan_is_left_as_it_is(
    queue: RedisQueue, redis_url: str, now: dict[str, str | None] | None, word: Requeued
) -> None:
    _store(redis_url, {QUEUE_ID: orjson.dumps(STORED)})
    item = (await queue.read()).items[0]
    value = None if now is None else orjson.dumps({**STORED, **now})
    with redis.Redis.from_url(redis_url) as client:
        client.hdel(f"{PREFIX}:data", QUEUE_ID)
        if value is not None:
            client.hset(f"{PREFIX}:data", QUEUE_ID, value)
        assert await queue.requeue(item, dry_run=False) == word
        assert client.hget(f"{PREFIX}:data", QUEUE_ID) == value


@pytest.mark.redis_server
async def test_an_item_that_left_the_order_is_not_put_back(
    queue: RedisQueue, redis_url: str
) -> None:
    _store(redis_url, {QUEUE_ID: orjson.dumps(STORED)}, unordered=(QUEUE_ID,))
    (item,) = (await queue.read()).items
    assert await queue.requeue(item, dry_run=False) == Requeued.GONE


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"role": "master", "rdb_last_bgsave_status": "ok", "aof_last_write_status": "ok"}, ""),
        ({}, ""),
        ({"min_slaves_good_slaves": 1}, ""),
        ({"min_slaves_good_slaves": 0}, "without its replicas"),
        ({"rdb_last_bgsave_status": "err"}, "cannot save its data"),
        ({"aof_last_write_status": "err"}, "cannot save its data"),
    ],
)
def test_a_server_that_takes_no_writes_is_not_fine(told: dict[str, object], why: str) -> None:
    assert why in refused_writes(told)
    assert bool(why) == bool(refused_writes(told))


def test_each_login_is_with_the_address_of_now() -> None:
    urls = ["redis://bot:old@h", "redis://:n%2Fw@h", "redis://h"]
    login = live_login(lambda: urls.pop(0))["credential_provider"]
    assert [login.get_credentials() for _ in range(3)] == [("bot", "old"), ("n/w",), ("",)]
