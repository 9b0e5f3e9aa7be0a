"""What this CJ database has: columns of a revision, and the functions of the read-only role.

JSON documents hold student text beside the few values that the bot needs. Only those values are
ever selected: through the functions of deploy/readonly_role.sql where they may be called, else
by the same expressions over the columns.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from bot.sources.cj.sql_fragments import (
    ANSWERED,
    DETAILS,
    NAME,
    NUMBER,
    STATE_METADATA,
    readable,
    relay_words,
)

FUNCTIONS = frozenset(
    f"batchbot.{name}"
    for name in (
        "batch_metadata", "answers", "answer", "failures", "blocked_sessions", "hidden_sessions",
    )
)  # fmt: skip


# Made and granted by newer versions of the file alone; an older one granted the error's column.
RELAYED, OUTBOX_ID = "batchbot.outbox_error", "event_outbox.id"
SOME_FAILURES = "batchbot.some_failures"
GRADED = "grade_projections"
# Tables without which most of a batch is still known: what stands for one that may not be read.
OPTIONAL = {
    "cj_processed_essays": "SELECT NULL::text AS els_essay_id, NULL::int AS cj_batch_id, "
    "NULL::float8 AS current_bt_score, NULL::float8 AS current_bt_se, "
    "NULL::int AS comparison_count, NULL::bool AS is_anchor",
    "event_outbox": "SELECT NULL::text AS aggregate_id, NULL::text AS aggregate_type, "
    "NULL::text AS event_type, NULL::timestamptz AS created_at, "
    "NULL::timestamptz AS published_at, NULL::int AS retry_count, NULL::text AS last_error, "
    "NULL::uuid AS id",
    GRADED: "SELECT NULL::int AS cj_batch_id, NULL::timestamptz AS created_at",
}


@dataclass(frozen=True, slots=True)
class CjSchema:
    """Which columns and functions there are, and the SQL that reads documents accordingly.

    `hidden` are the optional tables that the role may not read; `states` and `statuses` the labels
    of the two enums, none where the column is of another type.
    """

    has_total_budget: bool = False
    has_expected_count: bool = True
    has_assignment: bool = True
    has_confidence: bool = True
    has_functions: bool = False
    has_outbox_function: bool = False
    has_outbox_error: bool = False
    has_outbox_id: bool = False
    has_some_failures: bool = False
    hidden: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: AbstractSet[str]) -> "CjSchema":
        """Build it from the names that `queries.NAMES` returns."""
        return cls(
            has_total_budget="cj_batch_states.total_budget" in names,
            # Without the essays themselves there is nothing to hold their expected number against.
            has_expected_count="cj_batch_uploads.expected_essay_count" in names
            and "hidden.cj_processed_essays" not in names,
            has_assignment="cj_batch_uploads.assignment_id" in names,
            has_confidence="cj_comparison_pairs.confidence" in names,
            has_functions=names >= FUNCTIONS,
            has_outbox_function={RELAYED, OUTBOX_ID} <= names,
            has_outbox_error="event_outbox.last_error" in names,
            has_outbox_id=OUTBOX_ID in names,
            has_some_failures=SOME_FAILURES in names,
            hidden=tuple(one for one in OPTIONAL if {f"hidden.{one}", f"filtered.{one}"} & names),
            states=_labels(names, "label.cj_batch_states.state."),
            statuses=_labels(names, "label.cj_batch_uploads.status."),
        )

    def hidden_of(self, *tables: str) -> tuple[str, ...]:
        """Return which of these tables are hidden."""
        return tuple(one for one in self.hidden if one in tables)

    def without_hidden(self, query: str) -> str:
        """Return a query that finds no row in what may not be read."""
        if not self.hidden:
            return query
        empty = ", ".join(f"{one} AS ({OPTIONAL[one]} WHERE false)" for one in self.hidden)
        head, with_, rest = query.strip().partition("WITH ")
        if head or not with_:
            return f"WITH {empty} {query}"
        return f"WITH RECURSIVE {empty}, {rest.removeprefix('RECURSIVE ')}"

    @property
    def state_metadata(self) -> str:
        """The allowed keys of the state metadata of row `s`, as text."""
        return "batchbot.batch_metadata(s.batch_id)" if self.has_functions else STATE_METADATA

    @property
    def outbox_error(self) -> str:
        """What the relay met with the event of row `e`, in words that name it."""
        if self.has_outbox_function:
            return f"{RELAYED}(e.id)"
        return relay_words("e.last_error") if self.has_outbox_error else "NULL::text"

    @property
    def most_tried(self) -> tuple[str, str]:
        """What names the most tried event of a group, and the query of what the relay met with it.

        A group is of row `w`, whose `tried` is what names it.
        """
        if self.has_outbox_id:
            return "id", f"SELECT {self.outbox_error} FROM event_outbox e WHERE e.id = w.tried"
        column = "left(last_error, 500)" if self.has_outbox_error else "NULL::text"
        return column, f"SELECT {relay_words('w.tried')}"

    def answers(self, batches: str, *, only_valid: bool, at_most: str = "$2") -> str:
        """Return a FROM item: what answers of these batches cost; `at_most` bounds the rows."""
        if self.has_functions:
            return f"batchbot.answers({batches}::int[], {str(only_valid).lower()}, {at_most})"
        valid = "AND p.winner IN ('essay_a', 'essay_b')" if only_valid else ""
        return f"""(
    SELECT t.a AS essay_a, t.b AS essay_b, {NAME.format(text="t.provider")} AS provider,
           {NAME.format(text="t.model")} AS model, {NUMBER.format(text="t.ms")} AS response_ms,
           {NUMBER.format(text="t.cost")} AS cost
    FROM (SELECT d.a, d.b, d.answer ->> 'provider' AS provider, d.answer ->> 'model' AS model,
                 d.answer ->> 'response_time_ms' AS ms, d.answer ->> 'cost_estimate' AS cost
          FROM (SELECT p.essay_a_els_id AS a, p.essay_b_els_id AS b,
                       {readable("p.processing_metadata")} AS answer
                FROM cj_comparison_pairs p
                WHERE p.cj_batch_id = ANY ({batches}) {valid} LIMIT {at_most}) d
          OFFSET 0) t)"""

    @property
    def answer(self) -> str:
        """A lateral FROM item: by whom the comparison of row `p` was answered, and how fast."""
        if self.has_functions:
            return "batchbot.answer(p.id)"
        return f"""(
    SELECT coalesce({NAME.format(text="t.provider")}, {NAME.format(text="t.failed")}) AS provider,
           {NUMBER.format(text="t.ms")} AS response_ms, {ANSWERED}
    FROM (SELECT d.answer ->> 'provider' AS provider, d.answer ->> 'response_time_ms' AS ms,
                 d.details ->> 'provider' AS failed, {DETAILS.format(details="d.details")}
          FROM (SELECT {readable("p.processing_metadata")} AS answer,
                       {readable("p.error_details")} AS details) d) t)"""

    def failures(self, batches: str, *, at_most: str = "") -> str:
        """Return the query of the failed comparisons of these batches, grouped by what failed.

        `at_most` bounds the rows, but where an older role's function takes no bound.
        """
        if at_most and self.has_functions and self.has_some_failures:
            return f"SELECT * FROM {SOME_FAILURES}({batches}::int[], {at_most})"
        if self.has_functions:
            return f"SELECT * FROM batchbot.failures({batches}::int[])"
        return f"""
    SELECT t.code, t.service, coalesce({NAME.format(text="t.provider")}, 'unknown') AS provider,
           {ANSWERED}, t.root, count(*) AS rows, min(t.at) AS first_at, max(t.at) AS last_at
    FROM (SELECT d.code, d.service, d.root, d.at, d.details ->> 'provider' AS provider,
                 {DETAILS.format(details="d.details")}
          FROM (SELECT coalesce(p.error_code, 'unknown') AS code,
                       coalesce(p.error_service, 'unknown') AS service,
                       coalesce(p.error_correlation_id, p.request_correlation_id) AS root,
                       p.error_timestamp AS at, {readable("p.error_details")} AS details
                FROM cj_comparison_pairs p
                WHERE p.cj_batch_id = ANY ({batches}) AND p.winner = 'error'
                {f"LIMIT {at_most}" if at_most else "OFFSET 0"}) d
          OFFSET 0) t
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"""


def _labels(names: AbstractSet[str], prefix: str) -> frozenset[str]:
    return frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix))
