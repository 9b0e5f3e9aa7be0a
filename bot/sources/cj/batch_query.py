"""The query of everything about one batch: one statement, so one snapshot and one round trip."""

from bot.domain.batch import NO_MODEL_MS
from bot.sources.cj.schema import CjSchema
from bot.sources.cj.sql_fragments import (
    ERROR_GROUPS,
    FINAL_EVENT,
    OUTBOX_TYPES,
    PROJECTIONS,
    TAKEN_OVER,
    TWINS,
    WINNER_COUNTS,
    header,
    outbox,
)


def batch(schema: CjSchema) -> str:
    """Return the query of everything about batch $1; $2 bounds the pairs looked at in detail.

    Counts are over all pairs, in one pass; error groups over as many failed ones as $2 at most.
    Of more pairs than $3, $4 takes the place of $2. Without a batch of that id it has no row.
    """
    detail = schema.answers("ARRAY[$1]", only_valid=False, at_most=_AT_MOST)
    failures = schema.failures("ARRAY[$1]", at_most=_up_to("error"))
    own = header(
        has_total_budget=schema.has_total_budget,
        has_expected_count=schema.has_expected_count,
        has_assignment=schema.has_assignment,
        state_metadata=schema.state_metadata,
    )
    return (
        "WITH RECURSIVE "
        + ", ".join(
            (
                OUTBOX_TYPES,
                f"header AS MATERIALIZED ({own} WHERE u.id = $1)",
                _EVENTS.format(outbox=outbox("h", schema.outbox_error)),
                _FINALISED,
                _COUNTED.format(
                    confidence="p.confidence" if schema.has_confidence else "NULL::float8"
                ),
                f"failures AS MATERIALIZED ({failures})",
                f"taken AS MATERIALIZED (SELECT * FROM {detail} f)",
                _ESSAYS,
                TAKEN_OVER,
            )
        )
        + _BATCH_COLUMNS
    )


def batches(schema: CjSchema) -> str:
    """Return the query of everything about each of the batches $1; it is bounded as that of one.

    Each is asked for apart, so that none is planned otherwise than alone.
    """
    one = batch(schema).replace("$1", "wanted.id")
    return f"SELECT b.* FROM unnest($1::int[]) wanted(id) CROSS JOIN LATERAL ({one}) b"


_EVENTS = """
events AS MATERIALIZED (SELECT o.* FROM header h CROSS JOIN {outbox})
"""
_FINALISED = f"""
finalised AS MATERIALIZED (
    SELECT least((SELECT min(created_at) FROM grade_projections WHERE cj_batch_id = $1),
                 (SELECT min(o.created_at) FROM events o WHERE {FINAL_EVENT})) AS at)
"""
# A join with what is materialised would keep the workers of a parallel plan away.
_THEN = "(SELECT at FROM finalised)"
# Counted once for each winner and confidence: a filter for each count costs as much as reading.
_COUNTED = f"""
winners AS MATERIALIZED (
    SELECT p.winner, {{confidence}} AS confidence, count(*) AS pairs, count(p.submitted_at) AS sent,
        min(p.created_at) AS first_created_at, min(p.submitted_at) AS first_submitted_at,
        max(p.completed_at) AS last_completed_at,
        count(*) FILTER (WHERE p.submitted_at <= {_THEN}) AS sent_by_then,
        count(*) FILTER (WHERE p.completed_at <= {_THEN}) AS answered_by_then
    FROM cj_comparison_pairs p WHERE p.cj_batch_id = $1 GROUP BY 1, 2),
counted AS MATERIALIZED (SELECT {WINNER_COUNTS},
        coalesce(sum(w.sent_by_then), 0)::bigint AS sent_by_then,
        coalesce(sum(w.answered_by_then) FILTER (WHERE w.winner IS NOT NULL), 0)::bigint
          AS answered_by_then,
        coalesce(sum(w.answered_by_then) FILTER (WHERE w.winner IN ('essay_a', 'essay_b')), 0)
          ::bigint AS valid_by_then
    FROM winners w),
confident AS MATERIALIZED (
    SELECT w.confidence, sum(w.pairs)::bigint AS rows,
           coalesce(sum(w.pairs) FILTER (WHERE w.winner = 'essay_a'), 0)::bigint AS essay_a
    FROM winners w WHERE w.winner IN ('essay_a', 'essay_b') AND w.confidence IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100)
"""
_AT_MOST = "(SELECT CASE WHEN total > $3 THEN $4::bigint ELSE $2::bigint END FROM counted)"


def _up_to(count: str, most: str = _AT_MOST) -> str:
    """Return how many rows to look for: no more than there are, so that the last ends the scan."""
    return f"least((SELECT {count} FROM counted), {most})"


