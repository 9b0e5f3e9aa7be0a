"""What `/batch trends` takes with a million batches in CJ's tables, whole or honestly bounded."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from bot.demo.incident.rows import create_schema
from bot.diagnosis.trends.collect import MOST, PAGE, SUMMED
from bot.domain.report import Report
from bot.ports import Sources
from bot.ports.commands import ANSWER_SECONDS
from bot.service import embedded_postgres
from bot.sources.cj import queries as sql
from bot.sources.cj.database import CjPostgres
from bot.sources.cj.schema import CjSchema
from commands.batch.command import parse
from commands.batch.command import run as answer
from tests.benchmarks.figure import Row, Scale
from tests.support.fakes.sources import context
from tests.support.plans import whole_reads

BATCHES = {"small": 20_000, "full": 1_000_000}
PAIRS, ESSAYS = 4, 3
# As many a day as a year of a million has.
A_DAY = 1_000_000 / 365
# A day's are read whole; a month's are more than an answer may read.
QUESTIONS = ("trends --since 1d", "trends --since 1d --by mode", "trends --since 1d --by model",
             "trends --since 30d", "trends --since 30d --by provider")  # fmt: skip
GROWING = {"cj_batch_uploads", "cj_batch_states", "cj_comparison_pairs", "cj_processed_essays"}
_INDEXES = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'
"""
_DROP = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
    AND indexname NOT LIKE '%_pkey'
  LOOP EXECUTE format('DROP INDEX %I', name); END LOOP;
END $$
"""
_UPLOADS = """
INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language, course_code,
    expected_essay_count, status, created_at, updated_at, completed_at)
SELECT id, md5('b' || id)::uuid::text, md5('e' || id)::uuid::text, 'sv', 'ENG5', 3,
    CASE WHEN id % 25 = 0 THEN 'ERROR_PROCESSING' ELSE 'COMPLETE_STABLE' END::cj_batch_status_enum,
    at, at, at + interval '4 minutes'
FROM (SELECT id, $2::timestamp - ($1::int - id) * $3::interval AS at
      FROM generate_series(1, $1::int) id) b
"""
_STATES = """
INSERT INTO cj_batch_states (batch_id, state, total_comparisons, submitted_comparisons,
    completed_comparisons, total_budget, processing_metadata)
SELECT id, 'COMPLETED', 4, 4, 4, 4, json_build_object('llm_batching_mode',
    CASE WHEN id % 3 = 0 THEN 'per_request' ELSE 'serial_bundle' END)
FROM generate_series(1, $1::int) id
"""
_ESSAYS = """
INSERT INTO cj_processed_essays (els_essay_id, cj_batch_id, text_storage_id,
    assessment_input_text, current_bt_score, current_bt_se, comparison_count)
SELECT id || '-' || n, id, 's', 'planted', n, 0.5, 3
FROM generate_series(1, $1::int) id, generate_series(1, $2::int) n
"""
_PAIRS = """
INSERT INTO cj_comparison_pairs (cj_batch_id, essay_a_els_id, essay_b_els_id, prompt_text,
    request_correlation_id, submitted_at, completed_at, winner, error_code, error_details,
    processing_metadata)
SELECT u.id, u.id || '-' || 1 + n % 3, u.id || '-' || 1 + (n + 1) % 3, repeat('x', 80),
    md5('p' || u.id || '/' || n)::uuid, u.created_at, u.created_at + interval '9 seconds',
    CASE WHEN n = 0 AND u.id % 9 = 0 THEN 'error' WHEN n % 2 = 0 THEN 'essay_a' ELSE 'essay_b' END,
    CASE WHEN n = 0 AND u.id % 9 = 0 THEN 'EXTERNAL_SERVICE_ERROR' END,
    CASE WHEN n = 0 AND u.id % 9 = 0 THEN '{"provider": "anthropic"}'::json END,
    json_build_object('provider', 'anthropic', 'model', 'model-' || u.id % 3,
        'response_time_ms', 900 + u.id % 700, 'cost_estimate', 0.001,
        'token_usage', json_build_object('total_tokens', 3000))
FROM cj_batch_uploads u, generate_series(0, $1::int - 1) n
"""


def run(scale: Scale) -> list[Row]:
    """Fill a database, then ask what people ask."""
    return asyncio.run(_run(BATCHES[scale.name]))


async def _run(count: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        try:
            url = await server.create_database("cj")
            newest = datetime.now(UTC).replace(microsecond=0)
            await _filled(url, count, newest)
            return [*await _asked(url, count, newest), await _plan(url, count)]
        finally:
            await server.stop()


async def _filled(url: str, count: int, newest: datetime) -> None:
    connection = await asyncpg.connect(url, command_timeout=3_600)
    try:
        await create_schema(connection, "now")
        indexes = [row["indexdef"] for row in await connection.fetch(_INDEXES)]
        await connection.execute(_DROP)
        await connection.execute("SET session_replication_role = replica")
        apart = timedelta(days=1) / A_DAY
        await connection.execute(_UPLOADS, count, newest.replace(tzinfo=None), apart)
        await connection.execute(_STATES, count)
        await connection.execute(_ESSAYS, count, ESSAYS)
        await connection.execute(_PAIRS, PAIRS)
        for index in indexes:
            await connection.execute(index)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _asked(url: str, count: int, newest: datetime) -> list[Row]:
    database = CjPostgres(url, timeout_seconds=30)
    sources = Sources(database=database)
    rows = []
    try:
        for question in QUESTIONS:
            asked = context(sources, newest)
            began = time.perf_counter()
            report = await answer(parse(question), asked)
            seconds = time.perf_counter() - began
            rows.append(_row(question, count, seconds, report))
    finally:
        await database.close()
    return rows


def _row(question: str, count: int, seconds: float, report: Report) -> Row:
    """Return how long an answer took; one that is not whole has to say so."""
    read = int(report.facts["batches"])
    in_time = seconds < ANSWER_SECONDS
    days = 30 if "30d" in question else 1
    there = min(count, int(days * A_DAY) + 1)
    is_bounded = there > read
    honest = report.unreadable_need is is_bounded
    note = f"{read:,} of the {there:,} batches of that time"
    if is_bounded:
        note += f", and says so: at most {MOST:,}, comparisons of the newest {SUMMED:,}"
    goal = f"< {ANSWER_SECONDS:g} s, and whole or said to be bounded"
    name = f"/batch {question}, {count:,} batches in all"
    return Row(name, seconds, "s", goal=goal, met=in_time and honest, note=note)


async def _plan(url: str, count: int) -> Row:
    query = sql.summaries("ORDER BY u.id DESC LIMIT $1", CjSchema(has_total_budget=True))
    connection = await asyncpg.connect(url)
    try:
        found = await whole_reads(connection, query, PAGE)
    finally:
        await connection.close()
    scans = len(GROWING & set(found))
    # A small table is rightly read whole.
    met = scans == 0 if count >= BATCHES["full"] else None
    return Row("trends: growing tables read from end to end", scans, "", goal="0", met=met,
               note="EXPLAIN")  # fmt: skip
