"""Log lines of one comparison's way, as the services write them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PairRow
from bot.domain.log import LogEvent
from tests.support.fakes.sources import CJ, LPS, RUNNER, at, event

STRAY = UUID("8f3a11d7-9411-4ca2-9999-59a9d18c5da9")
C = UUID("c1c1c1c1-0000-4000-8000-000000000001")
Q = UUID("d1d1d1d1-0000-4000-8000-000000000001")
BOS = UUID("b0b0b0b0-0000-4000-8000-000000000034")
BATCH_CORRELATION = UUID("eeeeeeee-0000-4000-8000-000000000034")
START = at("2025-11-18T23:48:20")
TOPIC = "huleedu.llm_provider.comparison_result.v1"


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def trail_lines(*, mode: str = "serial_bundle") -> dict[str, LogEvent]:
    """Return the lines of a healthy comparison, by a short name each."""
    lines: Mapping[str, LogEvent] = {
        "sent": event(
            after(1),
            f"Sending LLM comparison request with correlation_id: {C}",
            CJ,
            prompt_length=9,
        ),
        "accepted": event(
            after(1.2),
            "Request queued for processing - results will be delivered via callback",
            CJ,
            correlation_id=str(C),
        ),
        "queuing": event(
            after(1.1),
            "Queuing LLM request for provider anthropic (async-only architecture). "
            f"correlation_id: {C}",
        ),
        "queued": event(after(1.15), f"Queued request {Q} with priority 5, TTL 14400s"),
        "dispatch": event(
            after(3), "serial_bundle_dispatch", bundle_size=8, queue_processing_mode="serial_bundle"
        ),
        "processing": event(
            after(3),
            f"Processing queued request {Q}, correlation_id: {C}",
            queue_processing_mode="per_request",
        ),
        "completed": event(after(18), f"Request {Q} completed successfully, correlation_id: {C}"),
        "published": event(
            after(18.1),
            f"Published success callback event for request {Q}, correlation_id: {C}, "
            f"topic: {TOPIC}",
        ),
        "consumed": event(
            after(18.4),
            f"Processing LLM comparison callback for request {Q}",
            CJ,
            correlation_id=f"UUID('{C}')",
            request_id=str(Q),
        ),
        "stored": event(
            after(18.5),
            "Updated comparison pair 340 with success result",
            CJ,
            correlation_id=str(C),
        ),
    }
    skipped = "processing" if mode == "serial_bundle" else "dispatch"
    return {name: line for name, line in lines.items() if name != skipped}


def pair(**more: object) -> PairRow:
    """Return the pair's row: answered, in a batch that is complete."""
    values: dict[str, object] = {
        "pair_id": 340,
        "batch_id": 34,
        "bos_batch_id": str(BOS),
        "batch_status": "COMPLETE_STABLE",
        "batch_state": "SCORING",
        "request_correlation_id": C,
        "matched_by": "request_correlation_id",
        "created_at": START,
        "submitted_at": after(0.5),
        "completed_at": after(18.5),
        "winner": "essay_b",
        "scored_at": after(20),
    }
    return PairRow(**{**values, **more})  # type: ignore[arg-type]


PENDING: Mapping[str, object] = {
    "winner": None,
    "completed_at": None,
    "scored_at": None,
    "batch_status": "PERFORMING_COMPARISONS",
    "batch_state": "WAITING_CALLBACKS",
}


def batch(*, total: int = 10, error: int = 0, status: str = "COMPLETE_STABLE") -> BatchRows:
    """Return batch 34 with its pairs counted."""
    header = BatchHeader(34, str(BOS), str(BATCH_CORRELATION), status, "SCORING", START)
    pairs = PairCounts(total=total, essay_a=total - error, error=error, first_created_at=START)
    return BatchRows(header, pairs)


RUNNER_REJECTION = event(
    "2025-11-18T23:48:41",
    f"Kafka publish failed (ValueError: Comparison callback missing essay\n   identifiers; "
    f"correlation={str(STRAY)[:20]}\n{str(STRAY)[20:]}). Use --no-kafka to skip publishing.",
    RUNNER,
    level="error",
)
CJ_STRAY = event(
    "2025-11-18T21:10:00",
    "Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison pair "
    f"for callback with correlation ID: {STRAY}",
    CJ,
    level="error",
    request_id="d2d2d2d2-0000-4000-8000-000000000001",
    exception_type="HuleEduError",
)
BEFORE_ALL = tuple(
    event("2025-11-18T20:00:00", "service started", service) for service in (CJ, LPS, RUNNER)
)
