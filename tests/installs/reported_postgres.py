"""What people report of asyncpg and PgBouncer, tried on a PostgreSQL of Debian's own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from bot.demo.incident.rows import load
from bot.errors import SourceError
from bot.sources.cj.database import CjPostgres
from tests.installs.certificates import certificates
from tests.installs.cluster import LETS_IN, Cluster, cluster, programs, standby
from tests.installs.peers import front, silent
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'batchbot'"
CJ = "CJ database"
STATUS = "/batch status 34"


async def seen(folder: Path, url: str) -> list[Seen]:
    """Return doctor's line on the CJ database and the answer on a batch."""
    with installed(folder, {"CJ_DATABASE_URL": url, "LOG_FILES_DIR": str(folder)}):
        return [line_of(await doctor(), CJ), await ask(STATUS)]


def _row(id: str, condition: str, found: list[Seen], must: str) -> Row:
    return row(id, condition, found, must=[must], codes=[1, 3], about=CJ)


def _fine(id: str, condition: str, found: list[Seen], must: str = "newest batch 34") -> Row:
    return row(id, condition, found, must=[must], codes=[0, 1], about=CJ)


async def rows(folder: Path) -> AsyncIterator[Row]:
    """Yield the conditions."""
    if programs() is None:
        yield Row("RP-00", "no PostgreSQL of Debian's is installed: nothing was tried", "")
        return
    async with cluster() as made:
        await load(made.url(), "now")
        async for one in _places(folder, made):
            yield one
        async for one in _logins(folder, made):
            yield one
        async for one in _idle(made):
            yield one
        async for one in _standbys(folder, made):
            yield one
    async for one in _certificates(folder):
        yield one


async def _places(folder: Path, made: Cluster) -> AsyncIterator[Row]:
    """Yield sockets, names with several addresses, and addresses of IPv6 alone."""
    by_socket = f"postgresql://postgres@/postgres?host={made.place}&port={made.port}"
    yield _fine("RP-01", "a Unix socket's folder", await seen(folder, by_socket))
    gone = by_socket.replace(str(made.place), "/nope")
    yield _row("RP-02", "no socket there", await seen(folder, gone), "(?i)no such file|no socket")
    closed = "postgresql://postgres@localhost:1/postgres"
    yield _row("RP-03", "localhost, at which nobody listens", await seen(folder, closed),
               "nobody listens at localhost:1")  # fmt: skip
    url = made.url(host="localhost")
    yield _fine("RP-04", "localhost, and the server at 127.0.0.1 alone", await seen(folder, url))
    made.stop()
    made.configure(listen_addresses="::1")
    await made.start()
    yield _fine("RP-05", "IPv6 alone", await seen(folder, made.url(host="[::1]")))
    if any(one[0] is socket.AF_INET6 for one in socket.getaddrinfo("localhost", 1)):
        yield _fine("RP-06", "localhost, and the server at ::1 alone", await seen(folder, url))
    made.stop()
    made.configure()
    await made.start()


HBA = """local all all trust
host all reject 127.0.0.1/32 reject
host all absent ::1/128 trust
hostssl all tlsonly 127.0.0.1/32 trust
host all scram,expired 127.0.0.1/32 scram-sha-256
host all postgres,nologin,bounded,reader 127.0.0.1/32 trust
host all certain 127.0.0.1/32 ident
"""
ROLES = """
SET password_encryption = 'md5'; CREATE ROLE scram LOGIN PASSWORD 's3cr3t';
SET password_encryption = 'scram-sha-256';
CREATE ROLE expired LOGIN PASSWORD 's3cr3t' VALID UNTIL '2001-01-01';
CREATE ROLE reject LOGIN; CREATE ROLE absent LOGIN; CREATE ROLE tlsonly LOGIN;
CREATE ROLE nologin NOLOGIN; CREATE ROLE certain LOGIN; CREATE ROLE reader LOGIN;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
"""
LOGINS = (
    ("RP-07", "pg_hba.conf rejects the role", "reject", "login of user reject .*an entry"),
    ("RP-08", "pg_hba.conf has no entry", "absent", "login of user absent .*an entry"),
    ("RP-09", "pg_hba.conf lets the role in by TLS alone", "tlsonly",
     "tlsonly without TLS is refused.*sslmode=require"),
    ("RP-10", "SCRAM is asked, and the password is kept as MD5", "scram",
     "login of user scram is refused"),
    ("RP-11", "the role's password has expired", "expired", "login of user expired is refused"),
    ("RP-12", "the role may not log in", "nologin", "nologin may not log in.*ALTER ROLE it LOGIN"),
    ("RP-13", "ident is asked", "certain", "login of user certain is refused.*pg_hba"),
)  # fmt: skip


