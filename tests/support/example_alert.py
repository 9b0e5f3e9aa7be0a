"""One alert that fires, as a detector and the policy make it."""

from datetime import UTC, datetime

from bot.domain.alert import Alert, AlertState, Condition
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity

AT = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)


CONDITION = Condition(
    "llm", "orphaned-item", Severity.ERROR, Confidence.HIGH,
    "Item 3f2a is stuck in processing for 40 min while the worker is alive", AT,
    evidence=(EvidenceLine("llm_queue", AT, "size 1, queued 0"),), why="Nobody owns it.",
    next=("Wait for its TTL", "/queue"), batch="34",
    correlation_id="8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
)  # fmt: skip


ALERT = Alert(
    "stuck_queue/np/llm", "stuck_queue", "np", "llm", AlertState.FIRING, Severity.ERROR,
    CONDITION, AT, AT, AT, count=3,
)  # fmt: skip
