"""Lines that the LLM provider's loop writes, as log events."""

from dataclasses import replace
from datetime import datetime

from bot.domain.log import LogEvent, Role
from tests.support.watches import said


def line(at: datetime, text: str) -> LogEvent:
    return said(at, text, level="info", role=Role.LLM_PROVIDER)


def snapshot(at: datetime, size: int, queued: int = 0) -> LogEvent:
    fields = {"queue_current_size": size, "queue_queued_count": queued}
    return replace(line(at, "queue_metrics_snapshot"), fields=fields)
