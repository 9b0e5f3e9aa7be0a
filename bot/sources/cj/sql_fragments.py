"""Pieces of SQL that several queries of the CJ database share."""

# PostgreSQL keeps a JSON document with such an escape, but fails to take it apart.
_UNSAFE = r"~* '\\u(0000|d[89a-f])'"
_NUMBER = r"'^-?[0-9]{1,15}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$'"
_STATE_KEYS = (
    "comparison_budget",
    "config_overrides",
    "llm_batching_mode",
    "max_possible_pairs",
    "forced_to_scoring",
)


def number(text: str) -> str:
    """Return an SQL text as a number, NULL when it is none."""
    return f"CASE WHEN ({text}) ~ {_NUMBER} THEN ({text})::float8 END"


def error_provider(table: str) -> str:
    """Return the provider named in error details, also in a document that cannot be taken apart."""
    details = f"{table}.error_details"
    return (
        f"left(CASE WHEN {details}::text {_UNSAFE}"
        rf""" THEN substring({details}::text FROM '"provider"\s*:\s*"([^"\\]{{1,60}})"')"""
        f" ELSE {details} ->> 'provider' END, 60)"
    )


def safe(table: str) -> str:
    """Return pair metadata, or NULL when it cannot be taken apart."""
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
        u.completed_at AT TIME ZONE 'UTC' AS completed_at,
        {{expected}} AS expected_essay_count, {{total_budget}} AS total_budget,
        s.total_comparisons, s.submitted_comparisons,
        s.completed_comparisons, s.failed_comparisons, s.completion_threshold_pct,
        s.current_iteration, s.last_activity_at,
        {_STATE_METADATA} AS state_metadata
    FROM cj_batch_uploads u LEFT JOIN cj_batch_states s ON s.batch_id = u.id
"""
PAIR_COUNTS = """
    count(*) AS total,
    count(*) FILTER (WHERE p.winner = 'essay_a') AS essay_a,
    count(*) FILTER (WHERE p.winner = 'essay_b') AS essay_b,
    count(*) FILTER (WHERE p.winner = 'error') AS error,
    count(*) FILTER (WHERE p.winner IS NULL) AS pending,
    count(*) FILTER (WHERE p.winner IS NULL AND p.submitted_at IS NULL) AS unsent,
    count(*) FILTER (WHERE p.winner NOT IN ('essay_a', 'essay_b', 'error')) AS other,
    min(p.created_at) AT TIME ZONE 'UTC' AS first_created_at,
    min(p.submitted_at) AS first_submitted_at, max(p.completed_at) AS last_completed_at,
    max(p.completed_at) FILTER (WHERE p.winner IN ('essay_a', 'essay_b')) AS last_valid_at,
    min(p.submitted_at) FILTER (WHERE p.winner IS NULL) AS pending_first_submitted_at
"""
PROJECTIONS = """
    SELECT row_to_json(g) FROM (
        SELECT count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at
        FROM grade_projections WHERE cj_batch_id = {batch_id}) g
"""
# The outbox is indexed by type and id together: stepping over its few types makes a look-up by
# id alone an index look-up, whatever the service calls its types.
OUTBOX_TYPES = """
    outbox_types (type) AS (
        (SELECT aggregate_type FROM event_outbox ORDER BY aggregate_type LIMIT 1)
        UNION ALL
        SELECT (SELECT o.aggregate_type FROM event_outbox o WHERE o.aggregate_type > t.type
                ORDER BY o.aggregate_type LIMIT 1)
        FROM outbox_types t WHERE t.type IS NOT NULL)
"""
OUTBOX = """
    outbox_types t CROSS JOIN LATERAL (
        SELECT e.event_type, e.created_at, e.published_at, e.retry_count, e.last_error
        FROM event_outbox e WHERE e.aggregate_type = t.type
          AND e.aggregate_id = {bos_batch_id}) o
"""
FINAL_EVENT = "o.event_type ILIKE '%complet%'"


def header(has_total_budget: bool, has_expected_count: bool = True) -> str:
    """Return the query of batches' own rows; the caller adds which."""
    return _HEADER.format(
        total_budget="s.total_budget" if has_total_budget else "NULL::int",
        expected="u.expected_essay_count" if has_expected_count else "NULL::int",
    )


def answered(table: str) -> str:
    """Return columns that say what the model's provider answered, by a pair's error details.

    They stand at the top of the details or one level down. Numbers in the message are left out,
    so that alike messages are one group; it is matched and never shown.
    """
    details = f"{table}.error_details"
    safe_details = f"CASE WHEN {details}::text {_UNSAFE} THEN NULL ELSE {details} END"

    def value(name: str, most: int) -> str:
        one = f"({safe_details})"
        return f"left(coalesce({one} ->> '{name}', {one} -> 'details' ->> '{name}', ''), {most})"

    message = value("provider_error_message", 200)
    return (
        f"{value('http_status', 9)} AS http_status, {value('error_type', 60)} AS error_type, "
        f"{value('provider_error_type', 60)} AS provider_error_type, "
        rf"regexp_replace({message}, '[0-9]+', '#', 'g') AS message"
    )


FAILURES = f"""
failures AS MATERIALIZED (
    SELECT coalesce(p.error_code, 'unknown') AS code,
           coalesce(p.error_service, 'unknown') AS service,
           coalesce({error_provider("p")}, 'unknown') AS provider, {answered("p")},
           coalesce(p.error_correlation_id, p.request_correlation_id) AS root,
           count(*) AS rows, min(p.error_timestamp) AS first_at, max(p.error_timestamp) AS last_at
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1 AND p.winner = 'error'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
"""
ERROR_GROUPS = """
    SELECT code, service, provider, http_status, error_type, provider_error_type, message,
           sum(rows)::bigint AS rows, count(*) AS roots,
           coalesce(sum(rows) FILTER (WHERE rows > 1), 0)::bigint AS bundled_rows,
           count(*) FILTER (WHERE rows > 1) AS bundles, max(rows) AS largest,
           min(first_at) AS first_at, max(last_at) AS last_at
    FROM failures GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8 DESC, 1, 2, 3, 4, 5, 6, 7 LIMIT 40
"""
