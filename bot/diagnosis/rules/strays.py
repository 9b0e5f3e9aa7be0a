"""Rules on callbacks near a batch that belong to nobody."""

import re
from datetime import datetime
from uuid import UUID

from bot.diagnosis.batch_evidence import BatchEvidence, log_line
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity

TEXTS = ("missing essay identifiers", "missing prompt hash", "Cannot find comparison pair")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def foreign_callback(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A callback that no batch owns was rejected while this batch ran."""
    if isinstance(evidence.owned, Missing):
        return None
    owned = evidence.owned
    stray = {
        id: event for event in evidence.nearby for id in rejected_ids(event) if id not in owned
    }
    if not stray:
        return None
    first = next(iter(stray))
    return Finding(
        rule="foreign-callback",
        severity=Severity.WARN,
        confidence=Confidence.LOW,
        what=f"{len(stray)} rejected callbacks in this batch's time belong to no batch in the "
        f"database ({first}); joined to it by time alone.",
        why="A runner reads its topic from the earliest offset and took a callback without a batch "
        "hint for its own (fixed upstream on 2025-11-30). The batching mode is not the cause.",
        evidence=tuple(log_line(event) for event in list(stray.values())[:3]),
        next=(f"/trace {first}",),
    )


def rejected_ids(event: LogEvent) -> tuple[UUID, ...]:
    """Return the correlation ids of a rejection, none for another event."""
    said = f"{event.event} {event.error.message if event.error else ''}"
    if not any(text in said for text in TEXTS):
        return ()
    return tuple(UUID(id) for id in _UUID.findall(said.lower())[:1])
