"""Fills a CJ database with many batches and one huge one, inside the server."""

import asyncpg

BIG = 1
FIRST = 1_000
PAIRS_PER_BATCH = 100
ESSAYS_PER_BATCH = 24
BIG_ESSAYS = 2_000

_INDEXES = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'
"""
_DROP = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT conname FROM pg_constraint WHERE contype = 'f'
    AND conrelid = 'cj_comparison_pairs'::regclass
  LOOP EXECUTE format('ALTER TABLE cj_comparison_pairs DROP CONSTRAINT %I', name); END LOOP;
  FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
    AND indexname NOT LIKE '%_pkey'
  LOOP EXECUTE format('DROP INDEX %I', name); END LOOP;
END $$
"""
_BATCHES = """
INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language, course_code,
    expected_essay_count, status, created_at, updated_at)
SELECT id, md5('b' || id)::uuid::text, md5('e' || id)::uuid::text, 'sv', 'ENG5', 24,
    'COMPLETE_STABLE', now() - make_interval(mins => id), now() - make_interval(mins => id)
FROM (SELECT $1::int AS id UNION ALL SELECT generate_series($2::int, $3::int)) b
"""
_STATES = """
INSERT INTO cj_batch_states (batch_id, state, total_comparisons, submitted_comparisons,
    completed_comparisons, processing_metadata)
SELECT id, CASE WHEN id % 1000 = 0 THEN 'WAITING_CALLBACKS' ELSE 'COMPLETED' END
    ::cj_batch_state_enum, 100, 100, 100,
    '{"comparison_budget": {"max_pairs_requested": 100, "source": "runner_override"}}'
FROM cj_batch_uploads
"""
_ESSAYS = """
INSERT INTO cj_processed_essays (els_essay_id, cj_batch_id, text_storage_id,
    assessment_input_text, current_bt_score, current_bt_se, comparison_count, is_anchor)
SELECT b.id || '-' || n, b.id, 's', 'planted', n, 0.5, 8, n % 2 = 0
FROM cj_batch_uploads b
CROSS JOIN LATERAL generate_series(1, CASE WHEN b.id = $1::int THEN $2::int ELSE $3::int END) n
"""
_PAIRS = """
INSERT INTO cj_comparison_pairs (cj_batch_id, essay_a_els_id, essay_b_els_id, prompt_text,
    request_correlation_id, submitted_at, completed_at, winner, error_code, error_correlation_id,
    error_timestamp, error_service, error_details, processing_metadata)
SELECT batch, batch || '-' || (1 + n % essays), batch || '-' || (1 + (n * 7 + 3) % essays),
    repeat('x', 200), md5('p' || batch || '/' || n)::uuid, now(), now(),
    CASE WHEN n % 20 = 0 THEN 'error' WHEN n % 2 = 0 THEN 'essay_a' ELSE 'essay_b' END,
    CASE WHEN n % 20 = 0 THEN 'EXTERNAL_SERVICE_ERROR' END,
    CASE WHEN n % 20 = 0 THEN md5('p' || batch || '/' || n - n % 160)::uuid END,
    CASE WHEN n % 20 = 0 THEN now() END, CASE WHEN n % 20 = 0 THEN 'llm_provider_service' END,
    CASE WHEN n % 20 = 0 THEN '{"provider": "anthropic"}'::json END,
    CASE WHEN n % 20 <> 0 THEN json_build_object('provider', 'anthropic', 'model', 'haiku',
        'response_time_ms', 900 + n % 700, 'cost_estimate', 0.001,
        'token_usage', json_build_object('total_tokens', 3000)) END
FROM (
    SELECT $1::int AS batch, $2::int AS essays, n FROM generate_series(0, $3::int - 1) n
    UNION ALL
    SELECT $4::int + n / $5::int, $6::int, n % $5::int FROM generate_series(0, $7::int - 1) n) p
"""
_OUTBOX = """
INSERT INTO event_outbox (aggregate_id, aggregate_type, event_type, event_data, topic,
    created_at, published_at)
SELECT bos_batch_id, 'cj_batch', 'huleedu.cj_assessment.completed.v1', '{}', 't', now(), now()
FROM cj_batch_uploads
"""
_PROJECTIONS = """
INSERT INTO grade_projections (els_essay_id, cj_batch_id, primary_grade, confidence_score,
    confidence_label, calculation_metadata, created_at)
SELECT els_essay_id, cj_batch_id, 'B', 0.8, 'HIGH', '{}', now()
FROM cj_processed_essays WHERE NOT is_anchor
"""


async def fill(url: str, *, pairs: int, big: int) -> None:
    """Write `big` pairs into batch 1 and the others into batches of 100; indexes come last."""
    connection = await asyncpg.connect(url, command_timeout=3_600)
    try:
        indexes = [row["indexdef"] for row in await connection.fetch(_INDEXES)]
        await connection.execute(_DROP)
        rest = pairs - big
        last = FIRST + rest // PAIRS_PER_BATCH - 1
        await connection.execute(_BATCHES, BIG, FIRST, last)
        await connection.execute(_STATES)
        await connection.execute(_ESSAYS, BIG, BIG_ESSAYS, ESSAYS_PER_BATCH)
        await connection.execute(
            _PAIRS, BIG, BIG_ESSAYS, big, FIRST, PAIRS_PER_BATCH, ESSAYS_PER_BATCH, rest
        )
        await connection.execute(_OUTBOX)
        await connection.execute(_PROJECTIONS)
        for index in indexes:
            await connection.execute(index)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
