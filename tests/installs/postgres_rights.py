"""What a role may not see, and what a migration renamed: doctor reads what questions read."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg

from bot.demo.incident.rows import load
from bot.errors import SourceError
from bot.service.embedded_postgres import EmbeddedPostgres
from bot.sources.cj.database import CjPostgres
from tests.installs.peers import error_of_postgres, peer, says
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of

CJ = "CJ database"
ROLE = "looked"
GRANT = f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}"
SECURED = "; ".join(
    f"ALTER TABLE {one} ENABLE ROW LEVEL SECURITY"
    for one in ("cj_batch_uploads", "cj_batch_states", "cj_comparison_pairs")
)
# What is done to the database, what doctor must say of it, and what no answer may say.
CONDITIONS: tuple[tuple[str, str, str, str, tuple[int, int]], ...] = (
    ("PG-30", "no right to one column",
     "REVOKE SELECT ON cj_batch_states FROM looked; GRANT SELECT (batch_id, state) ON "
     "cj_batch_states TO looked", "permission denied for table cj_batch_states", (1, 3)),
    ("PG-31", "no USAGE on the schema",
     "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
     "may not use the schema public.*GRANT USAGE ON SCHEMA public", (1, 3)),
    ("PG-32", "the search_path leads elsewhere", "ALTER ROLE looked SET search_path = nowhere",
     "in the schema public, which is not searched.*search_path%3Dpublic", (1, 3)),
    ("PG-33", "no CONNECT", "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM "
     "PUBLIC', current_database()); END $$", "may not connect.*GRANT CONNECT", (1, 3)),
    ("PG-34", "row security hides every row", SECURED,
     "row security hides every row of cj_batch_uploads.*POLICY", (1, 3)),
    ("PG-34b", "row security shows some rows",
     "ALTER TABLE cj_batch_states ENABLE ROW LEVEL SECURITY;"
     "CREATE POLICY few ON cj_batch_states FOR SELECT USING (true)",
     "⚠️.*row security shows the role a part of cj_batch_states", (0, 1)),
    ("PG-35", "a column was renamed",
     "ALTER TABLE cj_comparison_pairs RENAME winner TO victor", "a needed column is missing",
     (1, 3)),
    ("PG-35b", "a table was renamed", "ALTER TABLE event_outbox RENAME TO outbox",
     "a needed table is missing", (1, 3)),
    ("PG-36", "the role's own statement_timeout is a millisecond",
     "ALTER ROLE looked SET statement_timeout = '1ms'", "✅", (0, 1)),
    ("PG-36b", "the role may hold no connection", "ALTER ROLE looked CONNECTION LIMIT 0",
     "no connection left.*It passes", (1, 3)),
)  # fmt: skip
# SQLSTATE and words as servers and poolers send them, and what is said of them.
WORDS: tuple[tuple[str, str, str], ...] = (
    ("57P03", "the database system is starting up", "starting up or shutting down.*It passes"),
    ("57P03", "the database system is not yet accepting connections", "It passes"),
    ("57P04", "database was dropped", "the database was dropped"),
    ("57P03", "the database system is not accepting connections", "a standby that takes no"),
    ("53300", "sorry, too many clients already", "no connection left.*It passes"),
    ("28000", 'no pg_hba.conf entry for host "172.18.0.5", user "bot", database "cj", SSL off',
     "without TLS is refused by pg_hba.conf.*sslmode=require"),
    ("28000", "connection requires a valid client certificate", "client certificate.*sslcert="),
    ("08P01", "no such user", "the pooler does not know the user bot.*auth_file"),
    ("08P01", "SSL required", "the pooler wants TLS.*sslmode=require"),
    ("08P01", 'database "cj" is disabled', "disabled the database.*It passes"),
    ("08P01", "pgbouncer cannot connect to server", "cannot reach the server behind.*It passes"),
)  # fmt: skip


async def rows(folder: Path, server: EmbeddedPostgres, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; the quick ones are those that two mistakes of ours rest on."""
    for id, condition, change, must, codes in CONDITIONS:
        if quick and id not in ("PG-30", "PG-34", "PG-35"):
            continue
        yield row(id, condition, await _changed(folder, server, change), must=[must], codes=codes,
                  about=CJ, must_not=["There is no batch"])  # fmt: skip
    if not quick:
        yield await _locked(folder, server)
        yield await _standby(folder, server)
        yield await _secured_while_it_runs(server)
        for state, words, must in WORDS:
            async with peer(says(error_of_postgres(state, words))) as port:
                seen = await _seen(folder, f"postgresql://bot:s3cr3t@127.0.0.1:{port}/cj")
            yield row(f"PG-{state}", words, seen, must=[must], codes=[1, 3], about=CJ)


async def _seen(folder: Path, url: str) -> list[Seen]:
    with installed(folder, {"CJ_DATABASE_URL": url}):
        return [line_of(await doctor(), CJ), await ask("/batch status 34")]


async def _made(server: EmbeddedPostgres) -> tuple[str, asyncpg.Connection]:
    """Return the address of a role that may read a night's database, and its owner's session."""
    url = await server.create_database(f"installs_{uuid4().hex[:12]}")
    await load(url, "now")
    owner = await asyncpg.connect(url)
    await owner.execute(f"CREATE ROLE {ROLE} LOGIN; {GRANT}")
    parts = urlsplit(url)
    return f"postgresql://{ROLE}@{parts.path}?host={parse_qs(parts.query)['host'][0]}", owner


async def _forget(owner: asyncpg.Connection) -> None:
    await owner.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
    await owner.close()


async def _changed(folder: Path, server: EmbeddedPostgres, change: str) -> list[Seen]:
    url, owner = await _made(server)
    await owner.execute(change)
    seen = await _seen(folder, url)
    await _forget(owner)
    return seen


async def _locked(folder: Path, server: EmbeddedPostgres) -> Row:
    url, owner = await _made(server)
    lock = owner.transaction()
    await lock.start()
    await owner.execute("LOCK TABLE cj_comparison_pairs IN ACCESS EXCLUSIVE MODE")
    seen = await _seen(folder, url)
    await lock.rollback()
    await _forget(owner)
    return row("PG-37", "a migration holds a table", seen, codes=[1, 3], about=CJ,
               must=["took too long and was cancelled.*somebody holds a lock"])  # fmt: skip


async def _secured_while_it_runs(server: EmbeddedPostgres) -> Row:
    url, owner = await _made(server)
    reader = CjPostgres(url)
    said = ["read" if await reader.batch(34) else "nothing"]
    await owner.execute(SECURED)
    reader._sessions._learnt_at = -1e9
    try:
        said.append("read" if await reader.batch(34) else "nothing")
    except SourceError as error:
        said.append(error.message)
    await reader.close()
    await _forget(owner)
    return row("PG-39", "row security is switched on while the bot runs", Seen(" ".join(said), 0),
               must=["^read row security hides every row"])  # fmt: skip


async def _standby(folder: Path, server: EmbeddedPostgres) -> Row:
    url, owner = await _made(server)
    found = [
        *await _seen(folder, f"{url}&target_session_attrs=read-write"),
        *await _seen(folder, f"{url}&target_session_attrs=standby"),
    ]
    await _forget(owner)
    return row("PG-38", "target_session_attrs: read-write, then a standby that is not there", found,
               codes=[0, 1, 1, 3], must=["Correct target_session_attrs"], about=CJ)  # fmt: skip
