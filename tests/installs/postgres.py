"""PostgreSQL and PgBouncer: conditions of the CJ database and of the bot's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg

from bot.alerts.store.postgres import Store
from bot.demo.incident.rows import load
from bot.errors import SourceError
from bot.service.embedded_postgres import EmbeddedPostgres
from bot.sources.cj.database import CjPostgres
from tests.installs import postgres_rights
from tests.installs.peers import peer, says, speaks
from tests.installs.pgbouncer import pgbouncer
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.wire import wire

STATUS = "/batch status 34"
CJ = "CJ database"


async def rows(folder: Path, server: EmbeddedPostgres, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; the quick ones alone need PgBouncer and one server."""
    url = await _new(server)
    await load(url, "now")
    yield await _pooled(folder, url, "PG-01", "PgBouncer refuses start-up parameters", {})
    swallow = "default_transaction_read_only,statement_timeout,idle_in_transaction_session_timeout"
    yield await _pooled(
        folder, url, "PG-02", "PgBouncer swallows them", {"ignore_startup_parameters": swallow}
    )
    yield await _statements(folder, url)
    yield await _lead(url)
    yield await _session_pool(url)
    for what in ("zz", "full"):
        yield await _no_place(folder, url, what)
    yield await _migration(await _new(server))
    async for one in addresses(folder, url):
        yield one
    yield await _rights(folder, url)
    async for one in postgres_rights.rows(folder, server, quick=quick):
        yield one
    if not quick:
        yield await _no_version(folder)
        async for one in _another_protocol(folder):
            yield one
        async with pgbouncer(url, auth_type="md5") as pooled:
            seen = await _seen(folder, pooled)
        yield row("PG-17", "a wrong password at the pooler", seen, codes=[1, 3], about=CJ,
                  must=["the pooler refuses the login of user bot", "Correct user"])  # fmt: skip
        yield await _backend_away(folder, url)
        yield await _in_mid_query(url, "query timeout", ["too long: query.timeout", "only busy"])
        yield await _in_mid_query(url, "server died", ["server ended the session", "is tried"])


async def _new(server: EmbeddedPostgres) -> str:
    return await server.create_database(f"installs_{uuid4().hex[:12]}")


async def _seen(folder: Path, url: str) -> list[Seen]:
    with installed(folder, {"CJ_DATABASE_URL": url}):
        return [line_of(await doctor(), CJ), await ask(STATUS)]


async def _pooled(
    folder: Path, server: str, id: str, condition: str, options: dict[str, str]
) -> Row:
    async with pgbouncer(server, pool_mode="transaction", **options) as url:
        seen = await _seen(folder, url)
        reader = CjPostgres(url)
        await reader.find("34")
        async with reader._reading() as connection:
            state = await connection.fetchval("SHOW transaction_read_only")
            limit = await connection.fetchval("SHOW statement_timeout")
        await reader.close()
    guard = Seen(f"read only {state}, time limit {limit}", 0)
    return row(
        id, condition, [*seen, guard], must=["behind a pooler", "read only on, time limit 5s"],
        must_not=["the connection broke"], codes=[0, 1, 0], about=f"{CJ}|read only on",
    )  # fmt: skip


async def _statements(folder: Path, server: str) -> Row:
    condition = "transaction pooling, prepared statements: 20 questions, four at once"
    async with pgbouncer(server, pool_mode="transaction", default_pool_size="2") as url:
        reader = CjPostgres(url)
        for _ in range(5):
            found = await asyncio.gather(
                reader.batch(34), reader.find("34"), reader.newest(), reader.open_batches(),
                return_exceptions=True,
            )  # fmt: skip
            if failed := [one for one in found if isinstance(one, BaseException)]:
                return row("PG-03", condition, Seen(str(failed), 1), codes=[0])
        await reader.close()
    return row("PG-03", condition, Seen("20 of 20", 0), codes=[0])


async def _opened(url: str) -> Seen:
    store = Store(url, "x")
    try:
        await store.open()
        leads = await store.lead()
    except SourceError as error:
        return Seen(f"{error.message} {error.hint}", 3)
    finally:
        await store.close()
    return Seen("leads" if leads else "stands by", 0)


