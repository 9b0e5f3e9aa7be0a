"""Judges the queue by the provider's depth gauges, where neither Redis nor its log is read; pure.

The gauges are set once a pass of the worker's loop, so they stand still while a bundle runs: they
show that nothing moves, and never why.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.queue.timeline import FROZEN
from bot.domain.alert import Condition, Judgement, Sample, Sight
from bot.domain.evidence import HEALTH, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words

GAUGE = "gauge"


def judge_gauges(
    samples: Sequence[Sample], now: datetime, subject: str, opens_after: timedelta
) -> Judgement | None:
    """Return the judgement by the gauges, None when no sample holds any."""
    read = [(one.at, tuple(one.data[GAUGE])) for one in samples if one.data.get(GAUGE)]
    if not read:
        return None
    size, queued = read[-1][1]
    since = now
    for at, gauge in reversed(read):
        if gauge != (size, queued):
            break
        since = at
    if not size:
        closing = {subject: "the provider's gauge shows an empty queue"}
        return Judgement(Sight.CLEAR, note="the queue is empty by its gauge", closing=closing)
    if now - since < opens_after:
        # A gauge that moved once proves no recovery of what was stuck before.
        held = {subject: "its gauge moved a moment ago"}
        return Judgement(Sight.CLEAR, note=f"{size} in the queue by its gauge", held=held)
    return Judgement(Sight.CLEAR, (_condition(size, queued, since, subject),))


def _condition(size: int, queued: int, since: datetime, subject: str) -> Condition:
    return Condition(
        subject=subject,
        rule=FROZEN,
        severity=Severity.ERROR,
        confidence=Confidence.LOW,
        title=words(
            "LLM queue stuck (queue-frozen)",
            when(since, " since "),
            ", low confidence from /metrics alone: its gauges stand still at "
            f"{size} in it, {queued} queued. Next: configure Redis or logs, then "
            "/queue",
        ),
        since=since,
        known=f"by its gauge {size}/{queued}",
        count=0,
        headline=f"LLM queue may be stuck: its gauge stands still at {size}",
        why="The gauge stands still while a long bundle runs, too; without Redis and logs the two "
        "cannot be told apart.",
        evidence=(EvidenceLine(HEALTH, since, f"queue depth total {size}, queued {queued}"),),
        next=("/queue", "batchbot doctor"),
    )
