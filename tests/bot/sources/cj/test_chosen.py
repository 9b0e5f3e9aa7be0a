"""Lists of batches cost what they show, whatever the number of batches and the state asked for."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from bot.demo.incident.rows import load
from bot.sources.cj import chosen
from bot.sources.cj import queries as sql
from bot.sources.cj.database import CjPostgres
from bot.sources.cj.schema import CjSchema
from tests.support.plans import rows_looked_at

MANY = 20_000
FIRST = 1_000
BATCHES = {"cj_batch_states", "cj_batch_uploads"}
_FILL = f"""
INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language, course_code,
    expected_essay_count, status)
SELECT id, md5('b' || id)::uuid::text, md5('e' || id)::uuid::text, 'sv', 'ENG5', 24,
    CASE WHEN id < {FIRST + 3} THEN 'ERROR_PROCESSING' ELSE 'COMPLETE_STABLE' END
    ::cj_batch_status_enum
FROM generate_series({FIRST}, {FIRST + MANY - 1}) id;
INSERT INTO cj_batch_states (batch_id, state, total_comparisons)
SELECT id, CASE WHEN id < {FIRST + 2} THEN 'FAILED' ELSE 'COMPLETED' END::cj_batch_state_enum, 0
FROM cj_batch_uploads WHERE id >= {FIRST};
ANALYZE
"""


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute(_FILL)
    yield connection
    await connection.close()


@pytest.fixture
async def reader(database_url: str, filled: object) -> AsyncIterator[CjPostgres]:
    reader = CjPostgres(database_url)
    yield reader
    await reader.close()


async def _ids(reader: CjPostgres, state: str, limit: int = 4, before: int | None = None) -> object:
    found = await reader.newest(limit=limit, state=state, before=before)
    return [one.header.batch_id for one in found]


async def test_a_state_or_status_is_meant_in_any_case(reader: CjPostgres) -> None:
    last = FIRST + MANY - 1
    assert await _ids(reader, "completed", 2) == [last, last - 1]
    assert await _ids(reader, "Completed", 2, FIRST + 4) == [FIRST + 3, FIRST + 2]
    assert await _ids(reader, "COMPLETE_STABLE", 1) == [last]
    assert await _ids(reader, "failed") == [FIRST + 1, FIRST]
    assert await _ids(reader, "error_processing") == [FIRST + 2, FIRST + 1, FIRST]
    assert await _ids(reader, "error_processing", 1) == [FIRST + 2]


async def test_a_state_that_none_is_in_has_no_batch(reader: CjPostgres) -> None:
    for state in ("GENERATING_PAIRS", "no_such", "it's", "\\", ""):
        assert await _ids(reader, state) == [], state


async def test_a_label_that_a_migration_adds_is_found_at_once(
    reader: CjPostgres, filled: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    assert await _ids(reader, "it's new") == []
    await filled.execute("ALTER TYPE cj_batch_state_enum ADD VALUE 'IT''S NEW'")
    await filled.execute("UPDATE cj_batch_states SET state = 'IT''S NEW' WHERE batch_id = 1007")
    assert await _ids(reader, "it's new") == [1007]
    assert 1007 not in [one.header.batch_id for one in await reader.open_batches()]


async def test_a_label_that_is_renamed_meanwhile_is_meant_by_its_new_name(
    reader: CjPostgres, filled: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    before = await _ids(reader, "failed")
    await filled.execute("ALTER TYPE cj_batch_state_enum RENAME VALUE 'FAILED' TO 'BROKEN'")
    assert await _ids(reader, "broken") == before
    assert await _ids(reader, "failed", 5) == []


async def test_columns_that_are_no_enum_are_read_as_well(
    reader: CjPostgres, filled: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    opened = await reader.open_batches()
    before = await _ids(reader, "scoring"), await _ids(reader, "Error_Processing")
    for table, column in (("cj_batch_states", "state"), ("cj_batch_uploads", "status")):
        await filled.execute(f"ALTER TABLE {table} ALTER {column} DROP DEFAULT")
        await filled.execute(f"ALTER TABLE {table} ALTER {column} TYPE varchar(60)")
        fresh = CjPostgres(reader._sessions.address.url)
        try:
            after = await _ids(fresh, "scoring"), await _ids(fresh, "Error_Processing")
            assert after == before
            assert [o.header for o in await fresh.open_batches()] == [o.header for o in opened]
        finally:
            await fresh.close()


async def test_a_list_looks_at_few_rows_beyond_those_it_shows(
    filled: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    names = frozenset(row[0] for row in await filled.fetch(sql.NAMES, list(sql.TABLES)))
    schema = CjSchema.of(names)
    states = ("completed", "complete_stable", "failed", "error_processing", "scoring", "no_such")
    lists = [chosen.newest(schema, state, 20, None) for state in states]
    for where, *values in (*lists, (chosen.open_ones(schema), 500)):
        query = sql.summaries(where, schema)
        assert await rows_looked_at(filled, BATCHES, query, *values) < MANY // 10, where


async def test_a_check_reads_no_batch_beyond_the_newest(
    reader: CjPostgres,
    filled: "asyncpg.Connection[asyncpg.Record]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Any, ...]] = []
    fetch = asyncpg.Connection.fetch

    async def recorded(self: Any, query: str, *values: Any, **rest: Any) -> Any:
        asked.append((query, *values))
        return await fetch(self, query, *values, **rest)

    monkeypatch.setattr(asyncpg.Connection, "fetch", recorded)
    assert "newest batch" in await reader.check()
    monkeypatch.undo()
    assert any("event_correlation_id" in query for query, *_ in asked)
    looked = {query: await rows_looked_at(filled, BATCHES, query, *rest) for query, *rest in asked}
    assert max(looked.values()) < MANY / 100, max(looked, key=lambda query: looked[query])