async def _lead(server: str) -> Row:
    async with pgbouncer(server, pool_mode="transaction") as url:
        refused = [await _opened(url), await _opened(url)]
    ignored = {"ignore_startup_parameters": "search_path,tcp_keepalives_idle,"
               "tcp_keepalives_interval,tcp_keepalives_count"}  # fmt: skip
    async with pgbouncer(server, pool_mode="transaction", default_pool_size="1", **ignored) as url:
        refused.append(await _opened(url))
    return row(
        "PG-04", "BOT_DATABASE_URL through a transaction pool", refused,
        must=["pool_mode", "own address"], codes=[3, 3, 3],
    )  # fmt: skip


async def _session_pool(server: str) -> Row:
    async with pgbouncer(server, default_pool_size="12") as url:
        first = Store(url, "x")
        await first.open()
        leads = await first.lead()
        second = await _opened(url)
        await first.close()
    return row(
        "PG-04b", "BOT_DATABASE_URL through a session pool, two bots",
        [Seen("leads" if leads else "no", 0), second], must=["leads", "stands by"], codes=[0, 0],
    )  # fmt: skip


async def _no_place(folder: Path, server: str, what: str) -> Row:
    if what == "zz":
        async with pgbouncer(server) as url:
            seen = await _seen(folder, url.rpartition("/")[0] + "/zz")
        return row("PG-05a", "database not listed at the pooler", seen, codes=[1, 3],
                   must=["does not list that database", "no such database", "at the end of"],
                   about=CJ)  # fmt: skip
    async with pgbouncer(server, max_client_conn="1") as url:
        holder = await asyncpg.connect(url, server_settings={})
        seen = await _seen(folder, url)
        await holder.close()
    return row("PG-05b", "no place left at the pooler", seen, codes=[1, 3],
               must=["no place left", "It passes"], about=CJ)  # fmt: skip


async def _backend_away(folder: Path, server: str) -> Row:
    async with pgbouncer(server, query_wait_timeout="2", server_connect_timeout="1") as url:
        holder = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(4)]
        for one in holder:
            await one.execute("SELECT 1")  # a session of the server is given at the first query
        seen = await _seen(folder, url)
        for one in holder:
            await one.close()
    return row("PG-05c", "the pooler has no server session left", seen, codes=[1, 3],
               must=["no session of the server free: query_wait_timeout"],
               about=CJ)  # fmt: skip


async def _in_mid_query(server: str, what: str, must: list[str]) -> Row:
    """A query waits for a lock until the pooler, or the server's administrator, ends it."""
    options = {"query_timeout": "1"} if what == "query timeout" else {}
    async with pgbouncer(server, pool_mode="transaction", **options) as url:
        reader, owner = CjPostgres(url), await asyncpg.connect(server)
        await reader.find("34")
        lock = owner.transaction()
        await lock.start()
        await owner.execute("LOCK TABLE cj_batch_states, cj_batch_uploads")
        asking = asyncio.create_task(reader.batch(34))
        if not options:
            while not await owner.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                pass
        (failed,) = await asyncio.gather(asking, return_exceptions=True)
        await lock.rollback()
        again = await reader.batch(34)
        await reader.close()
        await owner.close()
    said = f"{failed.message} {failed.hint}" if isinstance(failed, SourceError) else repr(failed)
    seen = [Seen(said, 3), Seen("read again" if again else "nothing", 0)]
    return row("PG-19", f"a pooler's session, {what} in mid query", seen, codes=[3, 0],
               must=[*must, "read again"], must_not=["refuses the connection"])  # fmt: skip


async def _migration(url: str) -> Row:
    await load(url, "then")
    reader = CjPostgres(url)
    reader._sessions._learnt_at = -1e9
    owner = await asyncpg.connect(url)
    said = []
    try:
        for change in (
            "SELECT 1",
            "ALTER TABLE cj_batch_states ADD total_budget int",
            "ALTER TABLE cj_batch_states DROP total_budget",
            "ALTER TABLE cj_batch_states ALTER current_iteration TYPE bigint",
        ):
            await owner.execute(change)
            reader._sessions._learnt_at = -1e9
            found = await reader.batch(34)
            said.append("total_budget" if reader._sessions.schema.has_total_budget else "none")
            assert found is not None
    except SourceError as error:
        said.append(error.message)
    await owner.close()
    await reader.close()
    return row("PG-08", "a column is added, dropped, retyped", Seen(" ".join(said), 0),
               must=["^none total_budget none none$"])  # fmt: skip


