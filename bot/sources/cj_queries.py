"""The fixed queries of the CJ database; values are always parameters, text columns never chosen.

Naive timestamps are UTC there, so they are made aware in SQL; enums are read as text, because a
label of a newer revision is an error on an older database. What belongs together is one
statement, so that it is one snapshot and one round trip.
"""

TABLES = (
    "cj_batch_uploads",
    "cj_batch_states",
    "cj_comparison_pairs",
    "cj_processed_essays",
    "grade_projections",
    "event_outbox",
)

# Column grants hide other columns from information_schema, so the catalogue itself is asked.
COLUMNS = """
SELECT c.relname || '.' || a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0
  AND NOT a.attisdropped AND pg_table_is_visible(c.oid)
"""

# PostgreSQL keeps a JSON document with such an escape, but fails to take it apart.
_UNSAFE = r"~* '\\u(0000|d[89a-f])'"
_NUMBER = r"'^-?[0-9]{1,15}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$'"
_STATE_KEYS = (
    "comparison_budget",
    "config_overrides",
    "llm_batching_mode",
    "max_possible_pairs",
    "forced_to_scoring",
    "failed_reason",
    "resampling_pass_count",
)


def _number(text: str) -> str:
    return f"CASE WHEN ({text}) ~ {_NUMBER} THEN ({text})::float8 END"


def _error_provider(table: str) -> str:
    """The provider named in error details, also in a document that cannot be taken apart."""
    details = f"{table}.error_details"
    return (
        f"left(CASE WHEN {details}::text {_UNSAFE}"
        rf""" THEN substring({details}::text FROM '"provider"\s*:\s*"([^"\\]{{1,60}})"')"""
        f" ELSE {details} ->> 'provider' END, 60)"
    )


def _safe(table: str) -> str:
    """Pair metadata, or NULL when it cannot be taken apart."""
    document = f"{table}.processing_metadata"
    return f"CASE WHEN {document}::text {_UNSAFE} THEN NULL ELSE {document} END"


_STATE_METADATA = (
    f"CASE WHEN s.processing_metadata::text {_UNSAFE} OR"
    " json_typeof(s.processing_metadata) <> 'object' THEN left(s.processing_metadata::text, 500000)"
    " WHEN s.processing_metadata IS NOT NULL THEN json_build_object("
    + ", ".join(f"'{key}', s.processing_metadata -> '{key}'" for key in _STATE_KEYS)
    + ")::text END"
)

_HEADER = f"""
    SELECT u.id AS batch_id, u.bos_batch_id, u.event_correlation_id, u.status::text AS status,
        s.state::text AS state, u.created_at AT TIME ZONE 'UTC' AS created_at,
        u.updated_at AT TIME ZONE 'UTC' AS updated_at,
        u.completed_at AT TIME ZONE 'UTC' AS completed_at, u.expected_essay_count,
        {{total_budget}} AS total_budget, s.total_comparisons, s.submitted_comparisons,
        s.completed_comparisons, s.failed_comparisons, s.completion_threshold_pct,
        s.current_iteration, s.partial_scoring_triggered, s.last_activity_at,
        {_STATE_METADATA} AS state_metadata
    FROM cj_batch_uploads u LEFT JOIN cj_batch_states s ON s.batch_id = u.id
"""

_PAIR_COUNTS = """
    count(*) AS total,
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
"""

_PROJECTIONS = """
    SELECT row_to_json(g) FROM (
        SELECT count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at
        FROM grade_projections WHERE cj_batch_id = {batch_id}) g
"""

# The outbox is indexed by type and id together: stepping over its few types makes a look-up by
# id alone an index look-up, whatever the service calls its types.
_OUTBOX_TYPES = """
    outbox_types (type) AS (
        (SELECT aggregate_type FROM event_outbox ORDER BY aggregate_type LIMIT 1)
        UNION ALL
        SELECT (SELECT o.aggregate_type FROM event_outbox o WHERE o.aggregate_type > t.type
                ORDER BY o.aggregate_type LIMIT 1)
        FROM outbox_types t WHERE t.type IS NOT NULL)
"""
_OUTBOX = """
    outbox_types t CROSS JOIN LATERAL (
        SELECT e.event_type, e.created_at, e.published_at, e.retry_count, e.last_error
        FROM event_outbox e WHERE e.aggregate_type = t.type
          AND e.aggregate_id = {bos_batch_id}) o
"""
_FINAL_EVENT = "o.event_type ILIKE '%complet%'"


