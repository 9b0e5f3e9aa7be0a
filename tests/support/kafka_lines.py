"""What the LLM provider writes when Kafka takes its callbacks, or does not; by number."""

TOPIC = "huleedu.llm_provider.comparison_result.v1"
BREAKER_OPEN = "Circuit breaker 'kafka_producer' transitioned to OPEN. Blocking calls for 30.0s"
BREAKER_CLOSED = "Circuit breaker 'kafka_producer' transitioned to CLOSED. Service recovered."
RESTART = ["Stopping queue processor...", "Starting Kafka recovery loop", "Queue processor started"]


def queue_id(number: int) -> str:
    """Return the queue id of a request."""
    return f"00000000-0000-4000-8000-{number:012d}"


def correlation_id(number: int) -> str:
    """Return the correlation id of a request."""
    return f"11111111-0000-4000-8000-{number:012d}"


def event_id(number: int) -> str:
    """Return the id of a request's callback event."""
    return f"22222222-0000-4000-8000-{number:012d}"


def published(number: int, topic: str = TOPIC) -> list[str]:
    """Return the line that says so, whether it was or not."""
    return [
        f"Published success callback event for request {queue_id(number)}, correlation_id: "
        f"{correlation_id(number)}, topic: {topic}"
    ]


def refused(number: int, topic: str = TOPIC) -> list[str]:
    """Return what is written when Kafka refuses one."""
    why = "[Error 29] TopicAuthorizationFailedError"
    return [
        f"Kafka publish failed for topic '{topic}': {why}. Queuing message for retry.",
        f"Failed to publish event to topic {topic}: {why}",
        _kept(number, topic),
    ]


def blocked(number: int, topic: str = TOPIC) -> list[str]:
    """Return what is written while Kafka's breaker is open."""
    return [
        "Circuit breaker is open for Kafka publisher 'llm_provider_service-producer', queuing "
        f"message for topic '{topic}'",
        _kept(number, topic),
    ]


def delivered(number: int, topic: str = TOPIC) -> list[str]:
    """Return what is written, at debug, when one that waited was published."""
    return [f"Successfully published queued message: {_event(number, topic)}"]


def dropped(number: int, topic: str = TOPIC) -> list[str]:
    """Return what is written when the publisher gives one up."""
    return [f"Dropping message after 5 failed attempts: {_event(number, topic)}"]


def requeued() -> list[str]:
    """Return what is written when the first of a round was refused again."""
    return ["Re-queued message after failure (attempt 1): [Error 29]"]


def recovery(processed: int, remaining: int) -> list[str]:
    """Return what ends a round."""
    counts = f"processed={processed}, failed=0, remaining={remaining}"
    return [f"Recovery batch complete: {counts}"]


def _kept(number: int, topic: str) -> str:
    return f"Queued message for retry: {_event(number, topic)}, queue_size={number}"


def _event(number: int, topic: str) -> str:
    return f"topic='{topic}', event_id={event_id(number)}"
