"""Puts a day's rows into a real PostgreSQL, at the revision of the schema that they belong to."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bot.service.embedded_postgres import EmbeddedPostgres
from tests.support.paths import ROOT
from tests.truth.day import Day

SCHEMA = ROOT / "bot" / "demo" / "incident"
# A plain dump may ask for settings, roles and extensions of the server that it came from.
FOREIGN = ("\\restrict", "\\unrestrict", "SET transaction_timeout")
TABLES = (
    "cj_batch_uploads",
    "cj_batch_states",
    "cj_processed_essays",
    "cj_comparison_pairs",
    "grade_projections",
    "event_outbox",
)


async def database_of(day: Day, server: EmbeddedPostgres) -> str:
    """Return the address of a new database with the day's rows, or "" when it has none."""
    if not day.sql and day.rows is None:
        return ""
    name = f"truth_{uuid4().hex[:12]}"
    url = await server.create_database(name)
    if day.sql:
        await server.psql(_plain(day.sql), name)
    else:
        assert day.rows is not None
        await server.psql((SCHEMA / "schema.sql").read_text(encoding="utf-8"), name)
        if day.rows.get("now", True):
            # A new enum label cannot be used in the transaction that adds it.
            await server.psql((SCHEMA / "schema_now.sql").read_text(encoding="utf-8"), name)
        await server.psql("\n".join(inserts(day.rows["tables"])), name)
    return url


def _plain(dump: str) -> str:
    lines = (line for line in dump.split("\n") if not line.startswith(FOREIGN))
    return "\n".join(["SET search_path = public;", *lines])


def inserts(tables: Mapping[str, Any]) -> list[str]:
    """Return one INSERT a table; COPY's text format would need each JSON column escaped by hand."""
    unknown = set(tables) - set(TABLES)
    ordered = [*TABLES, *sorted(unknown)]
    statements = []
    for table in ordered:
        if rows := tables.get(table):
            text = json.dumps(rows).replace("$rows$", "")
            columns = ", ".join(dict.fromkeys(name for row in rows for name in row))
            statements.append(
                f"INSERT INTO {table} ({columns}) SELECT {columns} "
                f"FROM json_populate_recordset(NULL::{table}, $rows${text}$rows$);"
            )
    return statements
