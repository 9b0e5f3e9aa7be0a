"""Pieces of SQL that several queries of the CJ database share."""

from bot.domain.batch.error_words import OF_PROVIDER, OF_RELAY

MOST_MESSAGE = 200
MOST_RELAYED = 500

# PostgreSQL stores a document with such an escape, but refuses to take it apart.
_UNSAFE = r"'\\u(0000|d[89a-f])'"
_UNSAFE_ESCAPES = r"'\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi'"
_NUMBER = r"^-?[0-9]{{1,15}}(?:\.[0-9]{{1,20}})?(?:[eE][-+]?[0-9]{{1,2}})?$"

# A value of a document leaves only in the shape that it must have.
NAME = "CASE WHEN {text} ~ '^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$' THEN left({text}, 60) END"
NUMBER = f"CASE WHEN {{text}} ~ '{_NUMBER}' THEN {{text}}::float8 END"

_DETAIL = "coalesce({details} ->> '{key}', {details} -> 'details' ->> '{key}')"
# What the model's provider answered, by a pair's error details: at their top or one level down.
DETAILS = ", ".join(
    f"{_DETAIL.format(details='{details}', key=key)} AS {key}"
    for key in ("http_status", "error_type", "provider_error_type", "provider_error_message")
)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def provider_words(message: str) -> str:
    """Return what stands for the words of a provider's message that name a reason, else ''."""
    cases = " ".join(
        f"WHEN {message} ~ {_quoted(one.pattern)} THEN {_quoted(one.said)}" for one in OF_PROVIDER
    )
    return f"CASE {cases} ELSE '' END"


def relay_words(message: str) -> str:
    """Return those words of what a relay met that name it, else NULL."""
    patterns = ", ".join(map(_quoted, OF_RELAY))
    return (
        f"(SELECT string_agg(w.said, '; ' ORDER BY w.place) FROM (SELECT u.place, substring("
        f"left({message}, {MOST_RELAYED}) FROM '(?i)' || u.pattern) AS said "
        f"FROM unnest(ARRAY[{patterns}]) WITH ORDINALITY AS u(pattern, place)) w)"
    )


# The same as it leaves.
ANSWERED = (
    "coalesce(substring(t.http_status FROM '^[0-9]{1,9}$'), '') AS http_status, "
    f"coalesce({NAME.format(text='t.error_type')}, '') AS error_type, "
    f"coalesce({NAME.format(text='t.provider_error_type')}, '') AS provider_error_type, "
    f"{provider_words(f'lower(left(t.provider_error_message, {MOST_MESSAGE}))')} AS message"
)


def readable(document: str) -> str:
    """Return a JSON document that can be taken apart, whatever escapes it holds."""
    return (
        f"CASE WHEN strpos({document}::text, '\\u') > 0 AND {document}::text ~* {_UNSAFE}"
        f" THEN regexp_replace({document}::text, {_UNSAFE_ESCAPES})::json ELSE {document} END"
    )


_COUNT = "substring({text} FROM '^[0-9]{{1,9}}$')"
# The one reason that CJ's monitor gives.
FORCED = "'stuck_timeout'"


def _mode(document: str) -> str:
    return f"substring({document} FROM '^[A-Za-z0-9_-]{{1,60}}$')"


# The allowed keys of a batch's state metadata; '[]' stands for a document that is no object.
STATE_METADATA = f"""(
    SELECT CASE WHEN json_typeof(s.processing_metadata) <> 'object' THEN '[]'
    ELSE json_build_object(
        'comparison_budget', json_build_object('max_pairs_requested',
            {_COUNT.format(text="d.m -> 'comparison_budget' ->> 'max_pairs_requested'")}),
        'config_overrides', json_build_object('llm_batching_mode_override',
            {_mode("d.m -> 'config_overrides' ->> 'llm_batching_mode_override'")}),
        'llm_batching_mode', {_mode("d.m ->> 'llm_batching_mode'")},
        'max_possible_pairs', {_COUNT.format(text="d.m ->> 'max_possible_pairs'")},
        'forced_to_scoring', json_build_object('reason',
            CASE WHEN d.m -> 'forced_to_scoring' ->> 'reason' = {FORCED} THEN {FORCED}
                WHEN d.m -> 'forced_to_scoring' ->> 'reason' <> '' THEN 'other' END))::text END
    FROM (SELECT {readable("s.processing_metadata")} AS m) d
    WHERE s.processing_metadata IS NOT NULL)"""
