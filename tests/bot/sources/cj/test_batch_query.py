"""Of a huge batch every pair is counted, in one pass, and as many looked at as are needed."""

import asyncpg
import pytest

from bot.demo.incident.rows import load
from bot.sources.cj import batch_query
from bot.sources.cj.database import CjPostgres
from bot.sources.cj.schema import SOME_FAILURES, CjSchema
from tests.rights.role import NAME, as_reader
from tests.support.paths import ROOT
from tests.support.plans import rows_looked_at


async def grant(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute((ROOT / "deploy" / "readonly_role.sql").read_text(encoding="utf-8"))
    await owner.close()


@pytest.mark.parametrize("by_functions", [True, False])
async def test_of_a_huge_batch_all_is_counted_and_what_failed_looked_at_in_part(
    database_url: str, by_functions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database_url, "now")
    if by_functions:
        await grant(database_url)
    reader = CjPostgres(as_reader(database_url) if by_functions else database_url)
    whole = await reader.batch(33)
    monkeypatch.setattr("bot.sources.cj.database.HUGE_PAIRS", 99)
    monkeypatch.setattr("bot.sources.cj.database.HUGE_DETAIL", 30)
    part = await reader.batch(33)
    assert whole is not None
    assert part is not None
    assert part.pairs == whole.pairs
    assert part.at_first_finalisation == whole.at_first_finalisation
    assert (part.looked_at, part.failures_looked_at) == (30, 30)
    assert sum(one.rows for one in part.errors) == 30
    assert part.sampled
    assert part.failures_sampled
    assert sum(one.rows for one in whole.errors) == whole.pairs.error == 66
    assert not whole.sampled
    assert not whole.failures_sampled
    await reader.close()


async def test_an_earlier_role_that_knows_no_bound_groups_all_that_failed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database_url, "now")
    await grant(database_url)
    owner = await asyncpg.connect(database_url)
    await owner.execute(f"REVOKE EXECUTE ON FUNCTION {SOME_FAILURES} FROM {NAME}")
    await owner.close()
    monkeypatch.setattr("bot.sources.cj.database.HUGE_PAIRS", 99)
    monkeypatch.setattr("bot.sources.cj.database.HUGE_DETAIL", 30)
    reader = CjPostgres(as_reader(database_url))
    rows = await reader.batch(33)
    assert rows is not None
    assert sum(one.rows for one in rows.errors) == rows.failures_looked_at == 66
    assert rows.sampled
    assert not rows.failures_sampled
    await reader.close()


@pytest.mark.parametrize("winner", ["essay_a", "error", None, "draw"])
async def test_rows_are_looked_for_no_further_than_there_are_any(
    database_url: str, winner: str | None
) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE cj_comparison_pairs SET winner = 'essay_b'")
    first = await connection.fetchval(
        "UPDATE cj_comparison_pairs SET winner = $1 WHERE id = "
        "(SELECT min(id) FROM cj_comparison_pairs WHERE cj_batch_id = 33) RETURNING id",
        winner,
    )
    assert first
    # An index gives rows in the order in which they stand, with the changed one first.
    await connection.execute("CLUSTER cj_comparison_pairs USING cj_comparison_pairs_pkey")
    await connection.execute("SET max_parallel_workers_per_gather = 0")
    schema, pairs = CjSchema(has_total_budget=True), {"cj_comparison_pairs"}
    total = await connection.fetchval("SELECT count(*) FROM cj_comparison_pairs")
    query = batch_query.batch(schema)
    looked = await rows_looked_at(connection, pairs, query, 33, 1, 10_000_000, 1)
    await connection.close()
    # Once to count them and once for their essays, then the one that is there, whatever it is.
    assert looked <= 2 * total + 4


@pytest.mark.parametrize("winner", ["essay_a", "essay_b", "error", None, "draw"])
async def test_a_batch_and_its_line_in_a_list_count_alike(
    database_url: str, winner: str | None
) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE cj_comparison_pairs SET winner = $1, "
        "submitted_at = CASE WHEN id % 2 = 0 THEN submitted_at END WHERE id % 3 = 0",
        winner,
    )
    await connection.execute("DELETE FROM cj_comparison_pairs WHERE cj_batch_id = 34")
    await connection.close()
    reader = CjPostgres(database_url)
    for summary in await reader.newest():
        rows = await reader.batch(summary.header.batch_id)
        assert rows is not None
        assert rows.pairs == summary.pairs
    await reader.close()


@pytest.mark.parametrize("by_functions", [True, False])
async def test_several_batches_are_read_in_one_query_as_each_is_alone(
    database_url: str, by_functions: bool
) -> None:
    await load(database_url, "now")
    if by_functions:
        await grant(database_url)
    reader = CjPostgres(as_reader(database_url) if by_functions else database_url)
    numbers = [one.header.batch_id for one in await reader.newest(limit=5)]
    assert await reader.rows_of([*numbers, -1, 2**31 - 1]) == {
        number: await reader.batch(number) for number in numbers
    }
    await reader.close()
