"""Where every log text that a detector waits for is known from: seen in a recording, or read.

What was only read in source was never seen in a log: a finding based on it is unproven.
"""

from dataclasses import dataclass

NOW, THEN = "52468214", "370ba2e4"
LIBRARY = "as installed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that stood in the services' logs on a day, at a revision of theirs."""

    day: str
    revision: str


@dataclass(frozen=True, slots=True)
class ReadInSource:
    """A text that was read in a file of the services, or of a library of theirs."""

    file: str
    revision: str


MORNING = Seen("2026-02-10", NOW)
LIBS = "libs/huleedu_service_libs/src/huleedu_service_libs"
LPS = "services/llm_provider_service"
CJ = "services/cj_assessment_service"
ENG5 = "scripts/cj_experiments_runners/eng5_np"
PROVENANCE: dict[str, Seen | ReadInSource] = {
    " failed": MORNING,
    " failed: ": MORNING,
    "(Background on": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "7s2a": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "BATCH_API job processing failed": ReadInSource(
        f"{LPS}/implementations/batch_api_strategy.py", NOW
    ),
    "Batch deleted": ReadInSource(f"{LPS}/implementations/redis_queue_repository_impl.py", NOW),
    "Circuit breaker open": ReadInSource(f"{LPS}/api/llm_routes.py", NOW),
    "Cleaned up": ReadInSource(f"{LPS}/implementations/redis_queue_repository_impl.py", NOW),
    "Comparison callback": ReadInSource(f"{ENG5}/hydrator.py", NOW),
    "Dropping message after": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "Duplicate message skipped": ReadInSource(f"{CJ}/kafka_consumer.py", NOW),
    "Error processing LLM comparison callback": ReadInSource(
        f"{CJ}/message_handlers/llm_callback_handler.py", NOW
    ),
    "Failed to publish event": ReadInSource(f"{LPS}/implementations/event_publisher_impl.py", NOW),
    "IntegrityError": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "Kafka publish failed for topic": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "Kafka recovery loop": MORNING,
    "LLM comparison callback": MORNING,
    "LLM service error": ReadInSource(f"{LPS}/implementations/queue_processor_impl.py", THEN),
    "LLM service error processing request": ReadInSource(
        f"{LPS}/implementations/queue_processor_impl.py", THEN
    ),
    "PendingRollbackError": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "Processing LLM comparison callback": MORNING,
    "Published error callback event for request": MORNING,
    "Queue process": MORNING,
    "Queue processor started": MORNING,
    "Queued message for retry": ReadInSource(f"{LIBS}/kafka/fallback_handler.py", NOW),
    "Re-queued message after": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "Recovery batch complete": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "Redis connection restored": ReadInSource(
        f"{LPS}/implementations/resilient_queue_manager_impl.py", NOW
    ),
    "Redis marked": ReadInSource(f"{LPS}/implementations/resilient_queue_manager_impl.py", NOW),
    "Redis queue full": ReadInSource(f"{LPS}/implementations/resilient_queue_manager_impl.py", NOW),
    "Requeueing request": MORNING,
    "Serial bundle processing hit provider error": MORNING,
    "Unable connect to node with id": ReadInSource("aiokafka/client.py", LIBRARY),
    "Unable to update metadata from": ReadInSource("aiokafka/client.py", LIBRARY),
    "Unexpected error processing task": ReadInSource(
        f"{CJ}/implementations/llm_interaction_impl.py", NOW
    ),
    "UniqueViolation": ReadInSource("asyncpg/exceptions", LIBRARY),
    "Using local queue": ReadInSource(
        f"{LPS}/implementations/resilient_queue_manager_impl.py", NOW
    ),
    "batch_api_job_dispatch": ReadInSource(f"{LPS}/implementations/batch_api_strategy.py", NOW),
    "callback event for request": MORNING,
    "cannot hydrate": ReadInSource(f"{ENG5}/hydrator.py", NOW),
    "comparison pair for callback": ReadInSource(
        f"{CJ}/cj_core_logic/callback_persistence_service.py", NOW
    ),
    "completed successfully": MORNING,
    "completed successfully, correlation_id": MORNING,
    "deserialization_failed": ReadInSource(f"{ENG5}/kafka_flow.py", NOW),
    "dropping message: topic": ReadInSource(f"{LIBS}/kafka/fallback_handler.py", NOW),
    "erial bundle": MORNING,
    "essay identifiers": ReadInSource(f"{ENG5}/hydrator.py", NOW),
    "failed with HuleEduError": MORNING,
    "get next request": ReadInSource(f"{LPS}/implementations/redis_queue_repository_impl.py", NOW),
    "gkpj": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "has expired": ReadInSource(f"{LIBS}/auth/jwt_utils.py", NOW),
    "kafka_producer' transitioned": ReadInSource(f"{LIBS}/resilience/circuit_breaker.py", NOW),
    "prompt hash": ReadInSource(f"{ENG5}/hydrator.py", NOW),
    "published queued message": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "queue processing loop": ReadInSource(f"{LPS}/implementations/queue_processing_loop.py", NOW),
    "queue_metrics_snapshot": MORNING,
    "queuing message for topic": ReadInSource(f"{LIBS}/kafka/resilient_kafka_bus.py", NOW),
    "serial_bundle_dispatch": MORNING,
    "sqlalche.me": ReadInSource("sqlalchemy/exc.py", LIBRARY),
    "transitioned to CLOSED": ReadInSource(f"{LIBS}/resilience/circuit_breaker.py", NOW),
    "transitioned to OPEN": ReadInSource(f"{LIBS}/resilience/circuit_breaker.py", NOW),
    "ueued request": MORNING,
}


def is_proven(text: str) -> bool:
    """Say whether a needle was seen in a real log."""
    return isinstance(PROVENANCE.get(text), Seen)
