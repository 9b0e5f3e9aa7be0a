"""Turns rows of the CJ database into facts; survives metadata of any shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from bot.domain.batch import (
    AnsweredCounts,
    AnswerGroup,
    BatchHeader,
    BatchMatch,
    BatchRows,
    BatchSummary,
    ComparisonTotals,
    ErrorGroup,
    PairCounts,
    PairRow,
    PendingPair,
    PositionCounts,
    ProjectionCounts,
    ScoreCounts,
    Twin,
)
from bot.domain.batch.outbox import OutboxGroup

Row = Mapping[str, Any]
PENDING_SAMPLE = 50
_DOCUMENTS = (
    "pairs", "projections", "errors", "position", "outbox", "scores", "separation", "worst_essay",
    "pending", "spent", "models", "confident", "twins", "looked_at",
    "failures_looked_at",
)  # fmt: skip


def header_of(row: Row, *, has_total_budget: bool) -> BatchHeader:
    """Build a header; what its JSON metadata does not hold as expected becomes None."""
    values = dict(row)
    metadata = _document(values.pop("state_metadata", None))
    budget = _mapping(metadata.get("comparison_budget"))
    overrides = _mapping(metadata.get("config_overrides"))
    mode = metadata.get("llm_batching_mode") or overrides.get("llm_batching_mode_override")
    return BatchHeader(
        **values,
        has_total_budget=has_total_budget,
        requested_budget=_integer(budget.get("max_pairs_requested")),
        max_possible_pairs=_integer(metadata.get("max_possible_pairs")),
        batching_mode=_text(mode),
        forced_to_scoring_reason=_text(_mapping(metadata.get("forced_to_scoring")).get("reason")),
    )


def pair_counts_of(counted: Row) -> PairCounts:
    """Build pair counts from their document."""
    return PairCounts(**_with_times(counted, *(key for key in counted if key.endswith("_at"))))


def projections_of(counted: Row) -> ProjectionCounts:
    """Build projection counts from their document."""
    return ProjectionCounts(**_with_times(counted, "first_at", "last_at"))


def match_of(row: Row, how: str) -> BatchMatch:
    """Build one match of an id."""
    return BatchMatch(**dict(row), how=how)


def pair_row_of(row: Row, matched_by: str) -> PairRow:
    """Build one traced pair."""
    values = dict(row)
    values["response_ms"] = _number(values["response_ms"])
    values["http_status"] = _integer(values["http_status"])
    return PairRow(**values, matched_by=matched_by)


def summary_of(row: Row, *, has_total_budget: bool) -> BatchSummary:
    """Build one line of a list of batches."""
    values = dict(row)
    events, essays = values.pop("completion_events"), values.pop("essays")
    pairs, projections = _json(values.pop("pairs")), _json(values.pop("projections"))
    return BatchSummary(
        header_of(values, has_total_budget=has_total_budget),
        pair_counts_of(pairs),
        projections_of(projections),
        int(events or 0),
        essays,
    )


def batch_rows_of(row: Row, *, has_total_budget: bool) -> BatchRows:
    """Put one batch together from the one row of the batch query."""
    values = dict(row)
    found = {name: _json(values.pop(name)) for name in _DOCUMENTS}
    finalised_at = values.pop("finalised_at")
    counted = dict(found["pairs"])
    then = [counted.pop(f"{name}_by_then") for name in ("sent", "answered", "valid")]
    pairs = pair_counts_of(counted)
    spent, worst = found["spent"] or {}, found["worst_essay"]
    return BatchRows(
        header=header_of(values, has_total_budget=has_total_budget),
        pairs=pairs,
        errors=tuple(_error_group(item) for item in found["errors"] or []),
        position=PositionCounts(**found["position"]),
        projections=projections_of(found["projections"]),
        outbox=tuple(_outbox_group(item) for item in found["outbox"] or []),
        scores=ScoreCounts(
            **found["scores"],
            pairs=found["separation"]["pairs"],
            close=found["separation"]["close"],
        ),
        worst_essay=(worst["essay"], int(worst["errors"])) if worst else None,
        pending=tuple(_pending(item) for item in found["pending"] or []),
        at_first_finalisation=AnsweredCounts(finalised_at, *then) if finalised_at else None,
        cost=_number(spent.get("cost")),
        priced=int(spent.get("priced") or 0),
        unpaid=int(spent.get("unpaid") or 0),
        response_ms=_latency(spent.get("response_ms")),
        instant=int(spent.get("instant") or 0),
        models=_counts(found["models"]),
        confident=tuple(AnswerGroup(**item) for item in found["confident"] or []),
        twins=tuple(Twin(**_with_times(item, "created_at")) for item in found["twins"] or []),
        truncated=pairs.pending > PENDING_SAMPLE or pairs.total > int(found["looked_at"] or 0),
        looked_at=int(found["looked_at"] or 0),
        failures_looked_at=int(found["failures_looked_at"] or 0),
    )


def totals_of(row: Row, batches: int) -> ComparisonTotals:
    """Put the sums over several batches together from the one row of their query."""
    found = {name: _json(row[name]) for name in ("pairs", "errors", "graded", "spent")}
    graded, spent = found["graded"], found["spent"]
    return ComparisonTotals(
        batches=batches,
        pairs=pair_counts_of(found["pairs"]),
        errors=tuple(_error_group(item) for item in found["errors"] or []),
        projections=graded["projections"],
        finalised=graded["finalised"],
        cost=_number(spent.get("cost")),
        priced=spent["priced"],
        response_ms=_latency(spent.get("response_ms")),
        looked_at=row["looked_at"],
    )


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _counts(found: Any) -> dict[str, int]:
    return {str(name): int(rows) for name, rows in _mapping(found).items()}


def _latency(found: Any) -> tuple[float, float] | None:
    """Return p50 and p95 in ms, None when no answer holds its time."""
    values = [_number(value) for value in found] if isinstance(found, list) else []
    match values:
        case [float(half), float(most)]:
            return half, most
    return None


def _error_group(item: Row) -> ErrorGroup:
    values = _with_times(item, "first_at", "last_at")
    return ErrorGroup(**{**values, "http_status": _integer(values["http_status"])})


def _outbox_group(item: Row) -> OutboxGroup:
    values = _with_times(item, "first_at", "last_at", "oldest_unpublished_at")
    return OutboxGroup(**{**values, "last_error": values["last_error"] or ""})


def _pending(item: Row) -> PendingPair:
    return PendingPair(**_with_times(item, "submitted_at", "created_at"))


def _with_times(item: Row, *keys: str) -> dict[str, Any]:
    times = {key: datetime.fromisoformat(item[key]) if item[key] else None for key in keys}
    return {**item, **times}


def _document(text: Any) -> Mapping[str, Any]:
    if text is None:
        return {}
    try:
        return _mapping(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _integer(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and abs(number) < 1e15 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == number and abs(number) != float("inf") else None


def _text(value: Any) -> str | None:
    return value[:100] if isinstance(value, str) and value else None
