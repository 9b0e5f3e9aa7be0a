"""The role that deploy/readonly_role.sql makes, at a CJ database of either revision."""

import re
from collections.abc import Iterable

import asyncpg
import orjson

from bot.ports.rights import TriedState
from bot.sources.cj.database import CjPostgres
from tests.rights.attempt import Attempt

ACTOR = "role"
PLANT = "Jag minns zqxmormor vid sjön"
MARK = "zqxmormor"
# What each function that reads rows is asked of batch 33; a new one has to stand here.
ASKED = {
    "batch_metadata": "batchbot.batch_metadata(33)",
    "answers": "batchbot.answers(ARRAY[33], false, 1000)",
    "answer": "(SELECT id FROM cj_comparison_pairs) p, batchbot.answer(p.id)",
    "failures": "batchbot.failures(ARRAY[33])",
    "some_failures": "batchbot.some_failures(ARRAY[33], 1000)",
    "outbox_error": "(SELECT id FROM event_outbox) e, batchbot.outbox_error(e.id)",
    "blocked_sessions": "batchbot.blocked_sessions(0)",
    "hidden_sessions": "batchbot.hidden_sessions()",
}
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


async def plant(url: str) -> None:
    """Write a student's text, as the owner, into everything that the functions read."""
    owner = await asyncpg.connect(url)
    try:
        names = (
            "provider", "model", "response_time_ms", "cost_estimate", "http_status", "error_type",
            "provider_error_type", "provider_error_message", "llm_batching_mode",
            "max_possible_pairs",
        )  # fmt: skip
        document = orjson.dumps({
            **dict.fromkeys(names, PLANT), "details": dict.fromkeys(names, PLANT), PLANT: PLANT,
            "comparison_budget": {"max_pairs_requested": PLANT},
            "config_overrides": {"llm_batching_mode_override": PLANT},
            "forced_to_scoring": {"reason": PLANT},
        }).decode()  # fmt: skip
        await owner.execute("UPDATE cj_batch_states SET processing_metadata = $1", document)
        await owner.execute(
            "UPDATE cj_comparison_pairs SET processing_metadata = $1, error_details = $1", document
        )
        await owner.execute("UPDATE event_outbox SET last_error = $1", PLANT)
    finally:
        await owner.close()


async def given_away(url: str) -> list[Attempt]:
    """Read the plants as the role of `url` through every function; none should give one away."""
    connection = await asyncpg.connect(url)
    try:
        made = await connection.fetch(
            "SELECT DISTINCT p.proname AS name FROM pg_proc p JOIN pg_namespace n"
            " ON n.oid = p.pronamespace WHERE n.nspname = 'batchbot' AND p.prosecdef"
        )
        found = [Attempt(ACTOR, "call a function nobody tries", {one["name"] for one in made}
                         != set(ASKED))]  # fmt: skip
        for name, asked in ASKED.items():
            rows = await connection.fetch(f"SELECT * FROM {asked}")
            found.append(Attempt(ACTOR, f"read a text through {name}", MARK in repr(rows)))
        return found
    finally:
        await connection.close()


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
