"""So many comparisons of a batch have failed that what is left cannot make up for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, batch_subject, facts_of
from bot.detectors._state import moment
from bot.detectors.early._forecast import ForecastDetector, Point
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Words, words
from bot.ports import Watch

# CJ ends a batch as failed whose share of successes is lower.
SUCCESS_RATE = 0.8


class BudgetUnreachableSettings(BaseModel):
    """Which share of a batch's budget has to succeed."""

    success_rate: float = Field(SUCCESS_RATE, gt=0, le=1, description="least share that succeeds")


class BudgetUnreachable(ForecastDetector):
    """Watches the failed comparisons of each open batch against its budget."""

    name: ClassVar[str] = "budget_unreachable"
    summary: ClassVar[str] = (
        "Forecast: a fifth of an open batch's budget has failed, so that it cannot end well"
    )
    closing: ClassVar[str] = "the batch is over, its status tells how it ended"
    window_seconds: ClassVar[float] = 120.0
    Settings: ClassVar[type[BaseModel]] = BudgetUnreachableSettings

    def __init__(self, settings: BudgetUnreachableSettings) -> None:
        self._rate = settings.success_rate

    async def sample(self, watch: Watch) -> Sample:
        """Collect the failures of each open batch whose budget is known."""
        return facts_of(watch, await watch.open_batches(), _fact)

    def forecast(self, points: Sequence[Point], now: datetime) -> Condition | None:
        """Warn when even success in all that is left is too little. Pure."""
        fact = points[-1][1]
        budget, failed = int(fact["budget"]), int(fact["failed"])
        if budget - failed >= self._rate * budget:
            return None
        return _condition(fact, self._rate, now)


DETECTOR = BudgetUnreachable


def _fact(batch: BatchSummary) -> Fact | None:
    header, pairs = batch.header, batch.pairs
    budget = min(filter(None, (header.true_budget, header.max_possible_pairs)), default=0)
    # What scores or has ended is told by itself.
    if header.ended or header.state == "SCORING" or not budget or not pairs.error:
        return None
    return {
        "subject": batch_subject(batch),
        "batch": header.batch_id,
        "begun": pairs.first_submitted_at or header.created_at,
        "budget": max(budget, pairs.total),
        "answered": pairs.with_winner,
        "failed": pairs.error,
        "since": pairs.last_completed_at or header.last_activity_at or header.created_at,
    }


def _condition(fact: Fact, rate: float, now: datetime) -> Condition:
    number, budget, failed = fact["batch"], int(fact["budget"]), int(fact["failed"])
    most = f"{(budget - failed) / budget:.0%}"
    when_done = _when_done(fact, now)
    return Condition(
        subject=str(fact["subject"]),
        rule="budget-unreachable",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            f"Forecast: batch {number} fails",
            when_done,
            f", {failed} of its {budget} comparisons "
            f"have failed, high confidence. Next: /batch investigate {number}",
        ),
        since=moment(fact["since"]) or now,
        known="unreachable",
        count=0,
        headline=words(
            f"Forecast: batch {number} fails", when_done, f", {failed} of {budget} failed already"
        ),
        lasts=False,
        why=f"CJ ends a batch as failed below {rate:.0%} success, and this one can reach {most} at "
        "most.",
        evidence=(EvidenceLine(DATABASE, None, f"{failed} failed, {fact['answered']} answered"),),
        next=(f"See why they fail: /batch investigate {number}",),
        batch=str(number),
    )


# What is answered within so little is as good as done.
SOON = timedelta(minutes=1)


def _when_done(fact: Fact, now: datetime) -> Words:
    """Return in words when the rest will be answered at the pace so far; none where unknown."""
    begun, answered = moment(fact["begun"]), int(fact["answered"])
    left = int(fact["budget"]) - answered
    if begun is None or answered <= 0 or left <= 0 or now <= begun:
        return words()
    span: timedelta = (now - begun) / answered * left
    return words(" in ", Span(span)) if span >= SOON else words(" now")
