"""Events of the CJ service wait in its outbox, and more come than its relay sends."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._outbox import waiting
from bot.detectors._rows import Fact, facts_of
from bot.detectors._state import moment
from bot.detectors.early._forecast import ForecastDetector, Point
from bot.diagnosis.comparison.causes import RELAY_STEP
from bot.domain.alert import Condition, Sample
from bot.domain.batch.outbox import LATE_SECONDS, RELAY_TRIES
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, when, words
from bot.ports import Watch
from bot.text.wording import many, often


class OutboxGrowingSettings(BaseModel):
    """How long an event may wait before it is a sign; half of it where more and more wait."""

    after_seconds: float = Field(120, gt=0, description="how long an event may wait unsuspected")


class OutboxGrowing(ForecastDetector):
    """Watches how the event outbox of the CJ database grows, by event type."""

    name: ClassVar[str] = "outbox_growing"
    summary: ClassVar[str] = (
        "Forecast: an event of CJ's outbox waits for 2 minutes, or for one while more and more do"
    )
    closing: ClassVar[str] = "the outbox is sent again"
    window_seconds: ClassVar[float] = 300.0
    Settings: ClassVar[type[BaseModel]] = OutboxGrowingSettings

    def __init__(self, settings: OutboxGrowingSettings) -> None:
        self._after = timedelta(seconds=settings.after_seconds)

    async def sample(self, watch: Watch) -> Sample:
        """Collect what waits in the outbox."""
        return facts_of(watch, await watch.unpublished(), waiting)

    def forecast(self, points: Sequence[Point], now: datetime) -> Condition | None:
        """Warn of an event type whose oldest event is not sent."""
        fact = points[-1][1]
        since = moment(fact["since"])
        if since is None:
            return None
        first = points[0][1]
        grows = fact["count"] > first["count"] or fact["retries"] > first["retries"]
        if now - since < (self._after / 2 if grows else self._after):
            return None
        return _condition(fact, since, now, grows=grows)


DETECTOR = OutboxGrowing


def _condition(fact: Fact, since: datetime, now: datetime, *, grows: bool) -> Condition:
    left = max(timedelta(), since + timedelta(seconds=LATE_SECONDS) - now)
    count, tries, subject = int(fact["count"]), int(fact["retries"]), str(fact["subject"])
    told = many(count, "event", ("waits", "wait")) + (", growing" if grows else "")
    return Condition(
        subject=subject,
        rule="outbox-growing",
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        title=words(
            "Forecast: CJ's outbox gets stuck in ",
            Span(left),
            f", {count} × {subject}",
            when(since, " since "),
            ", medium confidence. Next: check Kafka and the outbox relay.",
        ),
        since=since,
        known="growing" if grows else "waiting",
        count=0,
        headline=words("Forecast: CJ's outbox is stuck in ", Span(left), f", {told}"),
        lasts=False,
        why=f"The relay sends every 5 s and gives an event up after {RELAY_TRIES} tries: this one "
        "should be gone.",
        evidence=(EvidenceLine(DATABASE, since, f"{many(count, 'row')}, tried {often(tries)}"),),
        next=(RELAY_STEP,),
    )
