"""The fixed queries of the CJ database; values are always parameters, text columns never chosen.

Naive timestamps are UTC there, so they are made aware in SQL; enums are read as text, because a
label of a newer revision is an error on an older database.
"""

COLUMNS = """
SELECT c.relname || '.' || a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname = ANY($1) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_table_is_visible(c.oid)
"""
TABLES = (
    "cj_batch_uploads",
    "cj_batch_states",
    "cj_comparison_pairs",
    "cj_processed_essays",
    "grade_projections",
    "event_outbox",
)

_HEADER_COLUMNS = """
    u.id AS batch_id, u.bos_batch_id, u.event_correlation_id, u.status::text AS status,
    s.state::text AS state, u.created_at AT TIME ZONE 'UTC' AS created_at,
    u.updated_at AT TIME ZONE 'UTC' AS updated_at,
    u.completed_at AT TIME ZONE 'UTC' AS completed_at, u.expected_essay_count,
    {total_budget} AS total_budget, s.total_comparisons, s.submitted_comparisons,
    s.completed_comparisons, s.failed_comparisons, s.completion_threshold_pct,
    s.current_iteration, s.partial_scoring_triggered, s.last_activity_at,
    (s.processing_metadata)::text AS state_metadata
"""


def header_columns(*, has_total_budget: bool) -> str:
    """Return the columns of a batch header on the revision at hand."""
    return _HEADER_COLUMNS.format(
        total_budget="s.total_budget" if has_total_budget else "NULL::int"
    )


def headers(where: str, *, has_total_budget: bool) -> str:
    """Return the header query of the batches that `where` chooses."""
    return f"""
SELECT {header_columns(has_total_budget=has_total_budget)}
FROM cj_batch_uploads u LEFT JOIN cj_batch_states s ON s.batch_id = u.id
{where}
"""


MATCH = """
SELECT id AS batch_id, bos_batch_id, status::text AS status,
       created_at AT TIME ZONE 'UTC' AS created_at
FROM cj_batch_uploads WHERE {where} ORDER BY id DESC LIMIT 20
"""

PAIR_COUNTS = """
SELECT p.cj_batch_id AS batch_id, count(*) AS total,
    count(*) FILTER (WHERE p.winner = 'essay_a') AS essay_a,
    count(*) FILTER (WHERE p.winner = 'essay_b') AS essay_b,
    count(*) FILTER (WHERE p.winner = 'error') AS error,
    count(*) FILTER (WHERE p.winner IS NULL) AS pending,
    count(*) FILTER (WHERE p.winner IS NULL AND p.submitted_at IS NULL) AS unsent,
    count(*) FILTER (WHERE p.winner NOT IN ('essay_a', 'essay_b', 'error')) AS other,
    min(p.created_at) AT TIME ZONE 'UTC' AS first_created_at,
    max(p.created_at) AT TIME ZONE 'UTC' AS last_created_at,
    min(p.submitted_at) AS first_submitted_at, max(p.submitted_at) AS last_submitted_at,
    min(p.completed_at) AS first_completed_at, max(p.completed_at) AS last_completed_at,
    min(p.submitted_at) FILTER (WHERE p.winner IS NULL) AS pending_first_submitted_at
FROM cj_comparison_pairs p WHERE p.cj_batch_id = ANY($1) GROUP BY p.cj_batch_id
"""

PROJECTION_COUNTS = """
SELECT cj_batch_id AS batch_id, count(*) AS count, min(created_at) AS first_at,
       max(created_at) AS last_at
FROM grade_projections WHERE cj_batch_id = ANY($1) GROUP BY cj_batch_id
"""

COMPLETION_EVENTS = """
SELECT aggregate_id, count(*) AS count FROM event_outbox
WHERE aggregate_id = ANY($1) AND event_type ILIKE '%complet%' GROUP BY aggregate_id
"""