def summaries(where: str, *, has_total_budget: bool) -> str:
    """Return the query of one line for each batch that `where` chooses, in that order."""
    return f"""
WITH RECURSIVE {_OUTBOX_TYPES}, chosen AS MATERIALIZED ({_header(has_total_budget)} {where})
SELECT c.*,
 (SELECT row_to_json(n) FROM (SELECT {_PAIR_COUNTS} FROM cj_comparison_pairs p
                              WHERE p.cj_batch_id = c.batch_id) n) AS pairs,
 ({_PROJECTIONS.format(batch_id="c.batch_id")}) AS projections,
 (SELECT count(*) FROM {_OUTBOX.format(bos_batch_id="c.bos_batch_id")}
  WHERE {_FINAL_EVENT}) AS completion_events
FROM chosen c
"""


def batch(*, has_total_budget: bool, has_generation_mode: bool) -> str:
    """Return the query of everything about batch $1; $2 bounds the pairs looked at in detail.

    Counts and error groups are over all pairs. Without a batch of that id it has no row.
    """
    mode = "p.pair_generation_mode" if has_generation_mode else "NULL::text"
    return (
        "WITH RECURSIVE "
        + ", ".join(
            (
                _OUTBOX_TYPES,
                f"header AS MATERIALIZED ({_header(has_total_budget)} WHERE u.id = $1)",
                _EVENTS,
                _FINALISED,
                _COUNTED,
                _FAILURES,
                _DETAIL_PAIRS.replace("{mode}", mode),
                _ESSAYS,
            )
        )
        + _BATCH_COLUMNS
    )


def _header(has_total_budget: bool) -> str:
    return _HEADER.format(total_budget="s.total_budget" if has_total_budget else "NULL::int")


