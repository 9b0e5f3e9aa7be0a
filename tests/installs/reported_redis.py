"""What people report of redis-py and of servers of Redis, tried on a server of Debian's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import redis

from bot.errors import SourceError
from bot.sources.llm_queue import RedisQueue
from tests.installs.certificates import certificates
from tests.installs.peers import front, silent
from tests.installs.redis import PREFIX, QUEUE, _fill, _row, seen, server
from tests.installs.table import Row, Seen, row


async def rows(folder: Path) -> AsyncIterator[Row]:
    """Yield the conditions."""
    place = folder / "redis.sock"
    async with server("--unixsocket", str(place), "--unixsocketperm", "777") as port:
        _fill(port)
        for id, condition, url in (
            ("RR-01", "a Unix socket", f"unix://{place}?db=0"),
            ("RR-02", "localhost", f"redis://localhost:{port}/0"),
            ("RR-03", "a user default without a password", f"redis://default@127.0.0.1:{port}/0"),
        ):
            found = await seen(folder, url)
            yield row(id, condition, found, codes=[0, 0], must=["1 item under"], about=QUEUE)
        found = await seen(folder, "unix:///nope/redis.sock")
        yield _row("RR-04", "no socket there", found, "not there at /nope/redis.sock")
        found = await seen(folder, f"redis://127.0.0.1:{port}/99")
        yield _row("RR-05", "a database beyond the last", found, "no database of that number")
        found = await seen(folder, "redis://[::1]:1/0")
        yield _row("RR-06", "IPv6, at which nobody listens", found, r"nobody listens at \[::1\]:1")
        async for one in _idle(folder, port):
            yield one
    async for one in _commands(folder):
        yield one
    async for one in _writes(folder):
        yield one
    async for one in _logins(folder):
        yield one


async def _idle(folder: Path, port: int) -> AsyncIterator[Row]:
    """Yield connections that were cut off, or forgotten, between two questions."""
    async with front(("127.0.0.1", port)) as before:
        queue = RedisQueue(f"redis://127.0.0.1:{before.port}/0", PREFIX, timeout_seconds=0.5)
        said = [await _answer(queue)]
        before.become(None)
        said.append(await _answer(queue))
        before.forget(silent)
        said.append(await _answer(queue))
        before.forget(None)
        said.append(await _answer(queue))
        await queue.close()
    yield row("RR-07", "a firewall resets, then forgets the connection", Seen("; ".join(said), 0),
              must=["1; 1; .*did not answer in time; 1"])  # fmt: skip
    queue = RedisQueue(f"redis://127.0.0.1:{port}/0", PREFIX)
    said = [await _answer(queue)]
    with redis.Redis("127.0.0.1", port) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    said.append(await _answer(queue))
    await queue.close()
    yield row("RR-08", "the server closed an idle connection", Seen("; ".join(said), 0),
              must=["1; 1"])  # fmt: skip


async def _answer(queue: RedisQueue) -> str:
    try:
        return str((await queue.read()).size)
    except SourceError as error:
        return error.message


async def _commands(folder: Path) -> AsyncIterator[Row]:
    """Yield servers on which commands were renamed or switched off."""
    for id, renamed, codes, must in (
        ("RR-09", "INFO", (0, 0), "1 item under"),
        ("RR-10", "MULTI", (0, 0), "1 item under"),
        ("RR-11", "ZRANGE", (1, 3), "does not know the command ZRANGE.*rename-command"),
        ("RR-12", "HSCAN", (1, 0), "does not know the command HSCAN.*rename-command"),
    ):
        async with server("--rename-command", renamed, "") as port:
            _fill(port)
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield row(id, f"rename-command {renamed}", found, codes=codes, must=[must], about=QUEUE)


async def _writes(folder: Path) -> AsyncIterator[Row]:
    """Yield servers that are read as ever and take no writes, so that nothing can be queued."""
    async with server("--min-replicas-to-write", "1") as port:
        with redis.Redis("127.0.0.1", port) as client:
            client.config_set("min-replicas-to-write", 0)
            _fill(port)
            client.config_set("min-replicas-to-write", 1)
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield row("RR-13", "min-replicas-to-write without a replica", found, codes=[0, 0],
                  must=["⚠️.*1 item.*no writes without its replicas"], about=QUEUE)  # fmt: skip
    place = folder / "data"
    place.mkdir()
    async with server("--dir", str(place)) as port:
        _fill(port)
        place.rmdir()
        with redis.Redis("127.0.0.1", port) as client:
            client.bgsave()
            for _ in range(500):
                if client.info("persistence")["rdb_last_bgsave_status"] == "err":
                    break
                await asyncio.sleep(0.02)
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield row("RR-14", "the server cannot save its data (MISCONF)", found, codes=[0, 0],
                  must=["⚠️.*1 item.*cannot save its data"], about=QUEUE)  # fmt: skip


async def _logins(folder: Path) -> AsyncIterator[Row]:
    async with server() as port:
        with redis.Redis("127.0.0.1", port) as client:
            client.acl_setuser("bot", enabled=False, passwords=["+s3cr3t"], categories=["+@all"],
                               keys=["*"])  # fmt: skip
            client.acl_setuser("channel", enabled=True, nopass=True, commands=["+ping"])
        for id, condition, user, must in (
            ("RR-15", "the user is switched off", "bot:s3cr3t", "login of user bot is refused"),
            ("RR-16", "a user without any right", "channel:x", "user channel may not do it"),
        ):
            found = await seen(folder, f"redis://{user}@127.0.0.1:{port}/0")
            yield _row(id, condition, found, must)
    old = certificates(folder / "redis-old", days=-1)
    options = ("--tls-cert-file", str(old.server), "--tls-key-file", str(old.server_key),
               "--tls-ca-cert-file", str(old.ca), "--tls-auth-clients", "no")  # fmt: skip
    async with server(*options, tls=True) as port:
        found = await seen(folder, f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={old.ca}")
    yield _row("RR-17", "an expired certificate", found, "out of its time.*Renew")