async def addresses(folder: Path, server: str) -> AsyncIterator[Row]:
    """Yield what is written into addresses."""
    async with wire(server) as relay:
        plain = relay.url
        for id, condition, url, must, codes in (
            ("PG-09", "libpq's parameters", f"{plain}?connect_timeout=3&channel_binding=prefer"
             "&keepalives=1", ["without effect in the address: connect_timeout"], [0, 1]),
            ("PG-09b", "channel_binding=require", f"{plain}?channel_binding=require",
             ["channel_binding=require, which this client cannot promise"], [1, 3]),
            ("PG-13", "SQLAlchemy's form", plain.replace("postgresql:", "postgresql+asyncpg:")
             + "?prepared_statement_cache_size=0", ["without effect"], [0, 1]),
            ("PG-12a", "misspelt sslmode", f"{plain}?sslmode=required", ["verify-full"], [1, 3]),
            ("PG-12b", "TLS asked of a server without", f"{plain}?sslmode=require",
             ["does not speak TLS", "sslmode=prefer"], [1, 3]),
            ("PG-12d", "verify-full without a CA's file", f"{plain}?sslmode=verify-full",
             ["no CA's file is given", "sslrootcert="], [1, 3]),
            ("PG-12c", "sslrootcert is not there",
             f"{plain}?sslmode=verify-full&sslrootcert=/nope.pem", ["/nope.pem"], [1, 3]),
        ):  # fmt: skip
            yield row(id, condition, await _seen(folder, url), must=must, codes=codes, about=CJ)
    for word in ("s3cr3t#iy@", "s3cr3t/x@", "s3cr3t?x@", "a:s3cr3t/c@"):
        seen = await _seen(folder, f"postgresql://u:{word}127.0.0.1/d")
        yield row("PG-10", f"{word[-4:]!r} in the password", seen, must=["CJ_DATABASE_URL", "%23"],
                  codes=[1, 3], about=CJ)  # fmt: skip
    seen = await _seen(folder, "postgresql://u:p@s3cr3t@127.0.0.1:1/d")
    yield row("PG-10", "@ in the password", seen, must=["127.0.0.1:1"], codes=[1, 3], about=CJ)
    for id, url, sentence in (
        ("unreachable", "postgresql://u:s3cr3t@127.0.0.1:1/d", "nobody listens at 127.0.0.1:1"),
        ("DNS", "postgresql://u:s3cr3t@db.invalid/d", "host name at db.invalid is not known"),
    ):
        seen = await _seen(folder, url)
        yield row(f"PG-{id[:3]}", id, seen, must=[sentence], codes=[1, 3], about=CJ)


async def _no_version(folder: Path) -> Row:
    ready = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I"
    async with peer(says(ready)) as port:
        seen = await _seen(folder, f"postgresql://bot:s3cr3t@127.0.0.1:{port}/cj")
    return row("PG-16", "a pooler that tells no version", seen, codes=[1, 3], about=CJ,
               must=["told no server_version", "own address"])  # fmt: skip


async def _another_protocol(folder: Path) -> AsyncIterator[Row]:
    for mode in ("", "?sslmode=disable"):
        for what, answer in (
            ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            ("SSH", b"SSH-2.0-x\r\n"),
        ):
            async with peer(speaks(answer)) as port:
                seen = await _seen(folder, f"postgresql://bot:s3cr3t@127.0.0.1:{port}/cj{mode}")
            yield row("PG-18", f"the port speaks {what} {mode}", seen, codes=[1, 3], about=CJ,
                      must=[f"no PostgreSQL answers at 127.0.0.1:{port}", "Correct host and port"],
                      must_not=["It passes", "TLS"])  # fmt: skip


async def _rights(folder: Path, server: str) -> Row:
    parts = urlsplit(server)
    owner = await asyncpg.connect(server)
    await owner.execute(
        "DO $$ BEGIN CREATE ROLE half LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO half;"
        "REVOKE SELECT ON event_outbox, grade_projections FROM half"
    )
    url = f"postgresql://half@{parts.path}?host={parse_qs(parts.query)['host'][0]}&port=5432"
    with installed(folder, {"CJ_DATABASE_URL": url}):
        seen = [line_of(await doctor(), CJ), await ask(STATUS), await ask("/batch list")]
    await owner.execute("DROP OWNED BY half; DROP ROLE half")
    await owner.close()
    return row("PG-15", "the role may read some tables only", seen, codes=[1, 3, 3],
               must=["may not read event_outbox, grade_projections", "GRANT SELECT ON",
                     "comparisons valid", "Not read for want of rights", "newest batch"],
               must_not=["0 grade projections"], about=f"{CJ}|want of rights")  # fmt: skip
