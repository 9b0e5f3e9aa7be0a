"""Whether a database is CJ's and readable as it stands, and what is worth a look."""

from typing import Any

from bot.border import passing
from bot.domain.evidence import DATABASE
from bot.drivers.postgres_address import PostgresAddress
from bot.errors import SourceError

ROLE_FILE = "deploy/readonly_role.sql does."
# Stands in that file, and is raised there and here with each change of what the role may read.
ROLE_VERSION = 4
_ROLE_VERSION = """
SELECT coalesce(substring(obj_description(n.oid, 'pg_namespace') FROM 'version ([0-9]{1,6})'), '1')
FROM pg_namespace n WHERE n.nspname = 'batchbot'
"""
_SERVER = """
SELECT current_user AS role, pg_is_in_recovery() AS is_replica,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS behind
"""
_UNREADABLE = """
SELECT c.relname FROM pg_class c
WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v') AND pg_table_is_visible(c.oid)
  AND NOT has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1
"""
_FILTERED = """
SELECT c.relname FROM pg_class c
WHERE c.relname = ANY($1) AND pg_table_is_visible(c.oid) AND row_security_active(c.oid) ORDER BY 1
"""
# pg_class shows everybody the tables of every schema.
_ELSEWHERE = """
SELECT n.nspname AS schema, current_user AS role, has_schema_privilege(n.oid, 'USAGE') AS may_use
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v') ORDER BY 3 DESC, 1 LIMIT 1
"""


async def not_there(connection: Any, table: str, setting: str) -> SourceError:
    """Return why a table is not seen: another schema, no right to its schema, or no such table."""
    found = await connection.fetchrow(_ELSEWHERE, table)
    schema = passing.name(found["schema"]) if found else ""
    schema = passing.ELLIPSIS if schema == passing.NO_NAME else schema
    if found is None:
        message = f"it has no table {table}: is this the CJ database?"
        hint = f"Correct the name at the end of {setting}."
    elif found["may_use"]:
        message = f"{table} is in the schema {schema}, which is not searched"
        hint = f"Write ?options=-csearch_path%3D{schema} at the end of {setting}."
    else:
        message = f"the role {found['role']} may not use the schema {schema} of {table}"
        hint = f"GRANT USAGE ON SCHEMA {schema} TO {found['role']}; {ROLE_FILE}"
    return SourceError(DATABASE, message, hint=hint, permanent=True)


def filtered(tables: list[str]) -> SourceError:
    """Return the error of tables that would look empty because row security hides all they hold."""
    return SourceError(
        DATABASE,
        f"row security hides every row of {', '.join(tables)} from the role",
        hint="CREATE POLICY … FOR SELECT TO the role USING (true) on each, or give it BYPASSRLS.",
        permanent=True,
    )


async def told_of(connection: Any, tables: list[str], address: PostgresAddress) -> list[str]:
    """Return what is worth a look. Raises SourceError that names tables that may not be read."""
    server = await connection.fetchrow(_SERVER)
    hidden = ", ".join(row["relname"] for row in await connection.fetch(_UNREADABLE, tables))
    partly = ", ".join(row["relname"] for row in await connection.fetch(_FILTERED, tables))
    if hidden:
        raise SourceError(
            DATABASE,
            f"the role {server['role']} may not read {hidden}: permission denied",
            hint=f"GRANT SELECT ON {hidden} TO {server['role']}; {ROLE_FILE}",
            permanent=True,
        )
    told = [f"row security shows the role a part of {partly} only"] if partly else []
    made_by = await connection.fetchval(_ROLE_VERSION)
    if made_by and int(made_by) < ROLE_VERSION:
        told.append("the read-only role's functions are of an older version of the bot")
    if server["is_replica"]:
        told.append(f"a replica, {server['behind'] or 0:.0f} s behind its primary")
    if unused := address.without_effect:
        told.append(f"without effect in the address: {', '.join(unused)}")
    return told
