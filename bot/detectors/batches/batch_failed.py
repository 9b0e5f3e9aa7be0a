"""A batch ended without a result: the services notify no one who waits for its grades."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._event_counts import dated_events
from bot.detectors._provider_causes import (
    CAUSE_NEEDLES,
    FailedRequests,
    as_json,
    causes_by_batch,
    kept,
    tells_a_cause,
)
from bot.detectors._rows import Fact, RowDetector, batch_subject, facts_in, facts_of
from bot.detectors._state import moment
from bot.detectors.batches._ended_text import ended_condition
from bot.detectors.batches._logged_ends import (
    ENDED_SO,
    ENDS,
    MOST_REASONS,
    WELL_AFTER_ALL,
    LoggedEnds,
    is_end,
    is_finalising,
    shows_result,
)
from bot.detectors.batches._repeated import NEEDLES as REQUEST_NEEDLES
from bot.detectors.batches._repeated import REPEATED, RepeatedRequests, tells_of_requests
from bot.detectors.batches._unanswered import (
    UNANSWERED,
    UnansweredRequests,
    tells_what_is_lost,
)
from bot.detectors.callbacks.callbacks_unpublished import CallbacksUnpublished
from bot.detectors.callbacks.submissions_lost import SubmissionsLost
from bot.detectors.stuck_queue.unanswered_items import UnansweredItems
from bot.diagnosis.batch.endings import why_ended
from bot.diagnosis.batch.finalisation_lines import SWEPT
from bot.diagnosis.batch.rules.ended import GAVE_UP, LOW_SUCCESS
from bot.diagnosis.comparison.causes import ERROR_SHARE
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_of, merged
from bot.diagnosis.comparison.rejections import NOT_STORED
from bot.diagnosis.evidence.submission import SERVICE_STARTED
from bot.domain.alert import Condition, Judgement, Sample, Window
from bot.domain.batch import BatchSummary
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import plain
from bot.ports import Watch
from bot.text.wording import part_of

# Batches of which it is remembered why the provider failed.
MOST_REMEMBERED = 50
HAS_RESULT = "it has a result after all"
# The monitor's sweep and the last callback may end a batch at once, one well and one as failed.
FINALISED_WITHIN = timedelta(minutes=1)
LOGGED, ROWS = "logged", "rows"


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

    needles: ClassVar[tuple[str, ...]] = (
        *CAUSE_NEEDLES,
        LOW_SUCCESS,
        GAVE_UP,
        ENDED_SO,
        SWEPT,
        *WELL_AFTER_ALL,
        *SubmissionsLost.needles,
        *CallbacksUnpublished.needles,
        *UnansweredItems.needles,
        NOT_STORED,
        SERVICE_STARTED,
        *REQUEST_NEEDLES,
    )
    # An end is told for a day, whatever is silent.
    rests_on: ClassVar[tuple[Role, ...]] = ()

    def __init__(self, settings: BatchFailedSettings) -> None:
        self._keep = timedelta(seconds=settings.keep_seconds)
        self._began: datetime | None = None
        self._logged: dict[str, tuple[Failures, ...]] = {}
        self._rows: dict[str, tuple[Failures, ...]] = {}
        self._ends = LoggedEnds()
        self._requests = FailedRequests()
        self._unanswered = UnansweredRequests()
        self._repeated = RepeatedRequests()
        self._told = False

    def wants(self, event: LogEvent) -> bool:
        """Say whether a line says why the model's provider failed, or that a batch ended so."""
        ends = is_end(event) or shows_result(event) or is_finalising(event)
        return ends or tells_a_cause(event) or tells_what_is_lost(event) or tells_of_requests(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Learn from the samples that were kept when the bot first looked."""
        began = (moment(sample.data.get("began")) for sample in samples)
        self._began = min((at for at in began if at), default=self._began)
        self._logged, self._rows = (_failures(samples[-1].data.get(one)) for one in (LOGGED, ROWS))
        self._ends.resume(samples[-1].data.get(ENDS))
        self._unanswered.resume(samples[-1].data.get(UNANSWERED))
        self._repeated.resume(samples[-1].data.get(REPEATED))
        self._told = bool(samples[-1].data.get("facts"))

    async def sample(self, watch: Watch) -> Sample:
        """Collect the batches that ended without a result since the first look."""
        self._began = self._began or watch.now
        since = max(self._began, watch.now - self._keep)
        await self._note(watch)
        answer = await _ended(watch, since)
        if answer is None:
            return self._by_lines(watch.now, since)
        if isinstance(answer, Sequence):
            await self._read(watch, [one for one in answer if _is_new(one, since)])
        sample = facts_of(watch, answer, lambda batch: self._fact(batch, since))
        return replace(
            sample, data={**sample.data, **self._known(), "began": self._began.isoformat()}
        )

    def _known(self) -> dict[str, Any]:
        """Return what `resume` goes on from besides the first look, as JSON values."""
        known = {LOGGED: self._logged, ROWS: self._rows}
        return {
            **{name: _as_json(one) for name, one in known.items() if one},
            **({ENDS: ends} if (ends := self._ends.to_json()) else {}),
            **({UNANSWERED: lost} if (lost := self._unanswered.to_json()) else {}),
            **({REPEATED: made} if (made := self._repeated.to_json()) else {}),
        }

    def _by_lines(self, now: datetime, since: datetime) -> Sample:
        """Return what the lines of CJ alone say of ends, where there is no database to ask."""
        facts = [self._with_loss(one) for one in self._ends.facts(self._logged, since)]
        self._told = self._told or bool(facts)
        data = {**({"facts": plain(facts)} if self._told else {}), **self._known()}
        return Sample(now, {**data, "began": since.isoformat()} if data else {})

    async def _note(self, watch: Watch) -> None:
        """Note for which batches the provider failed by this tick's lines, and why."""
        events = [event for _, event in dated_events(watch)]
        causes = await causes_by_batch(watch, events, self._requests)
        await self._unanswered.note(watch, events)
        self._repeated.note(events)
        self._ends.note(dated_events(watch), self._requests.sent)
        for batch, failures in causes.items():
            found = merged((*self._logged.pop(batch, ()), *failures))
            self._logged = dict([*self._logged.items(), (batch, found)][-MOST_REMEMBERED:])

    async def _read(self, watch: Watch, batches: Sequence[BatchSummary]) -> None:
        """Read once what the provider answered on each batch that failed of its errors."""
        for batch in batches:
            name = str(batch.header.batch_id)
            if name in self._rows or not _mostly_failed(batch):
                continue
            groups = await watch.failures(batch.header.batch_id)
            if isinstance(groups, Sequence):
                found = failures_of(groups, (), frozenset())
                self._rows = dict([*self._rows.items(), (name, found)][-MOST_REMEMBERED:])

    def _fact(self, batch: BatchSummary, since: datetime) -> Fact | None:
        name = str(batch.header.batch_id)
        known = merged((*self._rows.get(name, ()), *self._logged.get(name, ())))
        named = [one for one in known if one.reason is not FailureReason.UNKNOWN]
        fact = _fact(batch, named) if _is_new(batch, since) else None
        unsent = {} if fact is None or fact["total"] else self._ends.unsent(name)
        return self._with_loss({**fact, **unsent}) if fact else None

    def _with_loss(self, fact: Fact) -> Fact:
        """Return a fact with what became of its comparisons, where nothing else tells."""
        if begun := self._ends.finalising(str(fact["batch"])):
            fact = {**fact, "finalising": begun}
        if has_it := self._repeated.stand_in(str(fact["batch"])):
            return {**fact, "has_it": has_it}
        if fact.get("failures") or fact.get("short"):
            return fact
        lost = self._unanswered.of(str(fact["batch"]))
        return {**fact, "cause": f"{fact['cause']}: {lost}", "short": lost} if lost else fact

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the newest facts; an end that is none any more has its own word; pure."""
        judgement = super().judge(window, now)
        recent = {
            str(fact["subject"])
            for one in window.samples
            for fact in facts_in(one)
            if (since := moment(fact["since"])) and now - since <= self._keep
        }
        closing = {**judgement.closing, **dict.fromkeys(recent, HAS_RESULT)}
        return replace(judgement, closing=closing) if judgement.closing else judgement

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the condition of each end that is not too long ago."""
        for fact in facts:
            since, begun = moment(fact["since"]), moment(fact.get("finalising"))
            if begun is not None and now - begun < FINALISED_WITHIN:
                continue
            if since is not None and now - since <= self._keep:
                yield ended_condition(fact, since)


DETECTOR = BatchFailed


async def _ended(watch: Watch, since: datetime) -> Sequence[BatchSummary] | Missing | None:
    """Return the batches that ended without a result, those with an open state among them."""
    failed, listed = await watch.failed_batches(since), await watch.open_batches()
    if not isinstance(failed, Sequence) or not isinstance(listed, Sequence):
        return failed
    names = {one.header.batch_id for one in failed}
    return (*failed, *(one for one in listed if one.header.batch_id not in names))


def _is_new(batch: BatchSummary, since: datetime) -> bool:
    return batch.header.failed and _ended_at(batch) >= since


def _ended_at(batch: BatchSummary) -> datetime:
    header = batch.header
    return header.last_activity_at or header.updated_at or header.created_at


def _failures(value: Any) -> dict[str, tuple[Failures, ...]]:
    return {name: kept(one) for name, one in value.items()} if isinstance(value, Mapping) else {}


def _as_json(known: Mapping[str, Sequence[Failures]]) -> dict[str, Any]:
    return {name: as_json(one) for name, one in known.items()}


def _fact(batch: BatchSummary, failures: Sequence[Failures]) -> Fact:
    header, pairs = batch.header, batch.pairs
    mine = failures[:MOST_REASONS] if _mostly_failed(batch) else ()
    return {
        "subject": batch_subject(batch),
        "batch": header.batch_id,
        "since": _ended_at(batch),
        "state": f"{header.status}, {header.state}",
        "cause": _cause(batch),
        "why": why_ended(header, pairs),
        "failures": as_json(mine),
        "told_by": "provider_errors" if _mostly_failed(batch) else "",
        "valid": pairs.valid,
        "total": pairs.total,
    }


def _mostly_failed(batch: BatchSummary) -> bool:
    """Whether failures of the model's provider are many enough to have ended it."""
    return bool(batch.pairs.error) and batch.pairs.error > ERROR_SHARE * batch.pairs.total


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
