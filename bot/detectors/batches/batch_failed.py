"""A batch ended without a result: the services notify no one who waits for its grades."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, RowDetector, batch_subject, facts_of
from bot.detectors._state import moment
from bot.diagnosis.comparison.causes import BATCH_FAILED, ERROR_SHARE
from bot.domain.alert import Condition, Sample
from bot.domain.batch import BatchSummary
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.wording import part_of


class BatchFailedSettings(BaseModel):
    """For how long an ended batch is reported; an acknowledgement closes its alert at once."""

    keep_seconds: float = Field(86_400, gt=0, description="how long the alert of an end lasts")


class BatchFailed(RowDetector):
    """Watches for batches that end without a result, from the bot's first start on."""

    name: ClassVar[str] = "batch_failed"
    summary: ClassVar[str] = "A batch ended without a result"
    closing: ClassVar[str] = "it ended a day ago"
    of_events: ClassVar[bool] = True
    Settings: ClassVar[type[BaseModel]] = BatchFailedSettings

    def __init__(self, settings: BatchFailedSettings) -> None:
        self._keep = timedelta(seconds=settings.keep_seconds)
        self._began: datetime | None = None

    def resume(self, samples: Sequence[Sample]) -> None:
        """Learn from the samples that were kept when the bot first looked."""
        began = (moment(sample.data.get("began")) for sample in samples)
        self._began = min((at for at in began if at), default=self._began)

    async def sample(self, watch: Watch) -> Sample:
        """Collect the batches that ended without a result since the first look."""
        self._began = self._began or watch.now
        since = max(self._began, watch.now - self._keep)
        answer = await watch.failed_batches(since)
        sample = facts_of(watch, answer, lambda batch: _fact(batch, since))
        return replace(sample, data={**sample.data, "began": self._began.isoformat()})

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the condition of each end that is not too long ago."""
        for fact in facts:
            since = moment(fact["since"])
            if since is not None and now - since <= self._keep:
                yield _condition(fact, since)


DETECTOR = BatchFailed


def _fact(batch: BatchSummary, since: datetime) -> Fact | None:
    header, pairs = batch.header, batch.pairs
    ended = header.last_activity_at or header.updated_at or header.created_at
    if not header.failed or ended < since:
        return None
    return {
        "subject": batch_subject(batch),
        "batch": header.batch_id,
        "since": ended,
        "state": f"{header.status}, {header.state}",
        "cause": _cause(batch),
        "told_by": "provider_errors" if _mostly_failed(batch) else "",
        "valid": pairs.valid,
        "total": pairs.total,
    }


def _mostly_failed(batch: BatchSummary) -> bool:
    """Whether failures of the model's provider are many enough to have ended it."""
    return bool(batch.pairs.error) and batch.pairs.error >= ERROR_SHARE * batch.pairs.total


def _cause(batch: BatchSummary) -> str:
    """Return what the rows show to have gone wrong first, in words."""
    pairs, expected = batch.pairs, batch.header.expected_essay_count
    left_out = missing_essays(batch.header, pairs.total, batch.essays)
    if _mostly_failed(batch):
        return f"{part_of(pairs.error, pairs.total, 'comparison')} failed"
    if pairs.pending:
        return f"{part_of(pairs.pending, pairs.total, 'comparison')} never got an answer"
    if left_out:
        return f"{part_of(left_out, expected or 0, 'essay')} could not take part"
    return part_of(pairs.valid, pairs.total, "comparison", ("was valid", "were valid"))


def _condition(fact: Fact, since: datetime) -> Condition:
    step = f"/batch investigate {fact['batch']}"
    return Condition(
        subject=str(fact["subject"]),
        rule=BATCH_FAILED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Batch {fact['batch']} ended without a result",
            when(since, " at "),
            f": {fact['cause']}. Next: {step}",
        ),
        since=since,
        known=str(fact["cause"]),
        count=0,
        headline=f"Batch {fact['batch']} ended without a result: {fact['cause']}",
        lasts=False,
        why=BATCH_FAILED.why,
        evidence=(
            EvidenceLine(DATABASE, since, str(fact["state"])),
            EvidenceLine(DATABASE, since, f"{fact['valid']} of {fact['total']} valid"),
        ),
        next=(step,),
        batch=str(fact["batch"]),
        cause=str(fact.get("told_by", "")),
    )
