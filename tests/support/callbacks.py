"""Callback messages as the LLM provider publishes them, and ways to spoil one."""

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

STUDENT_TEXT = "PLANTED-STUDENT-TEXT Jag minns min sommar hos mormor."
BATCH = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"
Message = dict[str, Any]
Spoil = Callable[[Message], object]


def id_of(kind: str, number: int) -> str:
    """Return a uuid that is the same every time."""
    return str(uuid5(NAMESPACE_URL, f"batchbot/callback/{kind}/{number}"))


def callback(number: int = 0, *, mode: str = "per_request", **hints: Any) -> Message:
    """Return a healthy success callback in its envelope."""
    return {
        "event_id": id_of("event", number),
        "event_type": "LLMComparisonResultV1",
        "event_timestamp": "2025-11-18T23:48:39.123456Z",
        "source_service": "llm_provider_service",
        "schema_version": 1,
        "correlation_id": id_of("correlation", number),
        "data_schema_uri": None,
        "metadata": {},
        "data": {
            "request_id": id_of("request", number),
            "correlation_id": id_of("correlation", number),
            "winner": "Essay A",
            "justification": STUDENT_TEXT,
            "confidence": 4.2,
            "error_detail": None,
            "provider": "anthropic",
            "model": "claude-haiku-4-5",
            "response_time_ms": 2_100,
            "token_usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940},
            "cost_estimate": 0.0123,
            "requested_at": "2025-11-18T23:48:23Z",
            "completed_at": "2025-11-18T23:48:25Z",
            "trace_id": None,
            "request_metadata": {
                "essay_a_id": id_of("essay", number),
                "essay_b_id": id_of("essay", number + 1),
                "bos_batch_id": BATCH,
                "cj_batch_id": "34",
                "resolved_provider": "anthropic",
                "queue_processing_mode": mode,
                "prompt_sha256": "0123456789abcdef" * 4,
                **hints,
            },
        },
    }


def failed(message: Message) -> Message:
    """Turn a success callback into an error callback."""
    data = message["data"]
    data |= {"winner": None, "justification": None, "confidence": None, "provider": "openai"}
    data["error_detail"] = {
        "error_code": "EXTERNAL_SERVICE_ERROR",
        "message": "Anthropic API call failed",
        "correlation_id": data["correlation_id"],
        "timestamp": "2025-11-18T23:48:25Z",
        "service": "llm_provider_service",
        "operation": "generate_comparison",
        "details": {"provider": "anthropic"},
    }
    return message


def spoiled(message: Message, *spoils: Spoil) -> Message:
    """Return the message after every spoil was applied to it."""
    for spoil in spoils:
        spoil(message)
    return message


def without(*path: str) -> Spoil:
    """Remove a key, given by its path."""
    return lambda message: _parent(message, path).pop(path[-1], None)


def having(value: Any, *path: str) -> Spoil:
    """Set a key, given by its path."""
    return lambda message: _parent(message, path).__setitem__(path[-1], value)


def encoded(message: Message) -> bytes:
    """Return a message as it goes over the wire."""
    return orjson.dumps(message)


def _parent(message: Message, path: tuple[str, ...]) -> Message:
    for key in path[:-1]:
        message = message[key]
    return message