_HEADER = """
    SELECT u.id AS batch_id, u.bos_batch_id, u.event_correlation_id, u.status::text AS status,
        s.state::text AS state, u.created_at AT TIME ZONE 'UTC' AS created_at,
        u.updated_at AT TIME ZONE 'UTC' AS updated_at,
        u.completed_at AT TIME ZONE 'UTC' AS completed_at,
        {expected} AS expected_essay_count, {assigned} AS assigned, {total_budget} AS total_budget,
        s.total_comparisons, s.submitted_comparisons,
        s.completed_comparisons, s.failed_comparisons, s.completion_threshold_pct,
        s.current_iteration, s.last_activity_at,
        {state_metadata} AS state_metadata
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
# The same from what each winner has.
WINNER_COUNTS = """
    coalesce(sum(w.pairs), 0)::bigint AS total,
    coalesce(sum(w.pairs) FILTER (WHERE w.winner = 'essay_a'), 0)::bigint AS essay_a,
    coalesce(sum(w.pairs) FILTER (WHERE w.winner = 'essay_b'), 0)::bigint AS essay_b,
    coalesce(sum(w.pairs) FILTER (WHERE w.winner = 'error'), 0)::bigint AS error,
    coalesce(sum(w.pairs) FILTER (WHERE w.winner IS NULL), 0)::bigint AS pending,
    coalesce(sum(w.pairs - w.sent) FILTER (WHERE w.winner IS NULL), 0)::bigint AS unsent,
    coalesce(sum(w.pairs) FILTER (WHERE w.winner NOT IN ('essay_a', 'essay_b', 'error')), 0)::bigint
      AS other,
    min(w.first_created_at) AT TIME ZONE 'UTC' AS first_created_at,
    min(w.first_submitted_at) AS first_submitted_at, max(w.last_completed_at) AS last_completed_at,
    max(w.last_completed_at) FILTER (WHERE w.winner IN ('essay_a', 'essay_b')) AS last_valid_at,
    min(w.first_submitted_at) FILTER (WHERE w.winner IS NULL) AS pending_first_submitted_at
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
_OUTBOX = """
    outbox_types t CROSS JOIN LATERAL (
        SELECT e.event_type, e.created_at, e.published_at, e.retry_count, {error} AS last_error
        FROM event_outbox e WHERE e.aggregate_type = t.type
          AND e.aggregate_id = ANY(ARRAY[{of}.bos_batch_id, {of}.batch_id::text])
          AND (e.aggregate_id <> {of}.bos_batch_id OR NOT EXISTS ({twin}))) o
"""
# A request that is asked twice makes two batches of one uuid: an event is of the one that was
# there and ended nearest to it.
_ENDED = (
    "coalesce({completed}, CASE WHEN {status} LIKE 'COMPLETE%' THEN (SELECT max(x.completed_at) "
    "FROM cj_comparison_pairs x WHERE x.cj_batch_id = {id}) END)"
)
_OF_TWIN = """
    SELECT FROM (
        SELECT k.created_at AT TIME ZONE 'UTC' AS begun, {theirs} AS ended
        FROM cj_batch_uploads k
        WHERE k.bos_batch_id = {of}.bos_batch_id AND k.id <> {of}.batch_id OFFSET 0) k
    WHERE e.created_at >= k.begun AND (e.created_at < {of}.created_at
        OR abs(extract(epoch FROM e.created_at - k.ended))
           < coalesce(abs(extract(epoch FROM e.created_at - {mine})), 'infinity'))
"""
# So many comparisons hold each essay of a batch, which is compared many times.
_COMPARED = """
    SELECT DISTINCT unnest(ARRAY[p.essay_a_els_id, p.essay_b_els_id]) AS id
    FROM (SELECT essay_a_els_id, essay_b_els_id FROM cj_comparison_pairs
          WHERE cj_batch_id = {of} LIMIT 20000) p
"""
# An essay's row is of the batch that named it last.
TAKEN_OVER = f"""
taken_over AS MATERIALIZED (
    SELECT e.cj_batch_id FROM ({_COMPARED.format(of="$1")}) o
    JOIN cj_processed_essays e ON e.els_essay_id = o.id WHERE e.cj_batch_id <> $1)
"""
TWINS = """
    SELECT k.id AS batch_id, k.created_at AT TIME ZONE 'UTC' AS created_at,
           k.status::text AS status, s.state::text AS state,
           k.bos_batch_id = h.bos_batch_id AS same_request,
           k.event_correlation_id = h.event_correlation_id AS same_event,
           (SELECT count(*) FROM taken_over o WHERE o.cj_batch_id = k.id) AS essays
    FROM cj_batch_uploads k LEFT JOIN cj_batch_states s ON s.batch_id = k.id
    WHERE k.id <> h.batch_id AND k.id = ANY(ARRAY(
        SELECT u.id FROM cj_batch_uploads u WHERE u.bos_batch_id = h.bos_batch_id
        UNION SELECT o.cj_batch_id FROM taken_over o))
    ORDER BY k.id LIMIT 10
"""
# How many essays take part; unknown where the rows of some are another batch's by now.
ESSAYS_KNOWN = f"""
    SELECT CASE WHEN n.essays >= c.expected_essay_count THEN n.essays
        WHEN EXISTS (SELECT FROM ({_COMPARED.format(of="c.batch_id")}) o
                     JOIN cj_processed_essays e ON e.els_essay_id = o.id
                     WHERE e.cj_batch_id <> c.batch_id) THEN NULL
        ELSE n.essays END
    FROM (SELECT count(*) AS essays FROM cj_processed_essays e
          WHERE e.cj_batch_id = c.batch_id) n
"""
FINAL_EVENT = "o.event_type ILIKE '%complet%'"


