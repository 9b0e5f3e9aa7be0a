"""A batch's finalisation failed, or it stays in SCORING: no sweep of CJ reads that state.

CJ's own line tells it at once; it is over when CJ finalises the batch after all. Without such a
line a batch that stays in SCORING is alerted on after ten minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.detectors._event_counts import dated_events
from bot.detectors._rows import Fact, RowDetector, batch_subject, facts_of, lasting
from bot.detectors.batches._failed_finalisations import (
    BEGINS,
    STARTED,
    FailedFinalisation,
    FailedFinalisations,
    begins,
    is_cj_start,
    is_failure,
    subject_of,
)
from bot.diagnosis.batch.finalisation_lines import FINALISED, NOT_FINALISED, is_finalised
from bot.diagnosis.comparison.causes import FINALISATION_STUCK, FINALISE_AGAIN, STUCK_AFTER
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.batch import BatchSummary
from bot.domain.evidence import DATABASE, EvidenceLine, Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch

LINES = "lines"
_LINES: TypeAdapter[FailedFinalisations] = TypeAdapter(FailedFinalisations)


class FinalisationStuckSettings(BaseModel):
    """How long scoring may take, and how long a failure counts that no row shows the end of."""

    after_seconds: float = Field(
        STUCK_AFTER.seconds, gt=0, description="how long a batch may rest in SCORING"
    )
    quiet_seconds: float = Field(
        86_400, gt=0, description="how long one is told of which no row shows the end"
    )


class FinalisationStuck(RowDetector):
    """Watches CJ's log for a finalisation that failed, and the rows for a batch that scores on."""

    name: ClassVar[str] = "finalisation_stuck"
    summary: ClassVar[str] = (
        "A batch's finalisation failed, or it rests in SCORING for 10 minutes and has no result"
    )
    open_ticks: ClassVar[int] = 1
    closing: ClassVar[str] = "the batch is being scored no longer"
    needles: ClassVar[tuple[str, ...]] = (
        *NOT_FINALISED,
        *FINALISED,
        BEGINS,
        STARTED,
    )
    # Rows tell its end; where there are none, it minds itself whether CJ's log goes on.
    rests_on: ClassVar[tuple[Role, ...]] = ()
    Settings: ClassVar[type[BaseModel]] = FinalisationStuckSettings

    def __init__(self, settings: FinalisationStuckSettings) -> None:
        super().__init__(settings)
        self._quiet = timedelta(seconds=settings.quiet_seconds)
        self._lines = FailedFinalisations()

    def wants(self, event: LogEvent) -> bool:
        """Say whether a line says how a finalisation went."""
        whole = is_failure(event) or is_finalised(event)
        return whole or begins(event) or is_cj_start(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        self._lines = _lines(samples[-1])

    async def sample(self, watch: Watch) -> Sample:
        """Collect what CJ's lines say of finalisations, and the batches in SCORING."""
        batches = await watch.open_batches()
        state = self._lines.after(event for _, event in dated_events(watch))
        if batches is None or isinstance(batches, Missing):
            if isinstance(watch.logs, Followed) and Role.CJ not in watch.logs.silent():
                state = state.quiet(watch.now, self._quiet)
        else:
            state = state.beside(batches, watch.now, self._quiet)
        self._lines = state
        sample = facts_of(watch, batches, _scoring)
        told = {LINES: _LINES.dump_python(state, mode="json")}
        heard = isinstance(watch.logs, Followed) or state != FailedFinalisations()
        return replace(sample, data={**sample.data, **told}) if heard else sample

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the newest lines and rows; pure."""
        judgement = super().judge(window, now)
        last = window.samples[-1] if window.samples else None
        if last is None or LINES not in last.data:
            return judgement
        state = _lines(last)
        mine = {subject_of(batch): _failed(batch, one) for batch, one in state.failed.items()}
        others = tuple(one for one in judgement.conditions if one.subject not in mine)
        return replace(
            judgement,
            sight=Sight.CLEAR if judgement.sight is Sight.WARMING else judgement.sight,
            conditions=(*mine.values(), *others),
            closing={**judgement.closing, **state.ended},
        )

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


def _lines(sample: Sample) -> FailedFinalisations:
    try:
        return _LINES.validate_python(sample.data.get(LINES) or {})
    except ValidationError:
        return FailedFinalisations()


def _failed(batch: str, one: FailedFinalisation) -> Condition:
    step = f"/batch investigate {batch}"
    said = [text for text in NOT_FINALISED if text in one.text]
    looks = [f"/logs cj_assessment_service {text}" for text in said[:1]]
    return Condition(
        subject=subject_of(batch),
        rule=FINALISATION_STUCK.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Batch {batch}: its finalisation failed",
            when(one.first_at, " at "),
            f", and it has no result. {one.why} Next: {step}",
        ),
        since=one.first_at,
        known=one.why,
        count=0,
        headline=f"Batch {batch}: its finalisation failed, and it has no result",
        why=one.why,
        evidence=(EvidenceLine(one.source, one.last_at, one.text),),
        next=(step, FINALISE_AGAIN, *looks),
        batch=batch,
    )


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
        next=(step, FINALISE_AGAIN),
        batch=str(fact["batch"]),
    )
