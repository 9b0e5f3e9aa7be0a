"""Every log text that a rule or a detector waits for, and where it is known from.

A text was seen in the services' logs on a day, or was only read: in a file of theirs, of a library,
or in what the model's provider documents. A line that holds a text is proof that it is logged; a
finding that misses a text which was only read is unproven.
A text that code compares with a log line, and that stands in none of these, fails the suite.
"""

from collections.abc import Iterator
from dataclasses import dataclass

NOW, THEN = "52468214", "370ba2e4"
LIBRARY, DOCUMENTED = "as installed", "as documented"


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that stood in the services' logs on a day, at a revision of theirs.

    `hour` tells recordings of one day apart: the hour in which their logs begin.
    """

    day: str
    revision: str
    hour: str = ""


@dataclass(frozen=True, slots=True)
class ReadInSource:
    """A text that was read in a file of the services, of a library, or of the provider's pages."""

    file: str
    revision: str


MORNING = Seen("2026-02-10", NOW)
EARLY_DAY = Seen("2026-11-30", NOW, "07")
LATE_DAY = Seen("2026-11-30", NOW, "10")
AFTERNOON = Seen("2026-11-30", NOW, "13")
CONSOLE_DAY = Seen("2026-08-18", NOW, "06")
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
        "Created tracking_map with", "Created internal CJ batch", "queue_id: ",
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
        "Published LLM provider failure event",
        "Anthropic API error: ", "Anthropic API failure: ", "Anthropic API call failed: ",
        "HTTP status ", "rate_limit", "Too Many Requests", "overloaded",
        "connection_error", "disconnected",
        # CJ.
        "Sending LLM comparison request with correlation_id",
        "Request queued for processing - results will be delivered",
        "Processing LLM comparison callback for request", "Received successful comparison",
        "Received error callback", "Callback processed for batch ",
        "completion_sweep", "completion_source",
        "Callback enables workflow continuation for batch ",
        "Updated comparison pair ", "comparison_result",
        "effective_llm_batching_mode", "Generated rankings", "partial scoring triggered",
        "Failed to prepare essay", " HTTP 500",
        "No assessment context available for prompt building",
        "Hydrated prompt text via fallback", "Hydrated judge rubric text via fallback",
        "CJ assessment workflow failed", "cj_assessment.requested.v1",
        "Unknown assignment_id", "Finalizing batch with all callbacks received",
        "Successfully computed BT scores",
        "Finalizing batch as FAILED due to low success rate", "correlation_id",
        "Traceback (most recent call last)", "During handling of the above exception",
        "The above exception was the direct cause",
        "Completed scoring finalization for batch", "Published completion for single-essay",
        "Successfully processed LLM comparison callback",
        "Publishing event from outbox to Kafka", "Successfully published event from outbox",
        "No anchor essays available - skipping grade projection",
        "Starting grade projection calculation", "Failed to fetch student prompt text",
        "Failed to hydrate prompt in batch creation", "Published dual events",
        "Callback iteration complete; evaluated stability", "Continuation decision evaluated",
    ),
    EARLY_DAY: (
        "Cleaned up ", "expired requests", "Failed to get next request",
        "Redis queue full or failed for ", "Using local queue for request",
        "Failed to publish event to topic ", "truncated response due to max_tokens limit",
        "No tool use found in Anthropic response", "Kafka publish failed for topic '",
        "Circuit breaker is open for Kafka publisher ", "queuing message for topic '",
        "Successfully published queued message: topic='", "Re-queued message after failure",
        "Recovery batch complete: processed=", "Queued message for retry: topic='",
        "Circuit breaker 'kafka_producer' transitioned to OPEN",
        "Circuit breaker 'kafka_producer' transitioned to CLOSED", "ValidationError",
        "RESOURCE_NOT_FOUND", "Event exceeded max retries", "Failed to publish event to Kafka",
        "Unexpected error processing task ", "Duplicate message skipped",
        "Cannot find comparison pair for callback", "already has result, skipping update",
        "Error in callback processing", "Failed to update batch completion counters for batch",
        "Failed scoring finalization", "user_id is None", "grade_projections",
        "Marking stuck batch as FAILED", "Handling stuck batch", "Forcing stuck batch to SCORING",
        "invalid_response", "LLM Provider Service: ", "[type=", "Unable connect to node with id",
        "Unable to update metadata from", "Cannot connect to host", "Connect call failed",
        "Connection reset", "[SQL: ", "[parameters: ", "Can't reconnect until invalid transaction",
        "UniqueViolationError", "connection was closed", "permission denied for ", "DETAIL:",
        "violates unique constraint", "could not serialize access", "statement timeout",
        "terminating connection",
    ),
    LATE_DAY: (
        "batch_api_job_dispatch", "BATCH_API job processing failed", "orphaned queue entries",
        "Processing failed: Releasing idempotency lock", "Failed to fetch anchor essay",
        "Failed to parse", "[type=missing", "ClientConnect", "Name or service not known",
        "No space left on device", "Original exception was: ", "DiskFullError", "HINT:",
        "ClientConnectorDNSError",
    ),
    AFTERNOON: (
        " essays for CJ assessment", "response_time: 0ms", "Comparison processing successful ",
        "Found stuck batches",
        "Failed to submit batch chunk for CJ batch", "Batch submission failed for CJ batch",
        " does not exist", "too many connections for role", " validation error for ",
        "Failed to publish callback event for request", "Failed to add request to Redis queue: ",
        "invalid expire time", " is out of range for partition", "comparison_result",
    ),
    CONSOLE_DAY: (
        "Error processing LLM comparison callback message", "[type=json_invalid",
        "Server disconnected",
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
        "Valid comparisons found",
    ),
    (f"{_LPS}/implementations/execution_result_handler.py", NOW): (
        "has expired, correlation_id", "failed, correlation_id", "Failed to re-enqueue request",
    ),
    (f"{_LPS}/implementations/request_strategies.py", NOW): (
        "Unexpected error while processing serial bundle",
    ),
    (f"{_LPS}/implementations/queue_processing_loop.py", NOW): ("Error in queue processing loop",),
    (f"{_LPS}/implementations/redis_queue_repository_impl.py", NOW): (
        "Batch deleted ", "Failed to update request", "Failed to delete request",
    ),
    ("redis/src/server.c", DOCUMENTED): (
        "used memory > 'maxmemory'", "read only replica", "MISCONF", "Not enough good replicas",
        "Authentication required", "WRONGPASS", "no permissions to run the",
        "loading the dataset in memory", "Link with MASTER is down", "max number of clients",
    ),
    ("redis/src/cluster.c", DOCUMENTED): ("CLUSTERDOWN",),
    (f"{_LPS}/implementations/resilient_queue_manager_impl.py", NOW): (
        "Redis marked unhealthy", "Redis connection restored",
    ),
    (f"{_LPS}/implementations/callback_event_publisher.py", NOW): (
        "Failed to publish error callback event for request",
    ),
    (f"{_LPS}/implementations/anthropic_provider_impl.py", NOW): (
        "Unexpected error calling Anthropic API",
    ),
    (f"{_LPS}/implementations/openai_provider_impl.py", NOW): (
        "No choices in OpenAI response", "API key not configured",
    ),
    (f"{_LPS}/api/llm_routes.py", NOW): ("Circuit breaker open",),
    (f"{_LIBS}/kafka/resilient_kafka_bus.py", NOW): (
        "Dropping message after ", " failed attempts: topic='",
    ),
    (f"{_LIBS}/kafka/fallback_handler.py", NOW): ("dropping message: topic='",),
    (f"{_CJ}/cj_core_logic/workflow_continuation.py", NOW): ("Continuation check computed",),
    (f"{_CJ}/cj_core_logic/batch_submission_tracking.py", NOW): (
        "tracking records for CJ batch",
    ),
    (f"{_LPS}/implementations/comparison_processor_impl.py", NOW): tuple(
        f"response_time: {took}ms" for took in (1, 2, 3, 4)
    ),
    (f"{_CJ}/app.py", NOW): ("Failed to start ",),
    (f"{_CJ}/startup_setup.py", NOW): ("Failed to initialize ",),
    ("hypercorn/utils.py", LIBRARY): ("LifespanFailureError",),
    ("hypercorn/asyncio/run.py", LIBRARY): ("Running on http",),
    (f"{_CJ}/cj_core_logic/content_hydration.py", NOW): (
        "Student prompt reference missing", "Hydrated student prompt text is empty",
        "Unexpected error hydrating student prompt text", "Hydrated judge rubric text is empty",
        "Failed to fetch judge rubric text", "Unexpected error fetching judge rubric text",
    ),
    (f"{_CJ}/cj_core_logic/batch_preparation.py", NOW): (
        "Failed to hydrate judge rubric in batch creation",
        "No assessment context found while attempting to add anchors",
    ),
    (f"{_CJ}/cj_core_logic/pair_generation.py", NOW): (
        "No assessment instruction found for assignment",
    ),
    (f"{_CJ}/implementations/llm_provider_service_client.py", NOW): (
        "LLM Provider Service error:",
    ),
    ("aiohttp/client_reqrep.py", LIBRARY): ("Connection closed",),
    ("aiohttp/http_writer.py", LIBRARY): ("Cannot write to closing transport",),
    (f"{_CJ}/cj_core_logic/batch_completion_policy.py", NOW): ("completion detected",),
    (f"{_CJ}/cj_core_logic/batch_completion_checker.py", NOW): (" completion check: ",),
    (f"{_CJ}/cj_core_logic/batch_finalizer.py", NOW): (
        "Failed single-essay finalization", "Batch already terminal",
    ),
    (f"{_CJ}/implementations/grade_projection_repository.py", NOW): (
        "Failed to store grade projections",
    ),
    (f"{_ENG5}/hydrator.py", NOW): (
        "Comparison callback missing prompt hash; correlation=",
        "missing request_id; cannot hydrate", "llm_comparison_hydrated",
    ),
    (f"{_ENG5}/kafka_flow.py", NOW): (
        "collector_llm_comparison_deserialization_failed", "collector_started",
        "kafka_publish_success", "runner_kafka_publish_completed", "collector_timeout",
        "collector_error", "collector_stopped",
    ),
    (f"{_ENG5}/handlers/execute_handler.py", NOW): (
        "runner_execution_complete", "runner_publish_failed",
    ),
    (f"{_ENG5}/cli.py", NOW): ("Canonical batch UUID", "runner_invocation"),
    ("docs.anthropic.com/en/api/errors", DOCUMENTED): (
        "invalid x-api-key", "authentication_error", "permission_error", "not_found_error",
        "api_error", "request_too_large", "credit balance", "billing", "prompt is too long",
        "Internal server error", "timeout_error", "timed out",
    ),
    ("docs.anthropic.com/en/api/messages", DOCUMENTED): ("'stop_reason': 'refusal'",),
    ("platform.openai.com/docs/guides/error-codes", DOCUMENTED): (
        "insufficient_quota", "exceeded your current quota", "context_length_exceeded",
        "maximum context length", "invalid api key", "model_not_found", "unknown model",
        "server_error", "Bad Gateway",
    ),
    (f"{_LIBS}/queue_redis_client.py", NOW): ("Queue Redis ping failed",),
    (f"{_LIBS}/kafka_client.py", NOW): ("Timeout publishing message by",),
    (f"{_LIBS}/idempotency_v2.py", NOW): (
        "Starting transaction-aware idempotency check", "DUPLICATE_EVENT_DETECTED",
    ),
    ("aiohttp/client_exceptions.py", LIBRARY): (
        "ClientOSError", "ClientConnectorCertificateError", "500, message=",
    ),
    ("aiokafka/errors.py", LIBRARY): (
        "KafkaConnectionError", "KafkaTimeoutError", "KafkaUnavailableError", "NodeNotReadyError",
        "RequestTimedOutError", "NoBrokersAvailable",
    ),
    ("aiokafka/consumer/group_coordinator.py", LIBRARY): (
        "Heartbeat failed for group", "Marking the coordinator dead",
    ),
    ("aiohttp/connector.py", LIBRARY): ("SSLCertVerification", "certificate verify failed"),
    ("crypto/x509/x509_txt.c", LIBRARY): (
        "certificate has expired", "certificate is not yet valid", "self-signed certificate",
        "unable to get local issuer certificate", "Hostname mismatch", "IP address mismatch",
    ),
    ("strerror(3), gai_strerror(3)", LIBRARY): (
        "Connection refused", "Broken pipe", "Temporary failure in name resolution",
        "No address associated with hostname", "nodename nor servname provided",
    ),
    ("asyncpg/exceptions/__init__.py", LIBRARY): (
        "InvalidPasswordError", "InvalidAuthorizationSpecificationError",
        "InvalidCatalogNameError", "UndefinedTableError", "UndefinedColumnError",
        "InsufficientPrivilegeError",
    ),
    ("sqlalchemy/exc.py", LIBRARY): ("<class '",),
    ("asyncpg/protocol/protocol.pyx", LIBRARY): ("connection is closed",),
    ("PostgreSQL", LIBRARY): (
        "CONTEXT:", "violates foreign key constraint", "violates not-null constraint",
        "deadlock detected", "lock timeout", "read-only transaction",
        "server closed the connection", "the database system is", "remaining connection slots",
        "too many clients", "password authentication failed",
    ),
}  # fmt: skip
PROVENANCE: dict[str, Seen | ReadInSource] = {
    **{text: ReadInSource(*where) for where, texts in _READ.items() for text in texts},
    **{text: day for day, texts in _SEEN.items() for text in texts},
}
_FOLDED = {"".join(text.casefold().split()): text for text in PROVENANCE}


def texts_in(line: str) -> Iterator[str]:
    """Yield the table's texts that a line holds."""
    folded = "".join(line.casefold().split())
    return (whole for part, whole in _FOLDED.items() if part in folded)
