"""A batch stays in SCORING: its finalisation failed, and no sweep reads that state."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, RowDetector, batch_subject, facts_of, lasting
from bot.diagnosis.comparison.causes import FINALISATION_STUCK, STUCK_AFTER
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch


class FinalisationStuckSettings(BaseModel):
    """How long scoring may take."""

    after_seconds: float = Field(
        STUCK_AFTER.seconds, gt=0, description="how long a batch may rest in SCORING"
    )


class FinalisationStuck(RowDetector):
    """Watches the open batches for one that scores and does not end."""

    name: ClassVar[str] = "finalisation_stuck"
    summary: ClassVar[str] = "A batch rests in SCORING for 10 minutes and has no result"
    closing: ClassVar[str] = "the batch left SCORING"
    Settings: ClassVar[type[BaseModel]] = FinalisationStuckSettings

    async def sample(self, watch: Watch) -> Sample:
        """Collect the batches in SCORING without a result."""
        return facts_of(watch, await watch.open_batches(), _scoring)

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the condition of each fact that has lasted for too long."""
        yield from (_condition(*one) for one in lasting(facts, now, self.after))


DETECTOR = FinalisationStuck


def _scoring(batch: BatchSummary) -> Fact | None:
    header = batch.header
    if not header.is_scoring:
        return None
    since = header.last_activity_at or header.updated_at or header.created_at
    return {"subject": batch_subject(batch), "batch": header.batch_id, "since": since,
            "status": header.status}  # fmt: skip


def _condition(fact: Fact, since: datetime) -> Condition:
    step = f"/batch investigate {fact['batch']}"
    return Condition(
        subject=str(fact["subject"]),
        rule=FINALISATION_STUCK.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Batch {fact['batch']} rests in SCORING",
            when(since, " since "),
            f" without a result, high confidence. Next: {step}",
        ),
        since=since,
        known=str(fact["status"]),
        count=0,
        headline=f"Batch {fact['batch']} is stuck while it is scored: it has no result",
        why=FINALISATION_STUCK.why,
        evidence=(EvidenceLine(DATABASE, since, f"state SCORING, status {fact['status']}"),),
        next=(step, "/logs cj_assessment_service IntegrityError"),
        batch=str(fact["batch"]),
    )
