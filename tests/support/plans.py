"""Reads PostgreSQL's plans: which tables would be read as a whole."""

import json
from collections.abc import Iterator
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