_EVENTS = f"""
events AS MATERIALIZED (
    SELECT o.* FROM header h CROSS JOIN
    {_OUTBOX.format(bos_batch_id="h.bos_batch_id")})
"""
_FINALISED = f"""
finalised AS MATERIALIZED (
    SELECT least((SELECT min(created_at) FROM grade_projections WHERE cj_batch_id = $1),
                 (SELECT min(o.created_at) FROM events o WHERE {_FINAL_EVENT})) AS at)
"""
# A join with what is materialised would keep the workers of a parallel plan away.
_THEN = "(SELECT at FROM finalised)"
_COUNTED = f"""
counted AS MATERIALIZED (
    SELECT {_PAIR_COUNTS},
        count(*) FILTER (WHERE p.submitted_at <= {_THEN}) AS sent_by_then,
        count(*) FILTER (WHERE p.completed_at <= {_THEN} AND p.winner IS NOT NULL)
          AS answered_by_then,
        count(*) FILTER (WHERE p.completed_at <= {_THEN} AND p.winner IN ('essay_a', 'essay_b'))
          AS valid_by_then
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1)
"""
_FAILURES = f"""
failures AS MATERIALIZED (
    SELECT coalesce(p.error_code, 'unknown') AS code,
           coalesce(p.error_service, 'unknown') AS service,
           coalesce({_error_provider("p")}, 'unknown') AS provider,
           coalesce(p.error_correlation_id, p.request_correlation_id) AS root,
           count(*) AS rows, min(p.error_timestamp) AS first_at, max(p.error_timestamp) AS last_at
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1 AND p.winner = 'error'
    GROUP BY 1, 2, 3, 4)
"""
_DETAIL_PAIRS = f"""
taken AS MATERIALIZED (
    SELECT p.essay_a_els_id AS a, p.essay_b_els_id AS b, {{mode}} AS generation_mode,
           p.processing_metadata IS NOT NULL AS recorded, {_safe("p")} AS answer
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1 LIMIT $2),
answers AS MATERIALIZED (
    SELECT left(answer ->> 'provider', 60) AS provider, left(answer ->> 'model', 60) AS model,
           {_number("answer ->> 'response_time_ms'")} AS response_ms,
           {_number("answer ->> 'cost_estimate'")} AS cost,
           {_number("answer -> 'token_usage' ->> 'total_tokens'")} AS tokens
    FROM taken WHERE json_typeof(answer) = 'object')
"""
_ESSAYS = """
essays AS MATERIALIZED (
    SELECT els_essay_id, is_anchor, current_bt_score AS score, current_bt_se AS se,
           comparison_count,
           current_bt_score IS NOT NULL
             AND count(*) OVER (PARTITION BY current_bt_score) > 1 AS shared
    FROM cj_processed_essays WHERE cj_batch_id = $1)
"""
_ERROR_GROUPS = """
    SELECT code, service, provider, sum(rows)::bigint AS rows, count(*) AS roots,
           coalesce(sum(rows) FILTER (WHERE rows > 1), 0)::bigint AS bundled_rows,
           count(*) FILTER (WHERE rows > 1) AS bundles, max(rows) AS largest,
           min(first_at) AS first_at, max(last_at) AS last_at
    FROM failures GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 20
"""
_BATCH_COLUMNS = f"""
SELECT h.*,
 (SELECT row_to_json(c) FROM counted c) AS pairs,
 (SELECT at FROM finalised) AS finalised_at,
 ({_PROJECTIONS.format(batch_id="$1")}) AS projections,
 (SELECT json_agg(f) FROM ({_ERROR_GROUPS}) f) AS errors,
 (SELECT row_to_json(m) FROM (
    SELECT count(*) AS mixed, count(*) FILTER (WHERE a.is_anchor) AS anchors_in_a
    FROM taken p
    JOIN cj_processed_essays a ON a.els_essay_id = p.a AND a.cj_batch_id = $1
    JOIN cj_processed_essays b ON b.els_essay_id = p.b AND b.cj_batch_id = $1
    WHERE a.is_anchor <> b.is_anchor) m) AS position,
 (SELECT json_agg(o) FROM (
    SELECT event_type, count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at,
           count(*) FILTER (WHERE published_at IS NULL) AS unpublished,
           min(created_at) FILTER (WHERE published_at IS NULL) AS oldest_unpublished_at,
           max(retry_count) AS max_retry_count,
           left((array_agg(last_error ORDER BY created_at DESC)
                 FILTER (WHERE last_error IS NOT NULL))[1], 500) AS last_error
    FROM events GROUP BY event_type ORDER BY 3, 1 LIMIT 20) o) AS outbox,
 (SELECT row_to_json(e) FROM (
    SELECT count(*) AS essays, count(*) FILTER (WHERE NOT is_anchor) AS students,
           count(*) FILTER (WHERE is_anchor) AS anchors, count(score) AS scored,
           count(*) FILTER (WHERE shared) AS sharing,
           count(*) FILTER (WHERE se >= 2.0) AS at_se_cap,
           count(*) FILTER (WHERE shared OR se >= 2.0) AS degenerate,
           count(*) FILTER (WHERE comparison_count = 0) AS uncompared
    FROM essays) e) AS scores,
 (SELECT json_agg(q) FROM (
    SELECT p.id AS pair_id, p.request_correlation_id AS correlation_id, p.submitted_at,
           p.created_at AT TIME ZONE 'UTC' AS created_at
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1 AND p.winner IS NULL
    ORDER BY p.submitted_at NULLS LAST, p.id LIMIT 50) q) AS pending,
 (SELECT coalesce(sum(n - 1), 0) FROM (
    SELECT count(*) AS n FROM taken GROUP BY least(a, b), greatest(a, b)
    HAVING count(*) > 1) r) AS repeated_pairs,
 (SELECT row_to_json(v) FROM (
    SELECT sum(cost) AS cost, sum(tokens)::bigint AS tokens,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY response_ms) AS response_ms
    FROM answers) v) AS spent,
 (SELECT json_object_agg(name, rows) FROM (
    SELECT coalesce(provider, 'unknown') || '/' || coalesce(model, 'unknown') AS name,
           count(*) AS rows FROM answers WHERE coalesce(provider, model) IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC LIMIT 20) n) AS models,
 (SELECT json_object_agg(generation_mode, rows) FROM (
    SELECT generation_mode, count(*) AS rows FROM taken WHERE generation_mode IS NOT NULL
    GROUP BY 1 LIMIT 20) n) AS generation_modes,
 (SELECT count(*) FROM taken
  WHERE recorded AND (answer IS NULL OR json_typeof(answer) NOT IN ('object', 'null')))
   AS unreadable_pairs,
 (SELECT count(*) FROM taken) AS looked_at
FROM header h
"""

