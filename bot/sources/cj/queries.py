"""The fixed queries of the CJ database; values are always parameters, text columns never chosen.

Naive timestamps are UTC there, so they are made aware in SQL; enums are read as text, because a
label of a newer revision is an error on an older database, and compared with those labels alone
that this database has (`chosen.py`). What belongs together is one statement, so that it is one
snapshot and one round trip.
"""

from bot.sources.cj.schema import CjSchema
from bot.sources.cj.sql_fragments import (
    ERROR_GROUPS,
    ESSAYS_KNOWN,
    FINAL_EVENT,
    OUTBOX_TYPES,
    PAIR_COUNTS,
    PROJECTIONS,
    header,
    outbox,
)

TABLES = (
    "cj_batch_uploads",
    "cj_batch_states",
    "cj_comparison_pairs",
    "cj_processed_essays",
    "grade_projections",
    "event_outbox",
)

# Column grants hide other columns from information_schema, so the catalogue itself is asked; of
# the functions of readonly_role.sql only those that may be called. What not every version of it
# grants is not read where it may not be.
NAMES = """
SELECT c.relname || '.' || a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0
  AND NOT a.attisdropped AND pg_table_is_visible(c.oid)
  AND (a.attname NOT IN ('expected_essay_count', 'last_error', 'confidence', 'assignment_id')
         AND c.relname || '.' || a.attname <> 'event_outbox.id'
       OR has_column_privilege(c.oid, a.attnum, 'SELECT'))
UNION ALL
SELECT 'label.' || c.relname || '.' || a.attname || '.' || e.enumlabel
FROM pg_enum e JOIN pg_attribute a ON a.atttypid = e.enumtypid JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname = ANY($1) AND a.attname IN ('state', 'status') AND c.relkind IN ('r', 'p', 'v')
  AND NOT a.attisdropped AND pg_table_is_visible(c.oid)
UNION ALL
SELECT 'batchbot.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'batchbot' AND has_schema_privilege(n.oid, 'USAGE')
  AND has_function_privilege(p.oid, 'EXECUTE')
UNION ALL
SELECT 'hidden.' || c.relname FROM pg_class c
WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p', 'v') AND pg_table_is_visible(c.oid)
  AND NOT has_any_column_privilege(c.oid, 'SELECT')
UNION ALL
SELECT 'filtered.' || c.relname FROM pg_class c
WHERE c.relname = ANY($1) AND pg_table_is_visible(c.oid) AND row_security_active(c.oid)
  AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive
                  AND p.polcmd IN ('r', '*')
                  AND EXISTS (SELECT FROM unnest(p.polroles) r
                              WHERE r = 0 OR pg_has_role(r, 'USAGE')))
"""


# Whether the session is as it was asked to be, and which session answers.
SESSION = """
SELECT current_setting('default_transaction_read_only') = 'on'
       AND current_setting('statement_timeout') <> '0' AS held, pg_backend_pid() AS pid
"""


def summaries(where: str, schema: CjSchema) -> str:
    """Return the query of one line for each batch that `where` chooses, in that order."""
    own = header(
        has_total_budget=schema.has_total_budget,
        has_expected_count=schema.has_expected_count,
        has_assignment=schema.has_assignment,
        state_metadata=schema.state_metadata,
    )
    return f"""
WITH RECURSIVE {OUTBOX_TYPES}, chosen AS MATERIALIZED ({own} {where})
SELECT c.*,
 (SELECT row_to_json(n) FROM (SELECT {PAIR_COUNTS} FROM cj_comparison_pairs p
                              WHERE p.cj_batch_id = c.batch_id) n) AS pairs,
 ({PROJECTIONS.format(batch_id="c.batch_id")}) AS projections,
 ({ESSAYS_KNOWN}) AS essays,
 (SELECT count(*) FROM {outbox("c")}
  WHERE {FINAL_EVENT}) AS completion_events
FROM chosen c
"""


def totals(schema: CjSchema) -> str:
    """Return the query of sums over the batches $1; $2 bounds the answers looked at."""
    return f"""
WITH failures AS MATERIALIZED ({schema.failures("$1")}),
taken AS MATERIALIZED (SELECT * FROM {schema.answers("$1", only_valid=True)} f)
SELECT
 (SELECT row_to_json(n) FROM (SELECT {PAIR_COUNTS} FROM cj_comparison_pairs p
                              WHERE p.cj_batch_id = ANY($1)) n) AS pairs,
 (SELECT json_agg(f) FROM ({ERROR_GROUPS}) f) AS errors,
 (SELECT row_to_json(g) FROM (
    SELECT count(*) AS projections, count(DISTINCT cj_batch_id) AS finalised
    FROM grade_projections WHERE cj_batch_id = ANY($1)) g) AS graded,
 (SELECT row_to_json(v) FROM (
    SELECT sum(cost) AS cost, count(cost) AS priced,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY response_ms) AS response_ms
    FROM taken) v) AS spent,
 (SELECT count(*) FROM taken) AS looked_at
"""


