"""Which batches a list is of: conditions on the enums' own labels, which their indexes answer.

A label is written into the statement, since only of a constant does the planner know how many rows
have it: a label of none is looked up, and one of nearly all found by walking back from the newest.
"""

from collections.abc import Set as AbstractSet
from typing import Any

from bot.domain.batch import NO_ESSAYS
from bot.sources.cj.schema import CjSchema

OPEN_STATES = frozenset(("INITIALIZING", "GENERATING_PAIRS", "WAITING_CALLBACKS", "SCORING"))
_FAILED = frozenset(("FAILED",))
_NO_RESULT = "u.status::text NOT LIKE 'COMPLETE%'"
_DONE = (
    "SELECT FROM cj_batch_uploads k WHERE k.bos_batch_id = u.bos_batch_id AND k.id > u.id"
    f" AND k.status::text LIKE 'COMPLETE%' AND k.status::text <> '{NO_ESSAYS}'"
)
_BEFORE = "coalesce($2::bigint, 2147483648)"


def newest(schema: CjSchema, state: str | None, limit: int, before: int | None) -> tuple[Any, ...]:
    """Return the condition of the newest batches, in a state or status if given, and its values."""
    if state is None:
        return f"WHERE u.id < {_BEFORE} ORDER BY u.id DESC LIMIT $1", limit, before
    ways = (("cj_batch_states", "batch_id", "state", schema.states),
            ("cj_batch_uploads", "id", "status", schema.statuses))  # fmt: skip
    values: tuple[Any, ...] = (limit, before)
    if not all(labels for *_, labels in ways):
        values = (*values, state.lower())
    # Of each table by itself: a condition on both could be answered only by joining all of both.
    found = " UNION ".join(
        f"(SELECT {id} FROM {table} WHERE {_is(column, labels, state)} AND {id} < {_BEFORE}"
        f" ORDER BY {id} DESC LIMIT $1)"
        for table, id, column, labels in ways
    )
    return f"WHERE u.id = ANY(ARRAY({found})) ORDER BY u.id DESC LIMIT $1", *values


def open_ones(schema: CjSchema) -> str:
    """Return the condition of the batches that have not ended, oldest activity first."""
    states = _among("s.state", schema.states, OPEN_STATES)
    return f"WHERE {states} ORDER BY s.last_activity_at, u.id LIMIT $1"


def failed(schema: CjSchema) -> str:
    """Return the condition of the batches that ended without a result since $2.

    One whose request a later batch has the result of is none of them.
    """
    states = _among("s.state", schema.states, _FAILED)
    return (
        f"WHERE {states} AND s.last_activity_at >= $2 AND {_NO_RESULT} AND NOT EXISTS ({_DONE})"
        " ORDER BY s.last_activity_at DESC LIMIT $1"
    )


def is_known(schema: CjSchema, state: str) -> bool:
    """Say whether an enum has such a label, whatever its case."""
    return state.lower() in {label.lower() for label in schema.states | schema.statuses}


def _is(column: str, labels: AbstractSet[str], state: str) -> str:
    if not labels:
        return f"lower({column}::text) = $3"
    return _among(column, labels, {one for one in labels if one.lower() == state.lower()})


def _among(column: str, labels: AbstractSet[str], wanted: AbstractSet[str]) -> str:
    """Return the condition that a column has one of `wanted`; without labels it is no enum."""
    if labels and not (wanted := wanted & labels):
        return "false"
    listed = ", ".join("'{}'".format(one.replace("'", "''")) for one in sorted(wanted))
    return f"{column if labels else f'{column}::text'} IN ({listed})"
