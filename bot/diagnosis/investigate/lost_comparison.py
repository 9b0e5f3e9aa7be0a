"""How the LLM queue lost one comparison, as the investigation of its batch says it.

Which of those that waited a restart took is shown by the others of its batch and by the counts of
the queue: a trace alone, which reads the lines of one, cannot say it.
"""

from datetime import datetime, timedelta

from bot.diagnosis.batch.collect import collect
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import findings_of
from bot.diagnosis.comparison.queue_fate.fates import RULES
from bot.diagnosis.trace.evidence import QueueLoss
from bot.ports import Deadline, Sources


async def lost_comparison(
    sources: Sources,
    batch_id: int,
    correlation_id: str,
    now: datetime,
    *,
    deadline: Deadline,
    opens_after: timedelta,
) -> QueueLoss | None:
    """Return how the queue lost a comparison; None where its batch's investigation does not say."""
    evidence = await collect(sources, batch_id, now, deadline=deadline)
    if not isinstance(evidence, BatchEvidence):
        return None
    evidence = evidence.opening_after(opens_after)
    fate = evidence.fates(now).get(correlation_id)
    if fate is None:
        return None
    found = (one for one in findings_of(evidence, now) if one.rule == RULES.get(fate.kind))
    told = next(found, None)
    return QueueLoss(fate, told) if told else None
