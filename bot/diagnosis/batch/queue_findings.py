"""The queue's rules where a batch's own comparisons are stuck, or stand behind what is; pure."""

from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.follow_up import items_of
from bot.diagnosis.queue.report import finding_of, verdicts_of
from bot.diagnosis.queue.timeline import BLOCKING
from bot.diagnosis.queue.verdict import QueueVerdict
from bot.domain.report import Finding

QUIET = ("ok", "warming")


def stuck_findings(evidence: BatchEvidence, now: datetime) -> tuple[Finding, ...]:
    """Return what the queue's rules find about the batch's items; none where it has no items."""
    if evidence.look is None:
        return ()
    mine = {item.queue_id for item in items_of(evidence)}
    return tuple(
        finding_of(verdict)
        for verdict in verdicts_of(evidence.look, now)
        if verdict.rule not in QUIET and _concerns(verdict, mine)
    )


def _concerns(verdict: QueueVerdict, mine: set[str]) -> bool:
    ours = any(item.queue_id in mine for item in verdict.items)
    return bool(mine) and (ours or verdict.rule in BLOCKING)
