"""Reads PostgreSQL's plans: which tables would be read as a whole."""

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import asyncpg


async def whole_reads(connection: "asyncpg.Connection[Any]", query: str, *values: Any) -> list[str]:
    """Return the tables that a query would read from end to end."""
    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values)
    return sorted({name for plan in json.loads(text) for name in _seq_scans(plan["Plan"])})


def _seq_scans(node: dict[str, Any]) -> Iterator[str]:
    if "Seq Scan" in node["Node Type"]:
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _seq_scans(child)


async def rows_looked_at(
    connection: "asyncpg.Connection[Any]", tables: AbstractSet[str], query: str, *values: Any
) -> int:
    """Run a query and return how many rows of these tables it read, those not taken as well."""
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *values)
    return sum(_looked_at(plan["Plan"], tables) for plan in json.loads(text))


def _looked_at(node: dict[str, Any], tables: AbstractSet[str]) -> int:
    below = sum(_looked_at(child, tables) for child in node.get("Plans", ()))
    if node.get("Relation Name") not in tables:
        return below
    left_out = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = node["Actual Rows"] + sum(node.get(name, 0) for name in left_out)
    return below + int(rows * node["Actual Loops"])
