"""Turns rows of the CJ database into facts; survives metadata of any shape and counts it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

import orjson

from bot.domain.rows import (
    AnsweredCounts,
    BatchHeader,
    BatchMatch,
    BatchRows,
    ErrorGroup,
    OutboxGroup,
    PairCounts,
    PairRow,
    PendingPair,
    PositionCounts,
    ProjectionCounts,
    ScoreCounts,
)

Row = Mapping[str, Any]
PENDING_SAMPLE = 50


def header_of(row: Row, *, has_total_budget: bool) -> BatchHeader:
    """Build a header; what its JSON metadata does not hold as expected becomes None."""
    values = dict(row)
    metadata, unreadable = _document(values.pop("state_metadata", None))
    budget = _mapping(metadata.get("comparison_budget"))
    overrides = _mapping(metadata.get("config_overrides"))
    mode = metadata.get("llm_batching_mode") or overrides.get("llm_batching_mode_override")
    return BatchHeader(
        **values,
        has_total_budget=has_total_budget,
        requested_budget=_integer(budget.get("max_pairs_requested")),
        budget_source=_text(budget.get("source")),
        max_possible_pairs=_integer(metadata.get("max_possible_pairs")),
        batching_mode=_text(mode),
        forced_to_scoring_reason=_text(_mapping(metadata.get("forced_to_scoring")).get("reason")),
        failed_reason=_text(_mapping(metadata.get("failed_reason")).get("reason")),
        resampling_passes=_integer(metadata.get("resampling_pass_count")),
        unreadable=unreadable,
    )


def pair_counts_of(row: Row | None) -> PairCounts:
    """Build pair counts from one grouped row; None means that the batch has no pairs."""
    if row is None:
        return PairCounts()
    return PairCounts(**{key: value for key, value in row.items() if key != "batch_id"})


def projections_of(row: Row | None) -> ProjectionCounts:
    """Build projection counts from one grouped row."""
    if row is None:
        return ProjectionCounts()
    return ProjectionCounts(row["count"], row["first_at"], row["last_at"])


def match_of(row: Row, how: str) -> BatchMatch:
    """Build one match of an id."""
    return BatchMatch(**dict(row), how=how)


def pair_row_of(row: Row, matched_by: str) -> PairRow:
    """Build one traced pair."""
    values = dict(row)
    values["response_ms"] = _number(values["response_ms"])
    return PairRow(**values, matched_by=matched_by)


def batch_rows_of(
    header: BatchHeader, pairs: Row | None, projections: Row | None, detail: Row
) -> BatchRows:
    """Put one batch together from its header, its counts and the documents of the detail query."""
    documents = {
        key: orjson.loads(value) if isinstance(value, str) else value
        for key, value in detail.items()
    }
    answers = documents["answers"] or []
    finalised = documents["at_first_finalisation"]
    counts = pair_counts_of(pairs)
    return BatchRows(
        header=header,
        pairs=counts,
        errors=tuple(_error_group(item) for item in documents["errors"] or []),
        position=PositionCounts(**documents["position"]),
        projections=projections_of(projections),
        outbox=tuple(_outbox_group(item) for item in documents["outbox"] or []),
        scores=ScoreCounts(**documents["scores"]),
        pending=tuple(_pending(item) for item in documents["pending"] or []),
        repeated_pairs=int(documents["repeated_pairs"] or 0),
        at_first_finalisation=_answered(finalised) if finalised else None,
        cost=_total(answers, "cost"),
        tokens=_whole(_total(answers, "tokens")),
        response_ms=_latency(answers),
        models=_by(answers, lambda item: _model_name(item)),
        generation_modes=_by(answers, lambda item: item["generation_mode"]),
        truncated=counts.pending > PENDING_SAMPLE,
    )


def _error_group(item: Row) -> ErrorGroup:
    return ErrorGroup(**_with_times(item, "first_at", "last_at"))


def _outbox_group(item: Row) -> OutboxGroup:
    values = _with_times(item, "first_at", "last_at", "oldest_unpublished_at")
    return OutboxGroup(**{**values, "last_error": values["last_error"] or ""})


def _pending(item: Row) -> PendingPair:
    return PendingPair(**_with_times(item, "submitted_at", "created_at"))


def _answered(item: Row) -> AnsweredCounts:
    return AnsweredCounts(**_with_times(item, "at"))


def _with_times(item: Row, *keys: str) -> dict[str, Any]:
    times = {key: datetime.fromisoformat(item[key]) if item[key] else None for key in keys}
    return {**item, **times}


def _model_name(item: Row) -> str | None:
    if not item["provider"] and not item["model"]:
        return None
    return f"{item['provider'] or 'unknown'}/{item['model'] or 'unknown'}"


def _by(answers: Sequence[Row], name_of: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in answers:
        if name := name_of(item):
            counts[str(name)] = counts.get(str(name), 0) + int(item["rows"])
    return counts


def _total(answers: Sequence[Row], key: str) -> float | None:
    values = _numbers(answers, key)
    return sum(values) if values else None


def _latency(answers: Sequence[Row]) -> tuple[float, float] | None:
    values = sorted(_numbers(answers, "response_ms"))
    if not values:
        return None
    return median(values), values[min(len(values) - 1, int(len(values) * 0.95))]


def _numbers(answers: Sequence[Row], key: str) -> list[float]:
    texts = (text for item in answers for text in item[key] or [])
    return [number for text in texts if (number := _number(text)) is not None]


def _document(text: Any) -> tuple[dict[str, Any], int]:
    if text is None:
        return {}, 0
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}, 1
    return (document, 0) if isinstance(document, dict) else ({}, 1)


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


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _text(value: Any) -> str | None:
    return value[:100] if isinstance(value, str) and value else None
