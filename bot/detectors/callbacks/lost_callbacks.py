"""Comparisons that wait for long and are not in the queue any more: their answers are lost.

What is still in the queue is waited for, or stuck, which is an alert of the queue. Answers in
flight are in neither place for a moment, so only what is missing at every look counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._rows import (
    Fact,
    batch_subject,
    facts_in,
    facts_of,
    is_over,
    no_facts,
    with_open,
)
from bot.detectors._state import StateDetector, moment
from bot.diagnosis.comparison.causes import LOST_AFTER, LOST_CALLBACKS
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, QUEUE, EvidenceLine, Missing
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.wording import part_of

MIN_WATCHED = timedelta(minutes=3)
LIVE = ("queued", "processing")
WAIT = ("waits", "wait")


class LostCallbacksSettings(BaseModel):
    """How long an answer may take."""

    after_seconds: float = Field(
        LOST_AFTER.seconds, gt=0, description="how long a comparison may wait"
    )


class LostCallbacks(StateDetector):
    """Watches the open batches for comparisons that will get no answer."""

    name: ClassVar[str] = "lost_callbacks"
    summary: ClassVar[str] = (
        "Comparisons of an open batch wait for 15 minutes and are not in the queue any more"
    )
    clear_ticks: ClassVar[int] = 2
    Settings: ClassVar[type[BaseModel]] = LostCallbacksSettings

    def __init__(self, settings: LostCallbacksSettings) -> None:
        self._after = timedelta(seconds=settings.after_seconds)

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return MIN_WATCHED.total_seconds() + 60

    async def sample(self, watch: Watch) -> Sample:
        """Collect the batches with pending comparisons, and how many of these are queued."""
        batches, queue = await watch.open_batches(), await watch.queue()
        items = queue.items if isinstance(queue, QueueReading) else None
        cut = isinstance(queue, QueueReading) and queue.truncated
        sample = facts_of(watch, batches, lambda batch: _waiting(batch, None if cut else items))
        return _with_ended(with_open(sample, batches), batches)

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from what is missing at every look of the last minutes; pure."""
        unknown = no_facts(window)
        if unknown is not None:
            return unknown
        recent = [
            one for one in window.samples if now - one.at <= MIN_WATCHED and "facts" in one.data
        ]
        if now - window.started_at < MIN_WATCHED:
            return Judgement(Sight.WARMING, note="answers in flight cannot be told yet")
        subjects = {str(fact["subject"]) for one in window.samples for fact in facts_in(one)}
        closing = {subject: _closing(window.samples, subject) for subject in subjects}
        return Judgement(Sight.CLEAR, tuple(self._conclude(recent, now)), closing=closing)

    def _conclude(self, recent: Sequence[Sample], now: datetime) -> Iterator[Condition]:
        for fact in facts_in(recent[-1]):
            since = moment(fact["since"])
            looks = [_missing(sample, str(fact["subject"])) for sample in recent]
            lost = min(looks)
            if since is None or now - since <= self._after or lost <= 0:
                continue
            if fact["queued"] is None and _may_still_come(recent, since, now - self._after):
                continue
            yield _condition(fact, since, lost)


DETECTOR = LostCallbacks


def _with_ended(sample: Sample, batches: Sequence[BatchSummary] | Missing | None) -> Sample:
    """Return the sample with what the ended batches left unanswered, where they are listed."""
    if batches is None or isinstance(batches, Missing):
        return sample
    left = {batch_subject(one): one.pairs.pending for one in batches if is_over(one)}
    return replace(sample, data={**sample.data, "left": left})


def _closing(samples: Sequence[Sample], subject: str) -> str:
    """Word how a batch's alert ended: well, or with the batch."""
    last = samples[-1].data
    if subject in last.get("open", (subject,)):
        waiting = _missing(samples[-1], subject)
        be = "is" if waiting == 1 else "are"
        again = f"answers come again; {waiting} of its comparisons {be} still waited for"
        return again if waiting > 0 else "every comparison is answered or queued again"
    left = last.get("left", {}).get(subject)
    if left:
        return f"the batch ended; {left} of its comparisons {_were(left)} never answered"
    seen = 0 if left == 0 else _last_seen(samples, subject)
    if seen:
        return f"the batch ended; {seen} of its comparisons had no answer when it was last seen"
    return "the batch ended, every comparison answered"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _last_seen(samples: Sequence[Sample], subject: str) -> int:
    """Return how many comparisons of a batch were pending when it was last seen open."""
    for sample in reversed(samples):
        for fact in facts_in(sample):
            if fact["subject"] == subject:
                return int(fact["pending"])
        if subject in sample.data.get("open", ()):
            return 0
    return 0


def _missing(sample: Sample, subject: str) -> int:
    """Return how many pending comparisons of a batch were not in the queue at one look."""
    for fact in facts_in(sample):
        if fact["subject"] == subject:
            return int(fact["pending"]) - int(fact["queued"] or 0)
    return 0


def _may_still_come(recent: Sequence[Sample], since: datetime, lately: datetime) -> bool:
    """Say whether what was asked for before is still being answered, so that the rest may wait.

    Only who reads the queue knows better.
    """
    answers = (
        moment(fact.get("answered"))
        for sample in recent
        for fact in facts_in(sample)
        if (asked := moment(fact["since"])) is not None and asked <= since
    )
    return any(answer is not None and answer > lately for answer in answers)


def _waiting(batch: BatchSummary, items: Sequence[QueueItem] | None) -> Fact | None:
    header, pairs = batch.header, batch.pairs
    if not pairs.pending or is_over(batch):
        return None
    names = {str(header.batch_id), header.bos_batch_id}
    mine = [one for one in items or () if {one.cj_batch_id, one.bos_batch_id} & names]
    live = sum(one.status in LIVE for one in mine)
    return {
        "subject": batch_subject(batch),
        "batch": header.batch_id,
        "since": pairs.pending_first_submitted_at or pairs.first_created_at,
        "answered": pairs.last_completed_at,
        "pending": pairs.pending,
        "unsent": pairs.unsent,
        "queued": live if items is not None else None,
        "dead": len(mine) - live,
        "total": pairs.total,
    }


def _condition(fact: Fact, since: datetime, lost: int) -> Condition:
    checked = fact["queued"] is not None
    number, unsent, dead = fact["batch"], int(fact["unsent"]), int(fact["dead"])
    where = "not in the queue any more" if checked else "the queue is not read"
    if checked and unsent >= lost:
        where = "never sent"
    elif checked and dead >= lost:
        where = "left in the queue as dead items"
    confidence = Confidence.HIGH if checked else Confidence.LOW
    step = f"/batch investigate {number}"
    return Condition(
        subject=str(fact["subject"]),
        rule=LOST_CALLBACKS.rule,
        severity=Severity.ERROR,
        confidence=confidence,
        title=words(
            f"Batch {number}: {part_of(lost, int(fact['total']), 'comparison', WAIT)}",
            when(since, " since "),
            f", {where}, {confidence.value} confidence. Next: {step}",
        ),
        since=since,
        known=where,
        count=0,
        headline=f"Batch {number}: {part_of(lost, int(fact['total']), 'comparison', WAIT)} in vain",
        why=LOST_CALLBACKS.why,
        evidence=(
            EvidenceLine(DATABASE, since, f"{fact['pending']} pending, oldest sent then"),
            EvidenceLine(QUEUE, None, f"{fact['queued'] if checked else '?'} of it queued"),
        ),
        next=(step,),
        batch=str(number),
    )