# One statement, one row of JSON documents: everything of a batch in a single round trip.
DETAIL = """
WITH pairs AS MATERIALIZED (
    SELECT id, request_correlation_id, essay_a_els_id, essay_b_els_id, winner, submitted_at,
           completed_at, created_at, error_code, error_service, error_correlation_id,
           error_timestamp, error_details ->> 'provider' AS error_provider,
           processing_metadata ->> 'provider' AS provider,
           processing_metadata ->> 'model' AS model,
           processing_metadata ->> 'response_time_ms' AS response_ms,
           processing_metadata ->> 'cost_estimate' AS cost,
           processing_metadata -> 'token_usage' ->> 'total_tokens' AS tokens,
           {generation_mode} AS generation_mode
    FROM cj_comparison_pairs WHERE cj_batch_id = $1
), essays AS MATERIALIZED (
    SELECT els_essay_id, is_anchor, current_bt_score AS score, current_bt_se AS se,
           comparison_count
    FROM cj_processed_essays WHERE cj_batch_id = $1
), scores AS (
    SELECT *, score IS NOT NULL AND count(*) OVER (PARTITION BY score) > 1 AS shared FROM essays
), failures AS (
    SELECT coalesce(error_code, 'unknown') AS code, coalesce(error_service, 'unknown') AS service,
           coalesce(error_provider, 'unknown') AS provider,
           coalesce(error_correlation_id, request_correlation_id)::text AS root,
           count(*) AS rows, min(error_timestamp) AS first_at, max(error_timestamp) AS last_at
    FROM pairs WHERE winner = 'error' GROUP BY 1, 2, 3, 4
), finalised AS (
    SELECT least(
        (SELECT min(created_at) FROM grade_projections WHERE cj_batch_id = $1),
        (SELECT min(created_at) FROM event_outbox
         WHERE aggregate_id = $2 AND event_type ILIKE '%complet%')) AS at
)
SELECT
 (SELECT json_agg(f) FROM (
    SELECT code, service, provider, sum(rows)::int AS rows, count(*)::int AS roots,
           coalesce(sum(rows) FILTER (WHERE rows > 1), 0)::int AS bundled_rows,
           (count(*) FILTER (WHERE rows > 1))::int AS bundles, max(rows)::int AS largest,
           min(first_at) AS first_at, max(last_at) AS last_at
    FROM failures GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20) f) AS errors,
 (SELECT row_to_json(m) FROM (
    SELECT count(*) AS mixed, count(*) FILTER (WHERE a.is_anchor) AS anchors_in_a
    FROM pairs p JOIN essays a ON a.els_essay_id = p.essay_a_els_id
    JOIN essays b ON b.els_essay_id = p.essay_b_els_id
    WHERE a.is_anchor <> b.is_anchor) m) AS position,
 (SELECT json_agg(o) FROM (
    SELECT event_type, count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at,
           count(*) FILTER (WHERE published_at IS NULL) AS unpublished,
           min(created_at) FILTER (WHERE published_at IS NULL) AS oldest_unpublished_at,
           max(retry_count) AS max_retry_count, left(max(last_error), 500) AS last_error
    FROM event_outbox WHERE aggregate_id = $2 GROUP BY event_type ORDER BY 1 LIMIT 20) o) AS outbox,
 (SELECT row_to_json(e) FROM (
    SELECT count(*) AS essays, count(*) FILTER (WHERE NOT is_anchor) AS students,
           count(*) FILTER (WHERE is_anchor) AS anchors, count(score) AS scored,
           count(*) FILTER (WHERE shared) AS sharing,
           count(*) FILTER (WHERE se >= 2.0) AS at_se_cap,
           count(*) FILTER (WHERE shared OR se >= 2.0) AS degenerate,
           count(*) FILTER (WHERE comparison_count = 0) AS uncompared
    FROM scores) e) AS scores,
 (SELECT json_agg(q) FROM (
    SELECT id AS pair_id, request_correlation_id AS correlation_id, submitted_at,
           created_at AT TIME ZONE 'UTC' AS created_at
    FROM pairs WHERE winner IS NULL ORDER BY submitted_at NULLS LAST, id LIMIT 50) q) AS pending,
 (SELECT coalesce(sum(n - 1), 0) FROM (
    SELECT count(*) AS n FROM pairs
    GROUP BY least(essay_a_els_id, essay_b_els_id), greatest(essay_a_els_id, essay_b_els_id)
    HAVING count(*) > 1) r) AS repeated_pairs,
 (SELECT row_to_json(a) FROM (
    SELECT f.at, count(*) FILTER (WHERE p.submitted_at <= f.at) AS submitted,
           count(*) FILTER (WHERE p.completed_at <= f.at AND p.winner IS NOT NULL) AS answered,
           count(*) FILTER (WHERE p.completed_at <= f.at
                            AND p.winner IN ('essay_a', 'essay_b')) AS valid
    FROM finalised f CROSS JOIN pairs p WHERE f.at IS NOT NULL GROUP BY f.at) a)
   AS at_first_finalisation,
 (SELECT json_agg(v) FROM (
    SELECT provider, model, generation_mode, count(*) AS rows,
           array_agg(response_ms ORDER BY id DESC) FILTER (WHERE response_ms IS NOT NULL)
             AS response_ms,
           array_agg(cost) FILTER (WHERE cost IS NOT NULL) AS cost,
           array_agg(tokens) FILTER (WHERE tokens IS NOT NULL) AS tokens
    FROM (SELECT * FROM pairs ORDER BY id DESC LIMIT 20000) recent GROUP BY 1, 2, 3) v) AS answers
"""

