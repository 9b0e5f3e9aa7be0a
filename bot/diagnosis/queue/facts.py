"""The facts of one look at the queue, as `/queue` gives them beside its words; pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.diagnosis.queue.evidence import QueueEvidence
from bot.diagnosis.queue.timeline import QueueTimeline
from bot.diagnosis.queue.verdict import QueueVerdict
from bot.domain.evidence import LOGS, QUEUE
from bot.domain.log import LogEvent
from bot.domain.report import Confidence

SHOWN_DISPATCHES = 5
# In place of facts that would be read as those of now, where the logs ended long ago.
OF_THEN: Mapping[str, Any] = {
    "verdict": "stale",
    "confidence": Confidence.LOW,
    "size": None,
    "by_status": {},
}


def facts_of(
    evidence: QueueEvidence, timeline: QueueTimeline, verdict: QueueVerdict, shown: str
) -> dict[str, Any]:
    """Return the facts of one look, under their fixed names; `shown` names its verdict."""
    redis, snapshot = timeline.reading, timeline.snapshot
    return {
        "size": timeline.size,
        "by_status": _by_status(timeline),
        "oldest": _oldest(timeline),
        "verdict": shown,
        "confidence": verdict.confidence,
        "since": verdict.since,
        "accepting": snapshot.accepting if snapshot else None,
        "mode": timeline.mode or "unknown",
        "from": QUEUE if redis else LOGS if timeline.snapshot or timeline.signs else "nothing",
        "recent_dispatches": [
            {
                "at": event.at,
                "bundle_size": bundle_size(event),
                "mode": mode_of(event),
            }
            for event in evidence.dispatches[-SHOWN_DISPATCHES:]
        ],
        "last_sign_at": timeline.last_sign,
        "last_snapshot_at": snapshot.at if snapshot else None,
        "logged_size": snapshot.size if snapshot else None,
        "usage_percent": snapshot.usage_percent if snapshot else None,
        "unreadable_entries": redis.unreadable if redis else None,
        **evidence.provider.facts(),
    }


def _by_status(timeline: QueueTimeline) -> dict[str, int]:
    if timeline.reading:
        return timeline.reading.by_status()
    if timeline.snapshot is None:
        return {}
    return {"queued": timeline.snapshot.queued, "not_queued": timeline.snapshot.not_queued}


def _oldest(timeline: QueueTimeline) -> dict[str, Any] | None:
    items = timeline.reading.items if timeline.reading else ()
    if not items:
        return None
    item = min(items, key=lambda one: (one.queued_at is None, one.queued_at or timeline.now))
    return {
        "queue_id": item.queue_id,
        "correlation_id": item.correlation_id or None,
        "batch": item.cj_batch_id or item.bos_batch_id or None,
        "status": item.status,
        "age_seconds": _seconds(timeline.now - item.queued_at) if item.queued_at else None,
        "retry_count": item.retry_count,
        "ttl_left_seconds": _seconds(item.expires_at - timeline.now) if item.expires_at else None,
    }


def _seconds(span: timedelta) -> float:
    return round(max(0.0, span.total_seconds()), 1)


def bundle_size(event: LogEvent) -> int | None:
    """Return how many a dispatch took, where its line says so."""
    value = event.fields.get("bundle_size")
    return value if isinstance(value, int) else None


def mode_of(event: LogEvent) -> str:
    """Return how a dispatch took them."""
    return str(event.fields.get("queue_processing_mode") or "unknown")[:40]
