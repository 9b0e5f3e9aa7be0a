"""Tries what the role of CJ_DATABASE_URL should be refused; changes nothing and fetches no row."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from bot.ports.rights import TriedRight, TriedState

# PostgreSQL checks a right before it reads, so that no attempt has to fetch or change a row.
ATTEMPTS = {
    "read an essay": "SELECT assessment_input_text FROM cj_processed_essays LIMIT 0",
    "read a prompt": "SELECT prompt_text FROM cj_comparison_pairs LIMIT 0",
    "read a justification": "SELECT justification FROM cj_comparison_pairs LIMIT 0",
    "read a user's id": "SELECT user_id FROM cj_batch_uploads LIMIT 0",
    "read a request": "SELECT processing_metadata FROM cj_batch_uploads LIMIT 0",
    "read a batch's document": "SELECT processing_metadata FROM cj_batch_states LIMIT 0",
    "read an answer's document": "SELECT processing_metadata FROM cj_comparison_pairs LIMIT 0",
    "read an error's document": "SELECT error_details FROM cj_comparison_pairs LIMIT 0",
    "read an event": "SELECT event_data FROM event_outbox LIMIT 0",
    "read a relay's error": "SELECT last_error FROM event_outbox LIMIT 0",
    "read the queries of other sessions": "SET LOCAL ROLE pg_read_all_stats",
    "write": "UPDATE cj_batch_states SET total_comparisons = total_comparisons WHERE false",
    "delete": "DELETE FROM cj_comparison_pairs WHERE false",
}
# An older version's function hands on what an error message says; of this one, no word is listed.
MESSAGE = "read an error message"
_MAY_ASK = "SELECT has_function_privilege(to_regprocedure('batchbot.message(json)'), 'EXECUTE')"
_HANDED_ON = """SELECT batchbot.message('{"provider_error_message": "as it was written"}') <> ''"""


async def tried_rights(connection: Any) -> Sequence[TriedRight]:
    """Try each, in one transaction that is rolled back."""
    within = connection.is_in_transaction()
    transaction = connection.transaction()
    await transaction.start()
    try:
        # A refusal by the session's read-only mode would say nothing about the role.
        if not within:
            await connection.execute("SET TRANSACTION READ WRITE")
        await connection.execute("SET LOCAL lock_timeout = '1s'")
        tried = [
            TriedRight(what, *await _outcome(connection, statement))
            for what, statement in ATTEMPTS.items()
        ]
        if await connection.fetchval(_MAY_ASK) and await connection.fetchval(_HANDED_ON):
            tried.append(TriedRight(MESSAGE, TriedState.ALLOWED))
        return tried
    finally:
        await transaction.rollback()


async def _outcome(connection: Any, statement: str) -> tuple[TriedState, str]:
    """Run one statement and take it back; a broken connection is raised."""
    try:
        async with connection.transaction():
            await connection.execute(statement)
            await connection.execute("RESET ROLE")
    except asyncpg.InsufficientPrivilegeError:
        return TriedState.REFUSED, ""
    except asyncpg.PostgresConnectionError:
        raise
    except asyncpg.PostgresError as error:
        return TriedState.NOT_TRIED, type(error).__name__.removesuffix("Error")
    return TriedState.ALLOWED, ""