async def _logins(folder: Path, made: Cluster) -> AsyncIterator[Row]:
    await made.execute(ROLES.partition("CREATE DATABASE")[0])
    await made.execute("CREATE DATABASE closed ALLOW_CONNECTIONS false")
    made.stop()
    made.configure(HBA)
    await made.start()
    for id, condition, user, must in LOGINS:
        yield _row(id, condition, await seen(folder, made.url(user=user)), must)
    yield _row("RP-14", "the database allows no connections",
               await seen(folder, made.url("closed")), "takes no connections.*ALLOW_CONNECTIONS"
               )  # fmt: skip
    made.stop()
    made.configure(max_connections="4", superuser_reserved_connections="3",
                   max_wal_senders="0")  # fmt: skip
    await made.start()
    held = CjPostgres(made.url())
    async with held._reading():
        found = await seen(folder, made.url(user="reader"))
    await held.close()
    yield _row("RP-15", "what is left is reserved for superusers", found, "no connection left")
    made.stop()
    made.configure()
    await made.start()


async def _idle(made: Cluster) -> AsyncIterator[Row]:
    """Yield what ends sessions between two questions."""
    await made.execute("ALTER DATABASE postgres SET idle_session_timeout = '200ms'")
    reader = CjPostgres(made.url())
    said = [await _answer(reader)]
    await _no_sessions(made)
    said.append(await _answer(reader))
    await made.execute("ALTER DATABASE postgres RESET idle_session_timeout")
    yield row("RP-16", "idle_session_timeout ended the session", Seen("; ".join(said), 0),
              must=["34; 34"])  # fmt: skip
    made.stop()
    await made.start()
    said = [await _answer(reader), await _answer(reader)]
    await reader.close()
    yield row("RP-17", "the server was restarted between two questions", Seen("; ".join(said), 0),
              must=["34; 34"])  # fmt: skip
    async with front(("127.0.0.1", made.port)) as before:
        url = made.url().replace(f":{made.port}/", f":{before.port}/")
        reader = CjPostgres(url, timeout_seconds=1)
        said = [await _answer(reader)]
        before.become(None)
        said.append(await _answer(reader))
        before.forget(silent)
        said.append(await _answer(reader))
        before.forget(None)
        said.append(await _answer(reader))
        await reader.close()
    yield row("RP-18", "a firewall resets, then forgets the connection", Seen("; ".join(said), 0),
              must=["34; 34; .*in time; 34"])  # fmt: skip


async def _no_sessions(made: Cluster) -> None:
    """Wait until the server has ended the bot's sessions."""
    session = await asyncpg.connect(made.url())
    try:
        while await session.fetchval(OPEN):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    finally:
        await session.close()


async def _answer(reader: CjPostgres) -> str:
    try:
        return ", ".join(str(one.batch_id) for one in await reader.find("34"))
    except SourceError as error:
        return error.message


async def _standbys(folder: Path, made: Cluster) -> AsyncIterator[Row]:
    async with standby(made) as copy:
        found = await seen(folder, copy.url())
        yield row("RP-19", "a hot standby", found, must=["⚠️.*a replica, .*primary's address"],
                  codes=[0, 1], about=CJ)  # fmt: skip
        with installed(folder, {"BOT_DATABASE_URL": copy.url()}):
            own = line_of(await doctor(), "bot's own database")
        yield row("RP-20", "BOT_DATABASE_URL leads to a hot standby", own, codes=[1],
                  must=["takes no writes.*primary's address in BOT_DATABASE_URL"])  # fmt: skip
    async with standby(made, hot_standby="off") as copy:
        yield _row("RP-21", "a standby that takes no questions", await seen(folder, copy.url()),
                   "standby that takes no questions.*primary's address")  # fmt: skip


async def _certificates(folder: Path) -> AsyncIterator[Row]:
    own = certificates(folder / "pg-tls", days=-1)
    hba = LETS_IN
    async with cluster(hba) as made:
        keys = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
        for name, source in (("server.crt", own.server), ("server.key", own.server_key)):
            made.give(name, source.read_bytes())
        made.stop()
        made.configure(hba, ssl="on", **keys)
        await made.start()
        await load(made.url(query="?sslmode=disable"), "now")
        for id, condition, query, must in (
            ("RP-22", "an expired certificate", f"?sslmode=verify-full&sslrootcert={own.ca}",
             "certificate has expired"),
            ("RP-23", "a self-signed chain", "?sslmode=verify-full&sslrootcert=system",
             "certificate.*self-signed|sslrootcert"),
        ):  # fmt: skip
            yield _row(id, condition, await seen(folder, made.url(query=query)), must)
        found = await seen(folder, made.url(query="?sslmode=require"))
        yield _fine("RP-24", "sslmode=require asks for no proof", found)
