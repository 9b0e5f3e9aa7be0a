"""An item as the LLM provider stores it in Redis: JSON text read as a fact."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bot.domain.queue import QueueItem

LEAKED = "leaked"
_DURATION = re.compile(
    r"P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?\Z"
)


def item_of(queue_id: str, value: bytes | str | None, *, in_order: bool = True) -> QueueItem | None:
    """Read one stored request, keeping allow-listed keys only; None when it is no JSON object."""
    if value is None:
        return QueueItem(queue_id, LEAKED, in_order=in_order)
    try:
        stored = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(stored, dict):
        return None
    request = _mapping(stored.get("request_data"))
    metadata = _mapping(request.get("metadata"))
    overrides = _mapping(request.get("llm_config_overrides"))
    return QueueItem(
        queue_id=queue_id,
        status=_text(stored.get("status")).lower() or "unknown",
        queued_at=time_of(stored.get("queued_at")),
        processing_started_at=time_of(stored.get("processing_started_at")),
        ttl=duration_of(stored.get("ttl")),
        retry_count=_integer(stored.get("retry_count")) or 0,
        correlation_id=_text(stored.get("correlation_id") or request.get("correlation_id")),
        bos_batch_id=_text(metadata.get("bos_batch_id")),
        cj_batch_id=_text(metadata.get("cj_batch_id")),
        mode=_text(metadata.get("queue_processing_mode") or metadata.get("cj_llm_batching_mode")),
        provider=_text(metadata.get("resolved_provider") or overrides.get("provider_override")),
        in_order=in_order,
    )


def time_of(value: Any) -> datetime | None:
    """Read an ISO-8601 time as aware UTC; anything else is None."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def duration_of(value: Any) -> timedelta | None:
    """Read an ISO-8601 duration ("PT4H"), or seconds; anything else is None."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return timedelta(seconds=value)
        match = _DURATION.match(value) if isinstance(value, str) else None
        if match is None or not any(match.groupdict().values()):
            return None
        parts = {key: float(part) for key, part in match.groupdict().items() if part}
        return timedelta(**parts)
    except (OverflowError, ValueError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return str(value)[:64] if isinstance(value, str | int) else ""


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def decoded(value: Any) -> str:
    """Return a value of Redis as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
