"""Every log text that a rule or a detector waits for, and where it is known from.

A text was seen in the services' logs on a day, or was only read: in a file of theirs, of a library,
or in what the model's provider documents. A finding that rests on the latter alone is unproven.
A text that code compares with a log line, and that stands in none of these, fails the suite.
"""

from collections.abc import Iterator
from dataclasses import dataclass

NOW, THEN = "52468214", "370ba2e4"
LIBRARY, DOCUMENTED = "as installed", "as documented"


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that stood in the services' logs on a day, at a revision of theirs."""

    day: str
    revision: str


@dataclass(frozen=True, slots=True)
class ReadInSource:
    """A text that was read in a file of the services, of a library, or of the provider's pages."""

    file: str
    revision: str


MORNING = Seen("2026-02-10", NOW)
NIGHT = Seen("2025-11-19", THEN)
_LIBS = "libs/huleedu_service_libs/src/huleedu_service_libs"
_LPS = "services/llm_provider_service"
_CJ = "services/cj_assessment_service"
_ENG5 = "scripts/cj_experiments_runners/eng5_np"
_SEEN: dict[Seen, tuple[str, ...]] = {
    MORNING: (
        # The LLM provider's queue and its worker.
        "queue_metrics_snapshot", "serial_bundle_dispatch", "Queuing LLM request for provider",
        "Queued request", "Request queued successfully for provider", "Request queued with ID: ",
        "Processing comparison request with correlation_id", "Using tracking_map correlation ID",
        "Requeueing request", " for retry (",
        "completed successfully, correlation_id", " failed: ", "failed with HuleEduError",
        "Serial bundle processing hit provider error", "Queue processor started",
        "CJ Assessment Service started successfully", "CJ Assessment Kafka consumer started",
        "queue_processing_mode",
        "provider initialized with manifest configuration",
        "Queue processor stats", "Queue processor stopped", "Queue processing cancelled",
        "Starting Kafka recovery loop", "Published success callback event for request",
        "Published error callback event for request",
        # What the model's provider answered.
        "Anthropic API error: ", "Anthropic API failure: ", "Anthropic API call failed: ",
        "HTTP status ", "rate_limit", "Too Many Requests", "overloaded",
        "connection_error", "disconnected",
        # CJ.
        "Sending LLM comparison request with correlation_id",
        "Request queued for processing - results will be delivered",
        "Processing LLM comparison callback for request", "Received successful comparison",
        "Received error callback", "Callback processed for batch ",
        "Updated comparison pair ", "comparison_result",
        "effective_llm_batching_mode", "Generated rankings", "partial scoring triggered",
        "Failed to prepare essay", " HTTP 500",
        "No assessment context available for prompt building",
        "Hydrated prompt text via fallback", "Hydrated judge rubric text via fallback",
        "CJ assessment workflow failed", "cj_assessment.requested.v1",
        "Unknown assignment_id", "Finalizing batch with all callbacks received",
        "Finalizing batch as FAILED due to low success rate", "correlation_id",
        "Traceback (most recent call last)", "During handling of the above exception",
        "The above exception was the direct cause",
        "Completed scoring finalization for batch", "Published completion for single-essay",
        "Successfully processed LLM comparison callback",
        "Publishing event from outbox to Kafka", "Successfully published event from outbox",
    ),
    NIGHT: (
        "Comparison callback missing essay identifiers; correlation=", "IntegrityError",
        "PendingRollbackError", "FileNotFoundError", "Schema file not found",
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
        "(Background on this error at: https://sqlalche.me/e/20/7s2a)",
    ),
}  # fmt: skip
_READ: dict[tuple[str, str], tuple[str, ...]] = {
    (f"{_LPS}/implementations/queue_processor_impl.py", THEN): (
        "Processing queued request", "LLM service error processing request",
    ),
    (f"{_CJ}/cj_core_logic/workflow_continuation.py", THEN): (
        "Comparison budget exhausted; finalizing", "Completion threshold reached; finalizing",
    ),
    (f"{_LPS}/implementations/execution_result_handler.py", NOW): (
        "has expired, correlation_id", "failed, correlation_id", "Failed to re-enqueue request",
    ),
    (f"{_LPS}/implementations/request_strategies.py", NOW): (
        "Unexpected error while processing serial bundle",
    ),
    (f"{_LPS}/implementations/batch_api_strategy.py", NOW): (
        "batch_api_job_dispatch", "BATCH_API job processing failed",
    ),
    (f"{_LPS}/implementations/queue_processing_loop.py", NOW): ("Error in queue processing loop",),
    (f"{_LPS}/implementations/redis_queue_repository_impl.py", NOW): (
        "Cleaned up ", "Batch deleted ", "orphaned queue entries", "expired requests",
        "Failed to get next request",
    ),
    (f"{_LPS}/implementations/resilient_queue_manager_impl.py", NOW): (
        "Redis queue full or failed for ", "Redis marked unhealthy", "Redis connection restored",
        "Using local queue for request",
    ),
    (f"{_LPS}/implementations/callback_event_publisher.py", NOW): (
        "Failed to publish callback event for request",
        "Failed to publish error callback event for request",
    ),
    (f"{_LPS}/implementations/event_publisher_impl.py", NOW): (
        "Failed to publish event to topic ",
    ),
    (f"{_LPS}/implementations/anthropic_provider_impl.py", NOW): (
        "Unexpected error calling Anthropic API", "truncated response due to max_tokens limit",
        "No tool use found in Anthropic response",
    ),
    (f"{_LPS}/implementations/openai_provider_impl.py", NOW): (
        "No choices in OpenAI response", "API key not configured",
    ),
    (f"{_LPS}/api/llm_routes.py", NOW): ("Circuit breaker open",),
    (f"{_LIBS}/kafka/resilient_kafka_bus.py", NOW): (
        "Kafka publish failed for topic '", "Circuit breaker is open for Kafka publisher ",
        "queuing message for topic '", "Successfully published queued message: topic='",
        "Re-queued message after failure", "Recovery batch complete: processed=",
        "Dropping message after ", " failed attempts: topic='",
    ),
    (f"{_LIBS}/kafka/fallback_handler.py", NOW): (
        "Queued message for retry: topic='", "dropping message: topic='",
    ),
    (f"{_LIBS}/resilience/circuit_breaker.py", NOW): (
        "Circuit breaker 'kafka_producer' transitioned to OPEN",
        "Circuit breaker 'kafka_producer' transitioned to CLOSED",
    ),
    (f"{_LIBS}/idempotency_v2.py", NOW): (
        "Processing failed: Releasing idempotency lock",
        "ValidationError",
    ),
    ("libs/common_core/src/common_core/error_enums.py", NOW): ("RESOURCE_NOT_FOUND",),
    (f"{_CJ}/cj_core_logic/grade_projector.py", NOW): (
        "No anchor essays available - skipping grade projection",
        "Starting grade projection calculation",
    ),
    (f"{_LIBS}/outbox/relay.py", NOW): (
        "Event exceeded max retries", "Failed to publish event to Kafka",
    ),
    (f"{_CJ}/implementations/llm_interaction_impl.py", NOW): ("Unexpected error processing task ",),
    (f"{_CJ}/cj_core_logic/content_hydration.py", NOW): (
        "Student prompt reference missing", "Hydrated student prompt text is empty",
        "Failed to fetch student prompt text", "Unexpected error hydrating student prompt text",
        "Hydrated judge rubric text is empty", "Failed to fetch judge rubric text",
        "Unexpected error fetching judge rubric text",
    ),
    (f"{_CJ}/cj_core_logic/batch_preparation.py", NOW): (
        "Failed to hydrate prompt in batch creation",
        "Failed to hydrate judge rubric in batch creation", "Failed to fetch anchor essay",
        "No assessment context found while attempting to add anchors",
    ),
    (f"{_CJ}/cj_core_logic/pair_generation.py", NOW): (
        "No assessment instruction found for assignment",
    ),
    (f"{_CJ}/kafka_consumer.py", NOW): ("Duplicate message skipped",),
    (f"{_CJ}/message_handlers/llm_callback_handler.py", NOW): (
        "Error processing LLM comparison callback message",
    ),
    (f"{_CJ}/cj_core_logic/callback_persistence_service.py", NOW): (
        "Cannot find comparison pair for callback", "already has result, skipping update",
    ),
    (f"{_CJ}/cj_core_logic/batch_callback_handler.py", NOW): ("Error in callback processing",),
    (f"{_CJ}/cj_core_logic/batch_completion_policy.py", NOW): (
        "completion detected", "Failed to update batch completion counters for batch",
    ),
    (f"{_CJ}/cj_core_logic/batch_finalizer.py", NOW): (
        "Failed scoring finalization", "Failed single-essay finalization", "user_id is None",
    ),
    (f"{_CJ}/implementations/grade_projection_repository.py", NOW): (
        "Failed to store grade projections",
    ),
    (f"{_CJ}/models_db.py", NOW): ("grade_projections",),
    (f"{_CJ}/batch_monitor.py", NOW): (
        "Marking stuck batch as FAILED", "Handling stuck batch", "Forcing stuck batch to SCORING",
    ),
    (f"{_ENG5}/hydrator.py", NOW): (
        "Comparison callback missing prompt hash; correlation=",
        "missing request_id; cannot hydrate", "llm_comparison_hydrated",
    ),
    (f"{_ENG5}/kafka_flow.py", NOW): (
        "collector_llm_comparison_deserialization_failed", "collector_started",
        "kafka_publish_success",
    ),
    (f"{_ENG5}/cli.py", NOW): ("Canonical batch UUID", "runner_invocation"),
    (f"{_LPS}/exceptions.py", NOW): ("invalid_response", "Failed to parse"),
    ("docs.anthropic.com/en/api/errors", DOCUMENTED): (
        "invalid x-api-key", "authentication_error", "permission_error", "not_found_error",
        "api_error", "request_too_large", "credit balance", "billing", "prompt is too long",
        "Internal server error", "timeout_error", "timed out",
    ),
    ("platform.openai.com/docs/guides/error-codes", DOCUMENTED): (
        "insufficient_quota", "exceeded your current quota", "context_length_exceeded",
        "maximum context length", "invalid api key", "model_not_found", "unknown model",
        "server_error", "Bad Gateway",
    ),
    (f"{_CJ}/implementations/llm_provider_service_client.py", NOW): ("LLM Provider Service: ",),
    (f"{_LIBS}/kafka_client.py", NOW): ("Timeout publishing message by",),
    ("pydantic_core/_pydantic_core.pyi", LIBRARY): ("[type=missing", "[type="),
    ("aiokafka/client.py", LIBRARY): (
        "Unable connect to node with id", "Unable to update metadata from",
    ),
    ("aiohttp/client_exceptions.py", LIBRARY): (
        "Cannot connect to host", "ClientConnect", "ClientOSError",
    ),
    ("asyncio/base_events.py", LIBRARY): ("Connect call failed",),
    ("strerror(3), gai_strerror(3)", LIBRARY): (
        "Connection refused", "Connection reset", "Broken pipe", "Name or service not known",
        "No space left on device",
    ),
    ("sqlalchemy/exc.py", LIBRARY): ("[SQL: ", "[parameters: ", "Original exception was: ",
                                     "<class '"),
    ("sqlalchemy/engine/base.py", LIBRARY): ("Can't reconnect until invalid transaction",),
    ("asyncpg/exceptions/__init__.py", LIBRARY): ("UniqueViolationError", "DiskFullError"),
    ("asyncpg/protocol/protocol.pyx", LIBRARY): (
        "connection is closed", "connection was closed",
    ),
    ("pydantic_core", LIBRARY): ("[type=",),
    ("PostgreSQL", LIBRARY): (
        "permission denied for ", "DETAIL:", "HINT:", "CONTEXT:", "violates unique constraint",
        "violates foreign key constraint", "violates not-null constraint",
        "could not serialize access", "deadlock detected", "statement timeout", "lock timeout",
        "read-only transaction", "server closed the connection", "terminating connection",
        "the database system is",
    ),
}  # fmt: skip
PROVENANCE: dict[str, Seen | ReadInSource] = {
    **{text: ReadInSource(*where) for where, texts in _READ.items() for text in texts},
    **{text: day for day, texts in _SEEN.items() for text in texts},
}
READ_CHARS = 4_096
_FOLDED = {"".join(text.casefold().split()): text for text in PROVENANCE}


def text_of(line: str) -> str:
    """Return the table's text that a line begins with, or holds first; empty when it holds none.

    It is looked for in the first READ_CHARS: what is shown of a line is no longer.
    """
    folded = "".join(line[:READ_CHARS].casefold().split())
    places = [(place, -len(part), part) for part in _FOLDED if (place := folded.find(part)) >= 0]
    return _FOLDED[min(places)[2]] if places else ""


def texts_in(line: str) -> Iterator[str]:
    """Yield the table's texts that a line holds."""
    folded = "".join(line.casefold().split())
    return (whole for part, whole in _FOLDED.items() if part in folded)
