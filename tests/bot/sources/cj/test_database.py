"""The CJ database is read on both revisions of its schema, without student text."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from bot.demo.incident.rows import BATCHES, STUDENT_TEXT, Revision, load, pair_id
from bot.diagnosis.compare import report as compare
from bot.diagnosis.compare.sides import side_of, side_of_totals
from bot.diagnosis.investigate import report as investigate
from bot.diagnosis.trace import report as trace
from bot.diagnosis.trace.collect import collect as collect_trace
from bot.domain.report import Verdict
from bot.errors import SourceError
from bot.ports import Deadline, Sources
from bot.sources.cj import batch_query
from bot.sources.cj import queries as sql
from bot.sources.cj.database import CjPostgres
from bot.sources.cj.schema import OPTIONAL, CjSchema
from tests.installs.peers import front, says
from tests.support.plans import whole_reads
from tests.support.servers.wire import CUT, wire

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
RUNNING = """
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'batchbot' AND state = 'active'
"""


@pytest.fixture(params=["then", "now"])
async def database(
    request: pytest.FixtureRequest, night_urls: Mapping[Revision, str]
) -> AsyncIterator[CjPostgres]:
    reader = CjPostgres(night_urls[request.param])
    yield reader
    await reader.close()


async def test_batch_33_shows_the_numbers_of_the_night(database: CjPostgres) -> None:
    rows = await database.batch(33)
    assert rows is not None
    assert (rows.pairs.total, rows.pairs.error) == (100, 66)
    assert (rows.pairs.essay_a, rows.pairs.essay_b, rows.pairs.with_winner) == (11, 23, 100)
    assert (rows.header.submitted_comparisons, rows.header.completed_comparisons) == (10, 34)
    assert rows.header.true_budget == 100
    assert (rows.position.mixed, rows.position.anchors_in_a) == (100, 86)
    assert sum(group.rows for group in rows.errors) == 66
    assert sum(group.roots for group in rows.errors) == 9
    assert rows.scores.sharing == 6
    assert rows.header.created_at.tzinfo is not None


async def test_batch_34_was_finalised_before_its_last_answers(database: CjPostgres) -> None:
    rows = await database.batch(34)
    assert rows is not None
    assert (rows.pairs.valid, rows.pairs.total, rows.header.state) == (10, 10, "SCORING")
    assert rows.at_first_finalisation is not None
    assert rows.at_first_finalisation.answered < rows.at_first_finalisation.submitted


async def test_no_student_text_leaves_the_database(database: CjPostgres) -> None:
    said = [await database.batch(batch.id) for batch in BATCHES]
    traced = await database.trace(pair_id(33, 1))
    listed = await database.newest()
    assert "PLANTED" in STUDENT_TEXT
    assert "PLANTED" not in f"{said}{traced}{listed}"


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("34", [34]),
        ("9c41f7b2-58de-4a36-b1f0-2ab525a2c034", [34]),
        ("9C41F7B2-58DE-4A36-B1F0-2AB525A2C034", [34]),
        ("9c41f7", [34]),
        ("84ebf6", []),
        ("999", []),
        ("99999999999999999999999999", []),
        ("34; DROP TABLE cj_batch_uploads", []),
        ("%", []),
        ("", []),
    ],
)
async def test_an_id_means_one_thing(database: CjPostgres, ref: str, found: list[int]) -> None:
    assert [match.batch_id for match in await database.find(ref)] == found


@pytest.mark.parametrize("revision", ["then", "now"])
async def test_digits_that_no_batch_has_as_its_number_may_begin_a_uuid(
    database_url: str, revision: Revision
) -> None:
    await load(database_url, revision)
    database = CjPostgres(database_url)
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        "UPDATE cj_batch_uploads SET bos_batch_id = '34567890-58de-4a36-b1f0-2ab525a2c034'"
        " WHERE id = 33"
    )
    await owner.close()
    found = {ref: await database.find(ref) for ref in ("34567890", "345678", "34567", "34")}
    await database.close()
    told = {ref: [(one.batch_id, one.how) for one in some] for ref, some in found.items()}
    assert told == {
        "34567890": [(33, "prefix")],
        "345678": [(33, "prefix")],
        "34567": [],
        "34": [(34, "cj_id")],
    }


async def test_a_trace_finds_the_pair_and_the_batch_under_any_of_their_ids(
    database: CjPostgres,
) -> None:
    by_pair = await database.trace(pair_id(34, 3))
    by_batch = await database.trace(UUID(BATCHES[-1].event_correlation_id))
    assert [pair.batch_id for pair in by_pair.pairs] == [34]
    assert [batch.batch_id for batch in by_batch.batches] == [34]
    assert await database.trace(uuid4()) == type(by_pair)()


async def test_ownership_tells_known_correlation_ids_from_foreign_ones(
    database: CjPostgres,
) -> None:
    foreign = UUID("8f3a11d7-9411-4ca2-9999-59a9d18c5da9")
    assert await database.owned([pair_id(33, 7), foreign]) == {pair_id(33, 7): 33}
    row = (await database.trace(pair_id(33, 7))).pairs[0]
    assert await database.essay_batches([str(row.essay_a), "none"]) == {str(row.essay_a): 33}


async def test_lists_give_counts_and_state(database: CjPostgres) -> None:
    assert [row.header.batch_id for row in await database.newest()] == [34, 33, 32, 31]
    assert [row.header.batch_id for row in await database.newest(state="scoring")] == [34]
    assert [row.header.batch_id for row in await database.open_batches()] == [34]
    assert (await database.newest(limit=1))[0].pairs.valid == 10
    assert await database.blocked_sessions() == ()


async def test_an_unreadable_database_is_an_error_with_words_and_no_secret() -> None:
    reader = CjPostgres("postgresql://me:hunter2@127.0.0.1:1/x", timeout_seconds=1)
    with pytest.raises(SourceError) as caught:
        await reader.batch(34)
    assert caught.value.source == "cj_database"
    assert "hunter2" not in str(caught.value)
    await reader.close()


async def test_a_database_of_something_else_is_named_as_such(database_url: str) -> None:
    reader = CjPostgres(database_url)
    with pytest.raises(SourceError, match="CJ database"):
        await reader.batch(34)
    await reader.close()


async def running(url: str, count: int) -> None:
    """Wait until so many of our statements run; the suite's own time limit bounds the wait."""
    watcher = await asyncpg.connect(url)
    try:
        while await watcher.fetchval(RUNNING) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    finally:
        await watcher.close()


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Hold a lock that every question about batches has to wait for."""
    holder = await asyncpg.connect(url)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE cj_batch_uploads IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await holder.close()


async def test_a_deadline_cancels_the_statement_in_the_server(database_url: str) -> None:
    await load(database_url, "now")
    reader = CjPostgres(database_url, timeout_seconds=600)
    try:
        await reader.find("34")
        async with locked(database_url):
            asked = asyncio.create_task(reader.batch(34))
            await running(database_url, 1)
            asked.cancel()
            await running(database_url, 0)
        assert await reader.batch(34) is not None
    finally:
        await reader.close()


async def test_a_statement_that_takes_too_long_ends_by_itself(database_url: str) -> None:
    await load(database_url, "now")
    reader = CjPostgres(database_url, timeout_seconds=0.5)
    try:
        async with locked(database_url):
            with pytest.raises(SourceError) as caught:
                await reader.batch(34)
        assert caught.value.timed_out
    finally:
        await reader.close()


async def test_many_commands_at_once_use_few_connections(database_url: str) -> None:
    await load(database_url, "now")
    reader, other = CjPostgres(database_url), await asyncpg.connect(database_url)
    try:
        found = await asyncio.gather(*(reader.batch(34) for _ in range(40)))
        assert all(rows is not None for rows in found)
        opened = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'batchbot'"
        assert await other.fetchval(opened) <= 4
    finally:
        await other.close()
        await reader.close()


async def test_a_status_takes_two_round_trips(database_url: str) -> None:
    await load(database_url, "now")
    async with wire(database_url) as relay:
        reader = CjPostgres(relay.url)
        try:
            counts = []
            for _ in range(3):
                before = relay.round_trips
                await reader.find("34")
                await reader.batch(34)
                counts.append(relay.round_trips - before)
                before = relay.round_trips
                await reader.newest()
                counts.append(relay.round_trips - before)
            assert counts[-2:] == [2, 1]
        finally:
            await reader.close()


async def test_a_session_that_was_told_of_its_end_is_a_broken_source(database_url: str) -> None:
    await load(database_url, "now")
    async with wire(database_url) as relay:
        reader = CjPostgres(relay.url)
        try:
            await reader.newest()
            relay.hold_ends()
            cut = await asyncpg.connect(database_url)
            await cut.execute(CUT)
            await cut.close()
            await asyncio.sleep(0.2)
            with pytest.raises(SourceError, match=r"server ended|connection broke"):
                await reader.newest()
            assert await reader.newest()
        finally:
            await reader.close()


HOSTILE = [
    '{"provider": "a\\u0000b", "model": "m"}',
    '{"response_ms": "\\ud800"}',
    '["not", "an", "object"]',
    '"text"',
    "null",
    '{"response_time_ms": "NaN", "cost_estimate": {"x": 1}, "token_usage": [1]}',
    '{"response_time_ms": 1e400, "cost_estimate": "-", "token_usage": {"total_tokens": true}}',
    '{"provider": {"nested": 1}, "model": [2]}',
]


@pytest.mark.parametrize("document", HOSTILE)
async def test_metadata_of_any_shape_is_survived(database_url: str, document: str) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    for table, key in (("cj_comparison_pairs", "cj_batch_id"), ("cj_batch_states", "batch_id")):
        await connection.execute(
            f"UPDATE {table} SET processing_metadata = $1 WHERE {key} = 33", document
        )
    await connection.execute(
        "UPDATE cj_comparison_pairs SET error_details = $1 WHERE winner = 'error'", document
    )
    await connection.close()
    reader = CjPostgres(database_url)
    rows = await reader.batch(33)
    assert rows is not None
    assert (rows.pairs.error, rows.pairs.valid) == (66, 34)
    assert rows.cost is None
    assert [batch.header.batch_id for batch in await reader.newest(limit=1)] == [34]
    assert (await reader.trace(pair_id(33, 1))).pairs
    await reader.close()


async def test_answers_that_took_no_time_are_counted(database_url: str) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE cj_comparison_pairs SET processing_metadata = $1 WHERE id IN (SELECT id FROM "
        "cj_comparison_pairs WHERE cj_batch_id = 34 ORDER BY id LIMIT 3)",
        '{"provider": "anthropic", "model": "m", "response_time_ms": 0}',
    )
    await connection.close()
    reader = CjPostgres(database_url)
    found = [await reader.batch(number) for number in (33, 34)]
    assert [one.instant for one in found if one] == [0, 3]
    await reader.close()


async def test_what_is_read_in_detail_is_bounded_and_said(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(database_url, "then")
    monkeypatch.setattr("bot.sources.cj.database.DETAIL_PAIRS", 40)
    reader = CjPostgres(database_url)
    rows = await reader.batch(33)
    assert rows is not None
    assert (rows.pairs.total, rows.position.mixed, rows.truncated) == (100, 40, True)
    assert (rows.looked_at, rows.sampled) == (40, True)
    await reader.close()


@pytest.mark.parametrize("revision", ["then", "now"])
async def test_every_query_can_be_answered_from_indexes(
    database_url: str, revision: Revision
) -> None:
    await load(database_url, revision)
    schema = CjSchema(has_total_budget=revision == "now")
    queries: list[tuple[Any, ...]] = [
        (batch_query.batch(schema), 33, 1000, 2000, 100),
        (sql.summaries("ORDER BY u.id DESC LIMIT $1", schema), 20),
        (sql.MATCH.format(where="id = $1"), 33),
        (sql.MATCH.format(where="bos_batch_id = $1"), "x"),
        (sql.pairs_by_request(schema), pair_id(33, 1)),
        (sql.pairs_by_error(schema), pair_id(33, 1), datetime(2025, 11, 1)),  # noqa: DTZ001
        (sql.OWNED, [pair_id(33, 1)]),
    ]
    connection = await asyncpg.connect(database_url)
    # On a small table the planner would rather read the whole; it must have another way.
    await connection.execute("SET enable_seqscan = off")
    try:
        for query, *values in queries:
            assert await whole_reads(connection, query, *values) == [], query
    finally:
        await connection.close()


async def test_totals_add_up_several_batches_and_none(database: CjPostgres) -> None:
    both = await database.totals([33, 34])
    assert (both.batches, both.pairs.total, both.pairs.error, both.pairs.valid) == (2, 110, 66, 44)
    assert sum(group.roots for group in both.errors) == 9
    assert (both.finalised, both.projections) == (2, 24)
    assert both.priced == 44
    assert both.cost == pytest.approx(44 * 0.0033)
    assert both.response_ms is not None
    nothing = await database.totals([])
    assert (nothing.pairs.total, nothing.errors, nothing.cost, nothing.response_ms) == (
        0,
        (),
        None,
        None,
    )


@pytest.fixture
async def half(database_url: str) -> AsyncIterator[CjPostgres]:
    """The database as a role reads it that may read all tables but the optional ones."""
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    name = f"half_{uuid4().hex[:8]}"
    await owner.execute(f"CREATE ROLE {name} LOGIN")
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    await owner.execute(f"REVOKE SELECT ON {', '.join(OPTIONAL)} FROM {name}")
    reader = CjPostgres(database_url.replace("postgres@", f"{name}@"))
    yield reader
    await reader.close()
    await owner.execute(f"DROP OWNED BY {name}")
    await owner.execute(f"DROP ROLE {name}")
    await owner.close()


async def test_a_role_with_some_of_the_rights_is_told_the_rest(
    half: CjPostgres, database_url: str
) -> None:
    whole = CjPostgres(database_url)
    try:
        for id in (pair_id(33, 1), pair_id(34, 1)):
            mine, all_of_it = await half.trace(id), await whole.trace(id)
            assert mine.hidden == ("grade_projections",)
            assert [one.pair_id for one in mine.pairs] == [one.pair_id for one in all_of_it.pairs]
            assert mine.pairs
        totals, sums = await half.totals([33, 34]), await whole.totals([33, 34])
        assert (totals.pairs, totals.errors) == (sums.pairs, sums.errors)
        assert totals.hidden == ("grade_projections",)
        assert sums.hidden == ()
        open_ones, failed = await half.open_batches(), await half.failed_batches(LONG_AGO)
        assert [one.header for one in open_ones] == [
            replace(one.header, expected_essay_count=None) for one in await whole.open_batches()
        ]
        assert len(failed) == len(await whole.failed_batches(LONG_AGO))
        assert all(one.hidden == tuple(OPTIONAL) for one in (*open_ones, *failed))
        with pytest.raises(SourceError, match="event_outbox"):
            await half.unpublished()
    finally:
        await whole.close()


async def test_reports_of_such_a_role_name_the_tables_and_say_the_rest(half: CjPostgres) -> None:
    sources, now = Sources(database=half), datetime.now(UTC)
    deadline = Deadline.after(20)
    traced = trace.diagnose(
        await collect_trace(sources, pair_id(34, 1), now, deadline=deadline), now
    )
    assert traced.facts["winner"] in ("essay_a", "essay_b")
    sides = []
    for number in (33, 34):
        found = await investigate.collect(sources, number, now, deadline=deadline)
        assert isinstance(found, investigate.Investigation)
        sides.append(side_of(found, now))
    totals = await half.totals([33, 34])
    of_mode = side_of_totals("unknown", totals, None)
    compared = compare.diagnose(*sides)
    for report in (traced, compared, compare.diagnose(of_mode, of_mode)):
        assert "Not read for want of rights: " in str(report.summary)
        assert "grade_projections" in str(report.summary)
    assert compared.verdict is not Verdict.OK
    assert [side.count("projections") for side in (*sides, of_mode)] == [None, None, None]


async def test_sessions_that_the_role_may_not_see_are_unreadable_and_not_absent(
    database_url: str,
) -> None:
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    name = f"reader_{uuid4().hex[:8]}"
    await owner.execute(f"CREATE ROLE {name} LOGIN")
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    reader = CjPostgres(database_url.replace("postgres@", f"{name}@"))
    try:
        with pytest.raises(SourceError, match="hidden from the role"):
            await reader.blocked_sessions()
        await owner.execute(f"GRANT pg_read_all_stats TO {name}")
        assert await reader.blocked_sessions() == ()
    finally:
        await reader.close()
        await owner.execute(f"DROP OWNED BY {name}")
        await owner.execute(f"DROP ROLE {name}")
        await owner.close()


async def test_comparisons_are_found_by_the_first_six_characters_of_their_id(
    database: CjPostgres,
) -> None:
    wanted = sorted(await database.members(34))[0]
    assert wanted in await database.begun_by(str(wanted)[:6])
    assert await database.begun_by(str(wanted)[:-1].upper()) == (wanted,)
    assert await database.begun_by("ffffffffffff") == ()


async def test_a_session_that_was_cut_off_between_two_questions_is_opened_again(
    night_urls: Mapping[Revision, str],
) -> None:
    parts = urlsplit(night_urls["now"])
    socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    async with front(socket) as before:
        reader = CjPostgres(f"postgresql://postgres@127.0.0.1:{before.port}{parts.path}")
        assert await reader.find("34")
        before.become(None)
        assert await reader.find("34")
        before.become(None)
        assert await reader.find("34")
        before.become(says(b""))
        with pytest.raises(SourceError):
            await reader.find("34")
        await reader.close()


async def test_batches_of_one_request_have_each_their_own_events(database_url: str) -> None:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE event_outbox SET aggregate_id = u.bos_batch_id FROM cj_batch_uploads u, "
        "cj_batch_uploads v WHERE u.id = 32 AND v.id = 33 AND aggregate_id = v.bos_batch_id"
    )
    await connection.execute(
        "UPDATE cj_batch_uploads SET bos_batch_id = (SELECT bos_batch_id FROM cj_batch_uploads "
        "WHERE id = 32) WHERE id = 33"
    )
    await connection.close()
    reader = CjPostgres(database_url)
    first, second = await reader.batch(32), await reader.batch(33)
    alone = await reader.batch(34)
    await reader.close()
    assert first is not None
    assert second is not None
    assert alone is not None
    assert [one.batch_id for one in first.twins] == [33]
    assert [(one.batch_id, one.status) for one in second.twins] == [(32, "COMPLETE_STABLE")]
    assert alone.twins == ()
    events = [(one.event_type, one.count) for one in first.outbox]
    assert events
    assert all(count == 1 for _, count in events)
    assert [(one.event_type, one.count) for one in second.outbox] == events
    begun = second.header.created_at
    assert all(one.last_at and one.last_at < begun for one in first.outbox)
    assert all(one.first_at and one.first_at > begun for one in second.outbox)
    assert second.at_first_finalisation is not None
    assert second.at_first_finalisation.at > second.header.created_at