def answered_by(schema: CjSchema) -> str:
    """Return the query of who gave the first valid answer of each batch of $1; $2 is 1."""
    one = schema.answers("ARRAY[c.id]", only_valid=True)
    return f"""
SELECT c.id AS batch_id, f.provider, f.model
FROM unnest($1::int[]) AS c(id) CROSS JOIN LATERAL {one} f
"""


MATCH = """
SELECT id AS batch_id, bos_batch_id, status::text AS status,
       created_at AT TIME ZONE 'UTC' AS created_at
FROM cj_batch_uploads WHERE {where} ORDER BY id DESC LIMIT 20
"""

_PAIR_ROWS = """
SELECT p.id AS pair_id, p.cj_batch_id AS batch_id, u.bos_batch_id, u.status::text AS batch_status,
       s.state::text AS batch_state,
       p.request_correlation_id, p.created_at AT TIME ZONE 'UTC' AS created_at, p.submitted_at,
       p.completed_at, p.winner, p.error_code, p.error_service, p.error_correlation_id,
       p.error_timestamp AS error_at,
       p.essay_a_els_id AS essay_a, p.essay_b_els_id AS essay_b, m.provider, m.response_ms,
       m.http_status, m.error_type, m.provider_error_type, m.message,
       (SELECT min(g.created_at) FROM grade_projections g WHERE g.cj_batch_id = p.cj_batch_id)
         AS scored_at
FROM cj_comparison_pairs p JOIN cj_batch_uploads u ON u.id = p.cj_batch_id
LEFT JOIN cj_batch_states s ON s.batch_id = u.id
CROSS JOIN LATERAL {answer} m
"""


def pairs_by_request(schema: CjSchema) -> str:
    """Return the query of the comparisons whose request has the correlation id $1."""
    rows = _PAIR_ROWS.format(answer=schema.answer)
    return rows + "WHERE p.request_correlation_id = $1 ORDER BY p.id LIMIT 20"


def pairs_by_error(schema: CjSchema) -> str:
    """Return the query of the comparisons whose error has the correlation id $1.

    That column has no index: the batches created since $2 bound the look-up.
    """
    return (
        _PAIR_ROWS.format(answer=schema.answer)
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

ESSAY_BATCHES = """
SELECT els_essay_id AS id, cj_batch_id AS batch_id FROM cj_processed_essays
WHERE els_essay_id = ANY($1)
"""

BEGUN_BY = """
SELECT DISTINCT request_correlation_id AS id FROM cj_comparison_pairs
WHERE request_correlation_id BETWEEN $1 AND $2 ORDER BY 1 LIMIT $3
"""


def unpublished(schema: CjSchema) -> str:
    """Return the query of what waits in the outbox by type; of the most tried, what it met."""
    tried, met = schema.most_tried
    return f"""
WITH waiting AS MATERIALIZED (
    SELECT event_type, count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at,
           count(*) AS unpublished, min(created_at) AS oldest_unpublished_at,
           max(retry_count) AS max_retry_count,
           (array_agg({tried} ORDER BY retry_count DESC, created_at DESC))[1] AS tried
    FROM event_outbox WHERE published_at IS NULL GROUP BY event_type ORDER BY 3 LIMIT 20)
SELECT w.event_type, w.count, w.first_at, w.last_at, w.unpublished, w.oldest_unpublished_at,
       w.max_retry_count, coalesce(({met}), '') AS last_error
FROM waiting w ORDER BY w.first_at
"""


# A statement that names a table that is not there, or that may not be read, fails as a whole.
HAS_REVISION = """
SELECT coalesce(bool_or(has_column_privilege(c.oid, 'version_num', 'SELECT')), false)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version_num'
WHERE c.relname = 'alembic_version' AND pg_table_is_visible(c.oid)
"""
REVISION = "SELECT max(version_num::text) FROM alembic_version"

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

BLOCKED_BY_FUNCTION = "SELECT * FROM batchbot.blocked_sessions($1::float8)"
HIDDEN_BY_FUNCTION = "SELECT batchbot.hidden_sessions()"

CAN_WRITE = """
SELECT coalesce(bool_or(
    has_any_column_privilege(c.oid, 'INSERT') OR has_any_column_privilege(c.oid, 'UPDATE')
    OR has_table_privilege(c.oid, 'DELETE') OR has_table_privilege(c.oid, 'TRUNCATE')), false)
FROM pg_class c WHERE c.relname = ANY($1) AND c.relkind IN ('r', 'p')
  AND pg_table_is_visible(c.oid)
"""