def outbox(of: str, error: str = "NULL::text") -> str:
    """Return a FROM item: the events of the batch in row `of`, with what the relay met if asked."""
    mine = _ENDED.format(completed=f"{of}.completed_at", status=f"{of}.status", id=f"{of}.batch_id")
    theirs = _ENDED.format(
        completed="k.completed_at AT TIME ZONE 'UTC'", status="k.status::text", id="k.id"
    )
    twin = _OF_TWIN.format(of=of, mine=mine, theirs=theirs)
    return _OUTBOX.format(of=of, error=error, twin=twin)


def header(
    *, has_total_budget: bool, has_expected_count: bool, has_assignment: bool, state_metadata: str
) -> str:
    """Return the query of batches' own rows; the caller adds which."""
    return _HEADER.format(
        total_budget="s.total_budget" if has_total_budget else "NULL::int",
        expected="u.expected_essay_count" if has_expected_count else "NULL::int",
        assigned="u.assignment_id IS NOT NULL" if has_assignment else "NULL::bool",
        state_metadata=state_metadata,
    )


ERROR_GROUPS = """
    SELECT code, service, provider, http_status, error_type, provider_error_type, message,
           sum(rows)::bigint AS rows, count(*) AS roots,
           coalesce(sum(rows) FILTER (WHERE rows > 1), 0)::bigint AS bundled_rows,
           count(*) FILTER (WHERE rows > 1) AS bundles, max(rows) AS largest,
           min(first_at) AS first_at, max(last_at) AS last_at
    FROM failures GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 8 DESC, 1, 2, 3, 4, 5, 6, 7 LIMIT 40
"""