_ESSAYS = """
essays AS MATERIALIZED (
    SELECT els_essay_id, is_anchor, current_bt_score AS score, current_bt_se AS se,
           comparison_count,
           current_bt_score IS NOT NULL
             AND count(*) OVER (PARTITION BY current_bt_score) > 1 AS shared
    FROM cj_processed_essays WHERE cj_batch_id = $1),
measured AS MATERIALIZED (
    SELECT row_number() OVER () AS place, score, se FROM essays
    WHERE score IS NOT NULL AND se IS NOT NULL AND abs(score) < 1e9 AND se BETWEEN 0 AND 1e9
    LIMIT 300)
"""
_AT_ONCE, _REAL = f"response_ms < {NO_MODEL_MS}", "provider NOT ILIKE '%mock%'"
# How often a model was how sure, and how often it chose the first essay then.
_BATCH_COLUMNS = f"""
SELECT h.*,
 (SELECT row_to_json(c) FROM counted c) AS pairs,
 (SELECT at FROM finalised) AS finalised_at,
 ({PROJECTIONS.format(batch_id="$1")}) AS projections,
 (SELECT json_agg(f) FROM ({ERROR_GROUPS}) f) AS errors,
 (SELECT row_to_json(m) FROM (
    SELECT count(*) AS mixed, count(*) FILTER (WHERE a.is_anchor) AS anchors_in_a
    FROM taken p
    JOIN cj_processed_essays a ON a.els_essay_id = p.essay_a AND a.cj_batch_id = $1
    JOIN cj_processed_essays b ON b.els_essay_id = p.essay_b AND b.cj_batch_id = $1
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
    SELECT count(*) AS essays, count(*) FILTER (WHERE is_anchor) AS anchors, count(score) AS scored,
           count(*) FILTER (WHERE shared) AS sharing,
           count(*) FILTER (WHERE se >= 2.0) AS at_se_cap,
           count(*) FILTER (WHERE shared OR se >= 2.0) AS degenerate,
           count(*) FILTER (WHERE comparison_count = 0) AS uncompared
    FROM essays) e) AS scores,
 (SELECT row_to_json(s) FROM (
    SELECT count(*) AS pairs,
           count(*) FILTER (WHERE abs(a.score - b.score) <= sqrt(a.se * a.se + b.se * b.se))
             AS close
    FROM measured a JOIN measured b ON b.place < a.place) s) AS separation,
 (SELECT row_to_json(w) FROM (
    SELECT essay, count(*) AS errors
    FROM (SELECT unnest(ARRAY[p.essay_a_els_id, p.essay_b_els_id]) AS essay
          FROM (SELECT essay_a_els_id, essay_b_els_id FROM cj_comparison_pairs
                WHERE cj_batch_id = $1 AND winner = 'error'
                LIMIT {_up_to("error", "1000")}) p) one
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1) w) AS worst_essay,
 (SELECT json_agg(q) FROM (
    SELECT p.id AS pair_id, p.request_correlation_id AS correlation_id, p.submitted_at,
           p.created_at AT TIME ZONE 'UTC' AS created_at,
           p.essay_a_els_id AS essay_a, p.essay_b_els_id AS essay_b
    FROM (SELECT id, request_correlation_id, submitted_at, created_at, essay_a_els_id,
                 essay_b_els_id
          FROM cj_comparison_pairs WHERE cj_batch_id = $1 AND winner IS NULL
          LIMIT {_up_to("pending")}) p
    ORDER BY p.submitted_at NULLS LAST, p.id LIMIT 50) q) AS pending,
 (SELECT row_to_json(v) FROM (
    SELECT sum(cost) AS cost, count(cost) AS priced,
           count(*) FILTER (WHERE {_AT_ONCE}) AS instant,
           count(*) FILTER (WHERE {_AT_ONCE} AND cost = 0 AND {_REAL}) AS unpaid,
           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY response_ms) AS response_ms
    FROM taken) v) AS spent,
 (SELECT json_object_agg(name, rows) FROM (
    SELECT coalesce(provider, 'unknown') || '/' || coalesce(model, 'unknown') AS name,
           count(*) AS rows FROM taken WHERE coalesce(provider, model) IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC LIMIT 20) n) AS models,
 (SELECT json_agg(a) FROM confident a) AS confident,
 (SELECT json_agg(t) FROM ({TWINS}) t) AS twins,
 (SELECT count(*) FROM taken) AS looked_at,
 (SELECT sum(rows)::bigint FROM failures) AS failures_looked_at
FROM header h
"""
