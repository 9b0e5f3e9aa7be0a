"""Redis: addresses, logins, ACLs, replicas, Sentinel, clusters, TLS."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import redis

from tests.installs.certificates import certificates
from tests.installs.peers import http_says, peer, says
from tests.installs.pgbouncer import answers
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.tcp_ports import lasting_port

QUEUE = "LLM queue"
PREFIX = "llm_provider_service:queue"


@contextmanager
def _server(port: int, options: tuple[str, ...]) -> Iterator[None]:
    folder = tempfile.mkdtemp(prefix="bb-redis-")
    place = () if "--dir" in options else ("--dir", folder)
    process = subprocess.Popen(
        ["redis-server", *options, "--bind", "127.0.0.1", *place],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.kill()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def server(*options: str, tls: bool = False) -> AsyncIterator[int]:
    """Run a redis-server with these options; yields its port."""
    port = lasting_port()
    ports = ("--port", "0", "--tls-port", str(port)) if tls else ("--port", str(port))
    with _server(port, (*ports, "--save", "", *options)):
        await answers(port)
        yield port


def _fill(port: int, db: int = 0, **login: str) -> None:
    with redis.Redis("127.0.0.1", port, db=db, **login) as client:  # type: ignore[arg-type]
        client.zadd(f"{PREFIX}:requests", {"a": 1})
        client.hset(f"{PREFIX}:data", "a", '{"status": "processing"}')


async def seen(folder: Path, url: str) -> list[Seen]:
    """Return doctor's line on the queue and the answer to `/queue`."""
    files = folder / "logs"
    files.mkdir(exist_ok=True)
    settings = {"LLM_QUEUE_REDIS_URL": url, "LOG_FILES_DIR": str(files)}
    with installed(folder, settings):
        return [line_of(await doctor(), QUEUE), await ask("/queue")]


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; those of TLS, Sentinel and clusters are not quick."""
    async with server() as port:
        _fill(port, db=3)
        async for one in _addresses(folder, port):
            yield one
        async for one in _rights(folder, port):
            yield one
    async with server("--requirepass", "other") as port:
        for id, login, must in (
            ("RD-13a", "", "wants a password"), ("RD-13b", ":s3cr3t@", "login of user default"),
        ):  # fmt: skip
            url = f"redis://{login}127.0.0.1:{port}/0"
            yield _row(id, "password missing or wrong", await seen(folder, url), must)
    async with server("--replicaof", "127.0.0.1 1") as port:
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-05", "a replica that never synced", found, "never had its master's data")
    stale = ("--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no")
    async with server(*stale) as port:
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-06", "a replica that serves no stale data", found, "replica")
    async for one in _replicas(folder):
        yield one
    async for one in _busy(folder):
        yield one
    async with server("--cluster-enabled", "yes") as port:
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-07", "a cluster's node", found, "cluster does not serve")
    async with server("--maxclients", "2") as port:
        with redis.Redis("127.0.0.1", port) as one, redis.Redis("127.0.0.1", port) as other:
            one.ping(), other.ping()
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-12", "maxclients reached", found, "no connection left|closed the connection")
    async for one in _full(folder):
        yield one
    if not quick:
        async for one in _words(folder):
            yield one
        async for row_ in _slow(folder):
            yield row_


# What servers and proxies answer, and what must be said of it.
WORDS = (
    ("DENIED Redis is running in protected mode", "in protected mode.*Set a password"),
    ("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
     "disk.", "cannot save its data.*disk full"),
    ("OOM command not allowed when used memory > 'maxmemory'.", "memory is full.*maxmemory"),
    ("READONLY You can't write against a read only replica.", "a replica.*master's address"),
    ("NOREPLICAS Not enough good replicas to write.", "without its replicas.*It passes"),
    ("TRYAGAIN Multiple keys request during rehashing of slot", "moves the queue's keys.*passes"),
    ("ASK 866 10.0.0.7:6379", "one node of a cluster"),
    ("NOPERM No permissions to access a key", "may not do it.*ACL SETUSER"),
    ("ERR unknown command 'HELLO', with args beginning with: '3'", r"protocol version.*protocol=2"),
    ("upstream failure", "a proxy before Redis gets no answer.*It passes"),
    ("", "without a word why"),
)  # fmt: skip


async def _words(folder: Path) -> AsyncIterator[Row]:
    for words, must in WORDS:
        async with peer(says(f"-{words}\r\n".encode())) as port:
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-20", words or "an error without a word", found, must)


async def _full(folder: Path) -> AsyncIterator[Row]:
    """Yield a server without memory, which refuses reads within MULTI as well."""
    async with server("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as port:
        with redis.Redis("127.0.0.1", port) as client, suppress(redis.RedisError):
            _fill(port)
            for number in range(10_000):
                client.set(f"k{number}", "x" * 1_000)
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
    yield row("RD-21", "maxmemory reached", found, codes=[0, 0], about=QUEUE,
              must=["⚠️.*1 item.*its memory is full"])  # fmt: skip


async def _busy(folder: Path) -> AsyncIterator[Row]:
    """Yield servers that answer nothing for a while, and what is no Redis."""
    saved = folder / "redis-saved"
    saved.mkdir()
    async with server("--dir", str(saved)) as port:
        with redis.Redis("127.0.0.1", port) as client:
            for number in range(3_000):
                client.set(f"k{number}", "x" * 500)
            client.save()
    slowly = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    async with server("--dir", str(saved), *slowly) as port:
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-16", "it loads its data", found, "still loading its data.*wait")
    async with server("--busy-reply-threshold", "100") as port:
        with redis.Redis("127.0.0.1", port, socket_timeout=0.5) as client:
            with suppress(redis.RedisError):
                client.eval("while true do end", 0)
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-17", "a script that does not end", found, "busy with a script")
    async with peer(http_says("400 Bad Request", "x")) as port:
        found = await seen(folder, f"redis://127.0.0.1:{port}/0")
        yield _row("RD-18", "the port speaks HTTP", found, "is no Redis")


async def _replicas(folder: Path) -> AsyncIterator[Row]:
    async with AsyncExitStack() as stack:
        master = await stack.enter_async_context(server("--repl-diskless-sync-delay", "0"))
        _fill(master)
        async with server("--replicaof", f"127.0.0.1 {master}") as port:
            with redis.Redis("127.0.0.1", port) as replica:
                await _linked(replica, "up")
                found = await seen(folder, f"redis://127.0.0.1:{port}/0")
                yield row("RD-14", "a replica in step", found, codes=[0, 0], about=f"{QUEUE}|heard",
                          must=["⚠️.*from a replica that heard its master \\d s ago"])  # fmt: skip
                await stack.aclose()
                await _linked(replica, "down")
                found = await seen(folder, f"redis://127.0.0.1:{port}/0")
                yield _row("RD-14b", "a replica whose master is gone", found, "lost its master for")


async def _linked(replica: redis.Redis, state: str) -> None:
    for _ in range(200):
        if replica.info("replication").get("master_link_status") == state:
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the replica's link is not {state}")


def _row(
    id: str, condition: str, found: list[Seen], *must: str, codes: tuple[int, ...] = (1, 3)
) -> Row:
    return row(id, condition, found, must=must, codes=codes, must_not=["queue is empty"],
               about=QUEUE)  # fmt: skip


async def _addresses(folder: Path, port: int) -> AsyncIterator[Row]:
    where = f"127.0.0.1:{port}"
    for id, condition, url, must in (
        ("RD-01a", "an unknown option", f"redis://{where}/0?foo=bar", "unknown option foo"),
        ("RD-01b", "a TLS option without TLS", f"redis://{where}?ssl_cert_reqs=none", "rediss://"),
        ("RD-02a", "a name for the database", f"redis://{where}/prod", "no number"),
        ("RD-02b", "half a number", f"redis://{where}/3x", "no number"),
        ("RD-02c", "# in the password", f"redis://:s3cr3t#x@{where}/0", "%23"),
        ("RD-22a", "a password without its colon", f"redis://s3cr3t@{where}/0",
         "login of user … is refused.*between : and @"),
        ("RD-22b", "a protocol that is none", f"redis://{where}/0?protocol=4", "value of protocol"),
        ("RD-22c", "a time below zero", f"redis://{where}/0?socket_timeout=-1", "socket_timeout"),
        ("RD-refu", "nobody listens", "redis://:s3cr3t@127.0.0.1:1/0", "nobody listens"),
        ("RD-dns", "no such host", "redis://redis.invalid/0", "name or service not known"),
        ("RD-file", "a CA's file that is not there", f"rediss://{where}?ssl_ca_certs=/nope.pem",
         "/nope.pem"),
    ):  # fmt: skip
        yield _row(id, condition, await seen(folder, url), must)
    found = await seen(folder, f"redis://{where}/3?decode_responses=True&max_connections=10")
    yield row("RD-22d", "a service's own options", found, codes=[0, 0], about=QUEUE,
              must=["1 item.*without effect in the address: decode_responses"])  # fmt: skip
    found = await seen(folder, f"redis://{where}/3")
    yield row("RD-ok", "database 3", found, must=["1 item"], codes=[0, 0], about=QUEUE)


async def _rights(folder: Path, port: int) -> AsyncIterator[Row]:
    _fill(port)
    with redis.Redis("127.0.0.1", port) as owner:
        for name, *rules in (
            ("safe", "~*", "+@all", "-@dangerous"),
            ("half", "~*", "+ping", "+zcard", "+zrange", "+hlen", "+multi", "+exec"),
            ("other", "~other:*", "+@all"),
            ("lone", "~*", "+@read", "+ping", "-multi", "-exec"),
        ):
            owner.execute_command("ACL", "SETUSER", name, "on", ">s3cr3t", *rules)
    for id, user, codes, must in (
        ("RD-03", "safe", (0, 0), ["no right to INFO"]),
        ("RD-04a", "half", (1, 3), ["may not do it", "ACL SETUSER half"]),
        ("RD-04b", "other", (1, 3), ["may not do it", "keys"]),
        ("RD-04c", "lone", (0, 0), ["without MULTI"]),
    ):
        found = await seen(folder, f"redis://{user}:s3cr3t@127.0.0.1:{port}/0")
        yield row(id, f"a user with ACL {user}", found, must=must, codes=codes, about=QUEUE)


async def _slow(folder: Path) -> AsyncIterator[Row]:
    own, other = certificates(folder / "tls"), certificates(folder / "tls2", "DNS:redis")
    async with server() as port:
        found = await seen(folder, f"rediss://127.0.0.1:{port}/0")
        yield _row("RD-10b", "rediss:// to a plain port", found, "TLS at all.*redis://")
    for id, condition, cert, auth, url, must in (
        ("RD-10", "redis:// to a TLS port", own, "no", "redis://127.0.0.1:{}/0", "rediss://"),
        ("RD-11a", "an own CA", own, "no", "rediss://127.0.0.1:{}/0", "ssl_ca_certs"),
        ("RD-11b", "another host's certificate", other, "no",
         f"rediss://127.0.0.1:{{}}/0?ssl_ca_certs={other.ca}", "names another host"),
        ("RD-11c", "a client certificate is wanted", own, "yes",
         f"rediss://127.0.0.1:{{}}/0?ssl_ca_certs={own.ca}", "client certificate"),
    ):  # fmt: skip
        files = ("--tls-cert-file", str(cert.server), "--tls-key-file", str(cert.server_key),
                 "--tls-ca-cert-file", str(cert.ca), "--tls-auth-clients", auth)  # fmt: skip
        async with server(*files, tls=True) as port:
            yield _row(id, condition, await seen(folder, url.format(port)), must)
    async with server() as master:
        conf = folder / "sentinel.conf"
        conf.write_text(f"sentinel monitor mymaster 127.0.0.1 {master} 1\n")
        port = lasting_port()
        with _server(port, (str(conf), "--sentinel", "--port", str(port))):
            await answers(port)
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
    yield _row("RD-08", "the port of a Sentinel", found, "Sentinel")
    found = await seen(folder, "redis+sentinel://127.0.0.1:26379/mymaster")
    yield _row("RD-09", "a Sentinel's scheme", found, "Sentinel")
    async for one in _cluster(folder):
        yield one


async def _cluster(folder: Path) -> AsyncIterator[Row]:
    async with server("--cluster-enabled", "yes") as one, server("--cluster-enabled", "yes") as two:
        with redis.Redis("127.0.0.1", one) as first, redis.Redis("127.0.0.1", two) as second:
            first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
            second.execute_command("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
            first.execute_command("CLUSTER", "MEET", "127.0.0.1", two)
            for _ in range(100):
                if "cluster_state:ok" in str(first.execute_command("CLUSTER", "INFO")):
                    break
                await asyncio.sleep(0.1)
        for port in (one, two):
            found = await seen(folder, f"redis://127.0.0.1:{port}/0")
            yield _row("RD-07b", "a node of a cluster of two", found, "node of a cluster")