# Sums over the batches $1; $2 bounds the pairs whose answers are looked at.
TOTALS = f"""
WITH {_FAILURES.replace("= $1", "= ANY($1)")},
taken AS MATERIALIZED (
    SELECT {_safe("p")} AS answer FROM cj_comparison_pairs p
    WHERE p.cj_batch_id = ANY($1) AND p.winner IN ('essay_a', 'essay_b') LIMIT $2),
answers AS MATERIALIZED (
    SELECT {_number("answer ->> 'response_time_ms'")} AS response_ms,
           {_number("answer ->> 'cost_estimate'")} AS cost
    FROM taken WHERE json_typeof(answer) = 'object')
SELECT
 (SELECT row_to_json(n) FROM (SELECT {_PAIR_COUNTS} FROM cj_comparison_pairs p
                              WHERE p.cj_batch_id = ANY($1)) n) AS pairs,
 (SELECT json_agg(f) FROM ({_ERROR_GROUPS}) f) AS errors,
 (SELECT row_to_json(g) FROM (
    SELECT count(*) AS projections, count(DISTINCT cj_batch_id) AS finalised
    FROM grade_projections WHERE cj_batch_id = ANY($1)) g) AS graded,
 (SELECT row_to_json(v) FROM (
    SELECT sum(cost) AS cost, count(cost) AS priced,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY response_ms) AS response_ms
    FROM answers) v) AS spent,
 (SELECT count(*) FROM taken) AS looked_at
"""

MATCH = """
SELECT id AS batch_id, bos_batch_id, status::text AS status,
       created_at AT TIME ZONE 'UTC' AS created_at
FROM cj_batch_uploads WHERE {where} ORDER BY id DESC LIMIT 20
"""

_PAIR_ROWS = f"""
SELECT p.id AS pair_id, p.cj_batch_id AS batch_id, u.bos_batch_id, u.status::text AS batch_status,
       s.state::text AS batch_state, p.essay_a_els_id AS essay_a_id, p.essay_b_els_id AS essay_b_id,
       p.request_correlation_id, p.created_at AT TIME ZONE 'UTC' AS created_at, p.submitted_at,
       p.completed_at, p.winner, p.error_code, p.error_service, p.error_correlation_id,
       p.error_timestamp AS error_at,
       coalesce(left(m.answer ->> 'provider', 60), {_error_provider("p")}) AS provider,
       left(m.answer ->> 'model', 60) AS model,
       m.answer ->> 'response_time_ms' AS response_ms,
       (SELECT min(g.created_at) FROM grade_projections g WHERE g.cj_batch_id = p.cj_batch_id)
         AS scored_at
FROM cj_comparison_pairs p JOIN cj_batch_uploads u ON u.id = p.cj_batch_id
LEFT JOIN cj_batch_states s ON s.batch_id = u.id
CROSS JOIN LATERAL (SELECT {_safe("p")} AS answer) m
"""
PAIRS_BY_REQUEST = _PAIR_ROWS + "WHERE p.request_correlation_id = $1 ORDER BY p.id LIMIT 20"
# error_correlation_id has no index: the batches of a stretch of time bound the look-up.
PAIRS_BY_ERROR = (
    _PAIR_ROWS
    + """WHERE p.error_correlation_id = $1 AND p.cj_batch_id = ANY(ARRAY(
    SELECT id FROM cj_batch_uploads WHERE created_at >= $2 ORDER BY id DESC LIMIT 200))
ORDER BY p.id LIMIT 100"""
)

MEMBERS = """
SELECT request_correlation_id AS id FROM cj_comparison_pairs
WHERE cj_batch_id = $1 AND request_correlation_id IS NOT NULL LIMIT $2
"""

OWNED = """
SELECT request_correlation_id AS id, min(cj_batch_id) AS batch_id FROM cj_comparison_pairs
WHERE request_correlation_id = ANY($1) GROUP BY 1
"""

UNPUBLISHED = """
SELECT event_type, count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at,
       count(*) AS unpublished, min(created_at) AS oldest_unpublished_at,
       max(retry_count) AS max_retry_count, coalesce(left(max(last_error), 500), '') AS last_error
FROM event_outbox WHERE published_at IS NULL GROUP BY event_type ORDER BY 3 LIMIT 20
"""

BLOCKED = """
SELECT a.pid, coalesce(a.state, '') AS state,
       coalesce(a.wait_event_type || ':' || a.wait_event, '') AS wait,
       extract(epoch FROM clock_timestamp() - coalesce(a.state_change, a.xact_start))::float8
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
# Other roles' sessions have no state for a role without pg_read_all_stats: that is no health.
HIDDEN_SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state IS NULL
  AND coalesce(backend_type, 'client backend') = 'client backend'
  AND NOT pg_has_role(usesysid, 'USAGE') AND NOT pg_has_role('pg_read_all_stats', 'USAGE')
"""

CAN_WRITE = """
SELECT coalesce(bool_or(
    has_any_column_privilege(c.oid, 'INSERT') OR has_any_column_privilege(c.oid, 'UPDATE')
    OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE')), false)
FROM pg_class c WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p')
  AND pg_table_is_visible(c.oid)
"""
