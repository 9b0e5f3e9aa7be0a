"""The LLM queue is slower than what waits in it can bear: its time to live ends before its turn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, facts_of
from bot.detectors._state import moment
from bot.detectors.early._forecast import ForecastDetector, Point, at_least_ago
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import QUEUE, EvidenceLine, Missing
from bot.domain.queue import QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Time, when, words
from bot.ports import Watch
from bot.text.wording import many

SUBJECT = QUEUE
# The front's delay is held against the one of so long ago; below a share of its life it is none.
COMPARED = timedelta(minutes=10)
YOUNG = 0.25


class QueueExpiringSettings(BaseModel):
    """How early a request that will expire is reported."""

    ahead_seconds: float = Field(3_600, gt=0, description="how long before it is dropped")


class QueueExpiring(ForecastDetector):
    """Watches how long the front of the LLM queue has waited, and how that grows."""

    name: ClassVar[str] = "queue_expiring"
    summary: ClassVar[str] = (
        "Forecast: within the hour the LLM queue drops requests whose time to live ends first"
    )
    closing: ClassVar[str] = "what waited had its turn"
    window_seconds: ClassVar[float] = 900.0
    Settings: ClassVar[type[BaseModel]] = QueueExpiringSettings

    def __init__(self, settings: QueueExpiringSettings) -> None:
        self._ahead = timedelta(seconds=settings.ahead_seconds)

    async def sample(self, watch: Watch) -> Sample:
        """Collect the oldest request that waits, and how many do."""
        queue = await watch.queue()
        readings = queue if queue is None or isinstance(queue, Missing) else (queue,)
        return facts_of(watch, readings, _front)

    def forecast(self, points: Sequence[Point], now: datetime) -> Condition | None:
        """Warn when the front will have waited for as long as a request lives."""
        fact, before = points[-1][1], at_least_ago(points, now, COMPARED)
        queued, expires = moment(fact["queued"]), moment(fact["expires"])
        if before is None or queued is None or expires is None:
            return None
        life, delay = expires - queued, now - queued
        then = moment(before[1]["queued"])
        if then is None or delay < life * YOUNG:
            return None
        growth = (delay - (before[0] - then)) / (now - before[0])
        if growth <= 0:
            return None
        left = max(timedelta(), life - delay) / min(1.0, growth)
        return _condition(fact, queued, now + left, now) if left <= self._ahead else None


DETECTOR = QueueExpiring


def _front(queue: QueueReading) -> Fact | None:
    waiting = [one for one in queue.items if one.status == "queued" and one.expires_at]
    oldest = min(waiting, key=lambda one: one.expires_at or queue.at, default=None)
    if oldest is None:
        return None
    return {
        "subject": SUBJECT,
        "queued": oldest.queued_at,
        "expires": oldest.expires_at,
        "waiting": len(waiting),
        "batch": oldest.cj_batch_id,
    }


def _condition(fact: Fact, queued: datetime, dropped: datetime, now: datetime) -> Condition:
    waiting, left = int(fact["waiting"]), Span(dropped - now)
    return Condition(
        subject=SUBJECT,
        rule="queue-expiring",
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        title=words(
            "Forecast: the LLM queue drops its first request in ",
            left,
            f", {waiting} wait, the oldest",
            when(queued, " since "),
            ", medium confidence. Next: /queue",
        ),
        since=queued,
        known="will expire",
        count=0,
        headline=words(
            "Forecast: the LLM queue drops requests in ", left, f", {many(waiting, 'item')} in it"
        ),
        lasts=False,
        why="What outlives its time in the queue is dropped without an answer, and its batch waits "
        "for it.",
        evidence=(
            EvidenceLine(QUEUE, queued, "the oldest request that waits was queued"),
            EvidenceLine(
                QUEUE, now, words("at this pace the first is dropped", Time(dropped, " at "))
            ),
        ),
        next=("Find what holds the queue up: /queue",),
        batch=str(fact["batch"]),
    )
