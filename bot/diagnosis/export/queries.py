"""The queries and commands that give a batch's numbers again, for whoever doubts them; pure."""

from collections.abc import Iterator, Mapping

QUERIES = (
    (
        "the comparisons",
        "SELECT coalesce(winner, 'pending') AS winner, count(*), min(submitted_at), "
        "max(completed_at)\nFROM cj_comparison_pairs WHERE cj_batch_id = {id} GROUP BY 1;",
    ),
    (
        "the real failures behind the error rows",
        "SELECT error_code, error_service, count(*) AS rows,\n"
        "       count(DISTINCT coalesce(error_correlation_id, request_correlation_id)) AS real\n"
        "FROM cj_comparison_pairs WHERE cj_batch_id = {id} AND winner = 'error' GROUP BY 1, 2;",
    ),
    (
        "the state",
        "SELECT u.bos_batch_id, u.status, s.state, s.submitted_comparisons, "
        "s.completed_comparisons,\n       s.failed_comparisons, s.current_iteration, "
        "s.last_activity_at\nFROM cj_batch_uploads u JOIN cj_batch_states s ON s.batch_id = u.id "
        "WHERE u.id = {id};",
    ),
    (
        "the grades",
        "SELECT count(*), min(created_at), max(created_at) FROM grade_projections "
        "WHERE cj_batch_id = {id};",
    ),
    (
        "the events",
        "SELECT event_type, count(*), min(created_at), max(created_at),\n"
        "       count(*) FILTER (WHERE published_at IS NULL) AS unpublished\n"
        "FROM event_outbox WHERE aggregate_id = '{uuid}' GROUP BY 1;",
    ),
)


def queries(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what each query counts, and the query."""
    for name, query in QUERIES:
        yield name, query.format(id=facts.get("batch_id"), uuid=facts.get("bos_batch_id"))


def commands(facts: Mapping[str, object]) -> tuple[str, ...]:
    """Return the command lines that ask the bot again."""
    id, uuid = facts.get("batch_id"), facts.get("bos_batch_id")
    return (
        f'batchbot ask "/batch investigate {id}" --format markdown',
        f'batchbot ask "/logs all {uuid}"',
    )
