"""The role that deploy/readonly_role.sql makes, at a CJ database of either revision."""

import re
from collections.abc import Iterable

import asyncpg

from bot.ports.rights import TriedState
from bot.sources.cj.database import CjPostgres
from tests.rights.attempt import Attempt

ACTOR = "role"
NAME = "batchbot_reader"
# Temporary tables are not among them: every role may make some, by a right of PUBLIC that is not
# this script's to take from the others of CJ's database.
BEYOND = {
    "make a table": "CREATE TABLE cj_processed_essays_copy (id int)",
    "empty a table": "TRUNCATE cj_comparison_pairs",
    "drop a table": "DROP TABLE cj_comparison_pairs",
    "lock a table": "LOCK TABLE cj_batch_states IN EXCLUSIVE MODE",
    "lock a row": "SELECT id FROM cj_comparison_pairs LIMIT 1 FOR UPDATE",
    "read a file of the server": "SELECT pg_read_file('/etc/passwd')",
    "copy to a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "end another session": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND usename <> current_user",
    "become another role": "SET ROLE postgres",
    "change its own function": "CREATE OR REPLACE FUNCTION batchbot.session_states()"
    " RETURNS int LANGUAGE sql AS 'SELECT 1'",
}


def as_reader(url: str) -> str:
    """Return a database's address, for the role."""
    return re.sub(r"//[^@/]*@", f"//{NAME}@", url)


async def tried(url: str) -> list[Attempt]:
    """Try as the role of `url` what doctor tries, what goes beyond, and one reading of its own."""
    source = CjPostgres(url)
    try:
        own = [
            Attempt(ACTOR, one.what, one.state is not TriedState.REFUSED)
            for one in await source.tried_rights()
        ]
        read = await source.batch(33) is not None
    finally:
        await source.close()
    return [*own, *await _beyond(url, BEYOND.items()), Attempt(ACTOR, "read a batch", read, True)]


async def _beyond(url: str, attempts: Iterable[tuple[str, str]]) -> list[Attempt]:
    connection = await asyncpg.connect(url)
    try:
        return [
            Attempt(ACTOR, what, await _worked(connection, statement))
            for what, statement in attempts
        ]
    finally:
        await connection.close()


async def _worked(connection: asyncpg.Connection, statement: str) -> bool:
    """Run one statement, allowed to write if the role is, and take it back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET TRANSACTION READ WRITE")
        await connection.execute(statement)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError):
        return False
    finally:
        await transaction.rollback()
    return True
