"""A further queue of LLM_QUEUE_PREFIXES does not move: the same item stays at its front.

Of these only Redis is read, and of each only its front, so that a thousand of them cost little.
Whether a worker hangs or the item is an orphan cannot be decided by that; see stuck_queue for the
provider's own queue.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._state import StateDetector, nothing_read, unreadable_sample
from bot.diagnosis.queue.timeline import FROZEN
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import QUEUE, EvidenceLine, Missing
from bot.domain.queue import QueueFront
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch

FRONT, STATUS = "front", "status"
YOUNG = "not watched for long enough to tell"
MOVES = "another item is at its front, or it is empty"


class FurtherQueuesSettings(BaseModel):
    """How long the same item may stand at a queue's front."""

    after_seconds: float = Field(300, gt=0, description="how long a front may stand still")


class FurtherQueues(StateDetector):
    """Watches the front of each further queue."""

    name: ClassVar[str] = "further_queues"
    summary: ClassVar[str] = "A queue of LLM_QUEUE_PREFIXES has had the same front for 5 minutes"
    Settings: ClassVar[type[BaseModel]] = FurtherQueuesSettings

    def __init__(self, settings: FurtherQueuesSettings) -> None:
        self._after = timedelta(seconds=settings.after_seconds)

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._after.total_seconds() + 120

    async def sample(self, watch: Watch) -> Sample:
        """Collect the fronts of the queues that are not empty."""
        answer = await watch.fronts()
        if isinstance(answer, Missing):
            return unreadable_sample(watch.now, answer)
        if not answer:
            return Sample(watch.now)
        return Sample(watch.now, {one.prefix: _fact(one) for one in answer if one.queue_id})

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window; pure."""
        unknown = nothing_read(window)
        if unknown is not None:
            return unknown
        last = window.samples[-1]
        since = _unchanged_since(window.samples, last.data, now)
        found = tuple(
            _condition(prefix, last.data[prefix], at)
            for prefix, at in since.items()
            if now - at >= self._after
        )
        closing = {prefix: MOVES for one in window.samples for prefix in one.data}
        # One that stands since watching began, or began again, has not been seen to move.
        held = {
            prefix: YOUNG
            for prefix, at in since.items()
            if at <= window.started_at and now - at < self._after
        }
        return Judgement(Sight.CLEAR, found, closing=closing, held=held)


DETECTOR = FurtherQueues


def _unchanged_since(
    samples: Sequence[Sample], newest: Mapping[str, Any], now: datetime
) -> dict[str, datetime]:
    """Return since when each queue has had the front that it has now, as far as was seen."""
    since = dict.fromkeys(newest, now)
    standing = set(newest)
    for sample in reversed(samples):
        # A tick that could not read proves neither rest nor motion.
        if sample.unreadable:
            continue
        standing = {one for one in standing if _same(sample.data.get(one), newest[one])}
        since |= dict.fromkeys(standing, sample.at)
        if not standing:
            break
    return since


def _fact(front: QueueFront) -> dict[str, Any]:
    return {FRONT: front.queue_id, STATUS: front.status}


def _same(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Say whether the same item stood at the front; how many wait behind it does not matter."""
    return before is not None and (before[FRONT], before[STATUS]) == (now[FRONT], now[STATUS])


def _condition(prefix: str, fact: Mapping[str, Any], since: datetime) -> Condition:
    step = f"/queue status {prefix}"
    front = str(fact[FRONT])
    return Condition(
        subject=prefix,
        rule=FROZEN,
        severity=Severity.ERROR,
        confidence=Confidence.LOW,
        title=words(
            f"Queue {prefix} has had the same item at its front ({fact[STATUS]})",
            when(since, " since "),
            f", low confidence, from Redis alone. Next: {step}",
        ),
        since=since,
        known=f"{front} {fact[STATUS]}",
        count=0,
        headline=words("Queue ", prefix, " may be stuck: its first item does not move"),
        why="A queue that is worked on loses items from its front; a long bundle may stand there "
        "longer.",
        evidence=(EvidenceLine(QUEUE, since, f"{prefix}: front {front}, {fact[STATUS]}"),),
        next=(step,),
    )
