"""What a bundle of comparisons leaves in the logs of the incident's night."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.demo.incident.log_lines import CJ, LLM, Said
from bot.demo.incident.rows import pair_id

NIGHT = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
TOPIC = "huleedu.llm_provider.comparison_result.v1"


def request_id(batch: int, number: int) -> UUID:
    """Return the queue id of a pair's request."""
    return uuid5(NAMESPACE_URL, f"batchbot/incident/{batch}/request/{number}")


def at(minute: int, second: float, ms: int = 0) -> datetime:
    """Return a time of the night, counted from 23:00 UTC."""
    return NIGHT + timedelta(minutes=minute, seconds=second, milliseconds=ms)


def bundle_lines(
    batch: int, first: int, last: int, sent: datetime, mode_at: datetime, *, failed: bool
) -> Iterator[Said]:
    """One bundle: sent, queued, dispatched, answered (all or none), consumed."""
    for number in range(first, last + 1):
        step = timedelta(milliseconds=20 * (number - first))
        pair, queue = pair_id(batch, number), request_id(batch, number)
        yield Said(
            CJ,
            sent + step,
            f"Sending LLM comparison request with correlation_id: {pair}",
            logger="llm_provider_service_client",
            extra={"prompt_length": 5120},
        )
        yield Said(
            LLM,
            sent + step,
            f"Queuing LLM request for provider anthropic (async-only architecture). correlation_id: {pair}",
            logger="llm_orchestrator",
        )
        yield Said(
            LLM,
            sent + step,
            f"Queued request {queue} with priority 5, TTL 14400s",
            logger="redis_queue_repository",
            early=True,
        )
    extra = {
        "bundle_size": last - first + 1,
        "queue_processing_mode": "serial_bundle",
        "provider": "anthropic",
        "model_override": None,
        "cj_llm_batching_mode": None,
    }
    yield Said(LLM, mode_at, "serial_bundle_dispatch", extra=extra)
    done = mode_at + timedelta(seconds=2)
    if failed:
        yield Said(
            LLM,
            done,
            "Serial bundle processing hit provider error",
            "error",
            extra={"queue_processing_mode": "serial_bundle", "bundle_size": last - first + 1},
            raised=("HuleEduError", "[EXTERNAL_SERVICE_ERROR] Anthropic API call failed"),
        )
    for number in range(first, last + 1):
        yield from _answer(
            batch, number, done + timedelta(milliseconds=9 * (number - first)), failed
        )


def _answer(batch: int, number: int, done: datetime, failed: bool) -> Iterator[Said]:
    pair, queue = pair_id(batch, number), request_id(batch, number)
    kind = "error" if failed else "success"
    if failed:
        yield Said(
            LLM,
            done,
            f"Request {queue} failed: Anthropic API call failed, correlation_id: {pair}",
            "error",
        )
    else:
        yield Said(LLM, done, f"Request {queue} completed successfully, correlation_id: {pair}")
    yield Said(
        LLM,
        done,
        f"Published {kind} callback event for request {queue}, correlation_id: {pair}, topic: {TOPIC}",
    )
    extra = {
        "correlation_id": pair,
        "request_id": str(queue),
        "provider": "anthropic",
        "is_error": failed,
    }
    yield Said(
        CJ,
        done + timedelta(milliseconds=4),
        f"Processing LLM comparison callback for request {queue}",
        logger="llm_callback_handler",
        extra=extra,
    )
    if failed:
        yield Said(
            CJ,
            done + timedelta(milliseconds=5),
            f"Received error callback for request {queue}",
            "warning",
            "callback_state_manager",
            {"correlation_id": pair, "error_code": "EXTERNAL_SERVICE_ERROR"},
        )
    yield Said(
        CJ,
        done + timedelta(milliseconds=6),
        f"Updated comparison pair {batch * 100 + number} with {kind} result",
        "warning" if failed else "info",
        "callback_state_manager",
        {"correlation_id": pair, "cj_batch_id": batch},
    )
