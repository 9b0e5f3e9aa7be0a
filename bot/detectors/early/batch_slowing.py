"""A batch gets slower and slower: at this pace its time is over before its answers are in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, batch_subject, facts_of
from bot.detectors._state import moment
from bot.detectors.early._forecast import ForecastDetector, Point, at_least_ago
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Time, words
from bot.ports import Watch
from bot.text.wording import many

# The pace of so long is held against the one before; a shorter time before says nothing.
RECENT, BEFORE = timedelta(minutes=20), timedelta(minutes=5)
SLOWER = 0.5


class BatchSlowingSettings(BaseModel):
    """How long what a batch waits for may take; the queue and CJ's monitor end it then."""

    timeout_hours: float = Field(4, gt=0, description="when what waits is dropped")


class BatchSlowing(ForecastDetector):
    """Watches how many comparisons of each open batch are answered in a minute."""

    name: ClassVar[str] = "batch_slowing"
    summary: ClassVar[str] = (
        "Forecast: a batch got less than half as fast, and at this pace answers come too late"
    )
    closing: ClassVar[str] = "the batch is fast enough again, or has ended"
    window_seconds: ClassVar[float] = 1_500.0
    Settings: ClassVar[type[BaseModel]] = BatchSlowingSettings

    def __init__(self, settings: BatchSlowingSettings) -> None:
        self._timeout = timedelta(hours=settings.timeout_hours)

    async def sample(self, watch: Watch) -> Sample:
        """Collect how far each open batch is that waits for answers."""
        return facts_of(watch, await watch.open_batches(), self._fact)

    def _fact(self, batch: BatchSummary) -> Fact | None:
        header, pairs = batch.header, batch.pairs
        first = pairs.pending_first_submitted_at
        if header.ended or not pairs.pending or first is None:
            return None
        return {
            "subject": batch_subject(batch),
            "batch": header.batch_id,
            "begun": pairs.first_submitted_at or header.created_at,
            "answered": pairs.with_winner,
            "pending": pairs.pending,
            "until": first + self._timeout,
        }

    def forecast(self, points: Sequence[Point], now: datetime) -> Condition | None:
        """Warn when the pace fell, and what waits takes longer than it may. Pure."""
        fact, before = points[-1][1], at_least_ago(points, now, RECENT)
        begun, until = moment(fact["begun"]), moment(fact["until"])
        if before is None or begun is None or until is None or before[0] - begun < BEFORE:
            return None
        recent = (fact["answered"] - before[1]["answered"]) / _minutes(now - before[0])
        earlier = before[1]["answered"] / _minutes(before[0] - begun)
        # A batch that stands still altogether is told as lost, idle or stuck.
        if recent <= 0 or recent >= earlier * SLOWER:
            return None
        left = max(timedelta(), until - now)
        late = int(fact["pending"] - recent * _minutes(left))
        if late < 1:
            return None
        return _condition(fact, (earlier, recent), (before[0], until), left, late)


DETECTOR = BatchSlowing


def _minutes(span: timedelta) -> float:
    return span / timedelta(minutes=1)


def _condition(
    fact: Fact,
    pace: tuple[float, float],
    slow: tuple[datetime, datetime],
    left: timedelta,
    late: int,
) -> Condition:
    """Return the warning; `pace` is before and of late, `slow` since when and until when it may."""
    number, pending = fact["batch"], fact["pending"]
    (earlier, recent), (since, until) = pace, slow
    come = many(late, "answer", ("comes", "come"))
    fell = f"{earlier:.2g} to {recent:.2g} answers a minute"
    return Condition(
        subject=str(fact["subject"]),
        rule="batch-slowing",
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        title=words(
            f"Forecast: {late} of the {pending} answers that batch {number} waits for come too "
            "late, in ",
            Span(left),
            f": it fell from {fell}, medium confidence. Next: /batch status {number}",
        ),
        since=since,
        known="slowing",
        count=0,
        headline=words(
            f"Forecast: batch {number} does not end in time, {come} after ",
            Span(left),
        ),
        lasts=False,
        why=f"Its pace fell from {fell}; what waits for longer than its time is dropped.",
        evidence=(
            EvidenceLine(
                DATABASE,
                None,
                words(f"{many(pending, 'answer')} to come, dropped", Time(until, " at ")),
            ),
        ),
        next=(f"See what holds it up: /batch status {number}", "/queue"),
        batch=str(number),
    )
