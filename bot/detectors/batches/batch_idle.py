"""An open batch in which nothing happens: no activity, and nothing of it in the queue."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import Fact, RowDetector, batch_subject, facts_of, lasting, with_open
from bot.diagnosis.comparison.causes import BATCH_IDLE, IDLE_AFTER, WAITING_ON_MONITOR
from bot.domain.alert import Condition, Judgement, Sample, Window
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.queue import QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.wording import many


class BatchIdleSettings(BaseModel):
    """How long an open batch may be idle; the monitor sweeps every five minutes."""

    after_seconds: float = Field(
        IDLE_AFTER.seconds, gt=0, description="how long an open batch may rest"
    )


class BatchIdle(RowDetector):
    """Watches the open batches for one in which nothing happens."""

    name: ClassVar[str] = "batch_idle"
    summary: ClassVar[str] = (
        "An open batch rests for 15 minutes with every answer in, or before any was asked for"
    )
    closing: ClassVar[str] = "the batch goes on"
    Settings: ClassVar[type[BaseModel]] = BatchIdleSettings

    async def sample(self, watch: Watch) -> Sample:
        """Collect the open batches that wait for no answer and own nothing in the queue."""
        batches, queue = await watch.open_batches(), await watch.queue()
        held: set[str] = set()
        if isinstance(queue, QueueReading):
            held = {item.cj_batch_id for item in queue.items} | {
                item.bos_batch_id for item in queue.items
            }
        return with_open(facts_of(watch, batches, lambda batch: _idle_fact(batch, held)), batches)

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the newest rows, and word whether a batch ended; pure."""
        judgement = super().judge(window, now)
        listed = window.samples[-1].data.get("open") if window.samples else None
        if listed is None:
            return judgement
        ended = {name: "the batch ended" for name in judgement.closing if name not in listed}
        return replace(judgement, closing={**judgement.closing, **ended})

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the condition of each fact that has lasted for too long."""
        yield from (_condition(*one) for one in lasting(facts, now, self.after))


DETECTOR = BatchIdle


def _idle_fact(batch: BatchSummary, held: set[str]) -> Fact | None:
    header, pairs = batch.header, batch.pairs
    ended = header.ended or header.state == "SCORING"
    mine = {str(header.batch_id), header.bos_batch_id} & held
    # Comparisons without an answer are another detector's: they are waited for, or lost.
    if ended or mine or pairs.pending:
        return None
    times = (header.last_activity_at, header.created_at, pairs.last_completed_at)
    since = max(time for time in times if time is not None)
    return {
        "subject": batch_subject(batch),
        "batch": header.batch_id,
        "since": since,
        "state": header.state or "unknown",
        "answered": pairs.total,
    }


def _condition(fact: Fact, since: datetime) -> Condition:
    answered = int(fact["answered"])
    waits = f"{many(answered, 'comparison')} answered" if answered else "no comparison made"
    step = f"/batch investigate {fact['batch']}"
    cause = WAITING_ON_MONITOR if answered else BATCH_IDLE
    return Condition(
        subject=str(fact["subject"]),
        rule=cause.rule,
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        title=words(
            f"Batch {fact['batch']} rests in {fact['state']}",
            when(since, " since "),
            f", {waits}, medium confidence. Next: {step}",
        ),
        since=since,
        known=str(fact["state"]),
        count=0,
        headline=f"Batch {fact['batch']} stands still: {waits}",
        why=cause.why,
        evidence=(EvidenceLine(DATABASE, since, f"last activity, state {fact['state']}"),),
        next=(step,),
        batch=str(fact["batch"]),
    )