_PAIR_COLUMNS = """
SELECT p.id AS pair_id, p.cj_batch_id AS batch_id, u.bos_batch_id, u.status::text AS batch_status,
       s.state::text AS batch_state, p.essay_a_els_id AS essay_a_id, p.essay_b_els_id AS essay_b_id,
       p.request_correlation_id, p.created_at AT TIME ZONE 'UTC' AS created_at, p.submitted_at,
       p.completed_at, p.winner, p.error_code, p.error_service, p.error_correlation_id,
       p.error_timestamp AS error_at,
       coalesce(p.processing_metadata ->> 'provider', p.error_details ->> 'provider') AS provider,
       p.processing_metadata ->> 'model' AS model,
       p.processing_metadata ->> 'response_time_ms' AS response_ms,
       (SELECT min(g.created_at) FROM grade_projections g WHERE g.cj_batch_id = p.cj_batch_id)
         AS scored_at
FROM cj_comparison_pairs p JOIN cj_batch_uploads u ON u.id = p.cj_batch_id
LEFT JOIN cj_batch_states s ON s.batch_id = u.id
"""
PAIRS_BY_REQUEST = _PAIR_COLUMNS + "WHERE p.request_correlation_id = $1 ORDER BY p.id LIMIT 20"
# error_correlation_id has no index: the batches of the last two weeks bound the look-up.
PAIRS_BY_ERROR = (
    _PAIR_COLUMNS
    + """WHERE p.error_correlation_id = $1 AND p.cj_batch_id IN (
    SELECT id FROM cj_batch_uploads WHERE created_at >= $2 ORDER BY id DESC LIMIT 200)
ORDER BY p.id LIMIT 100"""
)

OWNED = """
SELECT request_correlation_id AS id, min(cj_batch_id) AS batch_id FROM cj_comparison_pairs
WHERE request_correlation_id = ANY($1) GROUP BY 1
"""

BLOCKED = """
SELECT a.pid, coalesce(a.state, '') AS state,
       coalesce(a.wait_event_type || ':' || a.wait_event, '') AS wait,
       extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.xact_start))
         AS age_seconds,
       pg_blocking_pids(a.pid) AS blocked_by, left(a.application_name, 60) AS application,
       coalesce((SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                 WHERE l.pid = a.pid AND NOT l.granted LIMIT 1), '') AS relation
FROM pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND (a.state LIKE 'idle in transaction%' OR a.wait_event_type = 'Lock')
  AND clock_timestamp() - coalesce(a.state_change, a.xact_start) > make_interval(secs => $1)
ORDER BY age_seconds DESC LIMIT 50
"""

CAN_WRITE = """
SELECT bool_or(has_table_privilege(c.oid, 'INSERT') OR has_table_privilege(c.oid, 'UPDATE')
               OR has_table_privilege(c.oid, 'DELETE'))
FROM pg_class c WHERE c.relname = ANY($1) AND c.relkind = 'r' AND pg_table_is_visible(c.oid)
"""
