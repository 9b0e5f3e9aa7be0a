"""What was read about one batch, frozen, and the few questions that all rules ask of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from bot.diagnosis.batch.changes import BatchChanges
from bot.diagnosis.batch.finalisation_lines import EndDecision, first_decision
from bot.diagnosis.comparison.departure import departure
from bot.diagnosis.comparison.evidence import ComparisonEvidence, StepState
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_in, failures_of, request_ids
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, clue_of
from bot.diagnosis.comparison.queue_fate.fates import LostRequest, fates_of
from bot.diagnosis.comparison.queue_fate.intake import took_in
from bot.diagnosis.comparison.queue_fate.lines import QueueLines, queue_lines
from bot.diagnosis.evidence.batch_lines import is_of_twin, names_batch
from bot.diagnosis.evidence.modes import mode_told
from bot.diagnosis.evidence.submission import LostSubmission, lost_submission
from bot.diagnosis.evidence.system_state import ProviderState, SystemState, provider_state
from bot.diagnosis.publishing.delivery import Delivery
from bot.diagnosis.publishing.memory import (
    Fate,
    HeldMessage,
    PublishedCallback,
)
from bot.diagnosis.publishing.outbox_events import KeptEvent
from bot.diagnosis.queue.conservation import Departure
from bot.diagnosis.queue.evidence import QueueEvidence
from bot.domain.batch import NO_ESSAYS, BatchHeader, BatchRows, ErrorGroup, PairCounts
from bot.domain.evidence import DATABASE, EvidenceLine, Missing
from bot.domain.log import LogEvent, LogSearch
from bot.domain.queue import QueueReading
from bot.text.redaction import redact

_HELD_ONCE = (
    LossPlace.EXPIRED,
    LossPlace.UNFINISHED,
    LossPlace.LEFT_UNANSWERED,
    LossPlace.NOT_ACCOUNTED,
)
# Its answer was given, wherever it went then: the queue lost nothing.
_CAME_OUT = (
    LossPlace.PUBLISH_FAILED,
    LossPlace.HELD_BACK,
    LossPlace.NOT_CONSUMED,
    LossPlace.NOT_STORED,
)
_ANSWER = (Step.ANSWERED, Outcome.DONE)
# How long after its end the lines of a batch are read.
LOOKED_AFTER = timedelta(minutes=10)
# What is worked out of the lines alone.
_OF_LINES = ("clues", "_clue_by_event", "queue_lines")


@dataclass(frozen=True)
class BatchEvidence:
    """What was read of one batch; `owned` maps the ids of rejected callbacks to their batches.

    `system` is the state of the services now: health, containers, sessions, runners.
    `comparisons` are a bounded sample of those that wait for too long, `look` is one look at the
    queue where it holds items of the batch; both are empty when nothing waits for long.
    `delivery` is what lines say of the callbacks between provider and CJ.
    `members` are the correlation ids of its comparisons, where they were needed. `changes` is what
    changed around it, which no rule judges by. `kept_results` are its events that CJ counts as
    published and only its publisher's memory held.
    What all rules ask of the lines is worked out once, however many lines there are.
    """

    rows: BatchRows
    logs: LogSearch | Missing
    queue: QueueReading | Missing
    owned: Mapping[UUID, int] | Missing = field(default_factory=dict)
    system: SystemState = field(default_factory=SystemState)
    comparisons: tuple[ComparisonEvidence, ...] = ()
    look: QueueEvidence | None = None
    delivery: Delivery = field(default_factory=Delivery)
    members: frozenset[str] = frozenset()
    changes: BatchChanges = field(default_factory=BatchChanges)
    kept_results: tuple[KeptEvent, ...] = ()

    def opening_after(self, length: timedelta) -> Self:
        """Return it with how long nothing may move in the queue until that is called stuck."""
        if self.look is None:
            return self
        return self.having(look=replace(self.look, opens_after=length))

    def having(self, **read: Any) -> Self:
        """Return it with more that was read; the same lines are not worked out again."""
        made = replace(self, **read)
        if made.nearby is self.nearby:
            vars(made).update({one: vars(self)[one] for one in _OF_LINES if one in vars(self)})
        return made

    @property
    def header(self) -> BatchHeader:
        """The batch's record."""
        return self.rows.header

    @property
    def pairs(self) -> PairCounts:
        """The batch's comparisons, counted."""
        return self.rows.pairs

    @property
    def finalised(self) -> bool:
        """Whether results were made: a COMPLETE status, or SCORING with stored projections."""
        scoring = self.header.state == "SCORING" and self.rows.projections.count > 0
        return self.header.complete or scoring

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come for this batch."""
        return self.header.ended

    @property
    def has_result(self) -> bool:
        """Whether there is a result to trust or distrust."""
        return self.finalised and not self.has_no_essays

    @property
    def has_no_essays(self) -> bool:
        """Whether it ended because there was nothing to compare."""
        return self.header.status == NO_ESSAYS

    @cached_property
    def events(self) -> tuple[LogEvent, ...]:
        """The log events that name this batch."""
        if isinstance(self.logs, Missing):
            return ()
        mine = (event for event in self.logs.events if names_batch(event, self.header))
        return tuple(event for event in mine if not is_of_twin(event, self.header, self.rows.twins))

    @property
    def nearby(self) -> tuple[LogEvent, ...]:
        """All log events of the batch's time, those of other batches included."""
        return () if isinstance(self.logs, Missing) else self.logs.events

    @cached_property
    def clues(self) -> tuple[LogClue, ...]:
        """What the events of the batch's time show of comparisons, in their order."""
        return tuple(clue for event in self.nearby if (clue := clue_of(event)) is not None)

    def clue_of(self, event: LogEvent) -> LogClue | None:
        """Return what one of the events nearby shows of a comparison."""
        return self._clue_by_event.get(id(event))

    @cached_property
    def _clue_by_event(self) -> Mapping[int, LogClue]:
        return {id(clue.event): clue for clue in self.clues}

    @cached_property
    def decision(self) -> EndDecision | None:
        """What CJ had counted when it decided on the first result that went out."""
        return first_decision(self.events)

    @cached_property
    def requests(self) -> frozenset[str]:
        """The correlation ids of its comparisons, and the queue ids that lines bind to them."""
        return self.members | request_ids(self.clues, self.members)

    @cached_property
    def provider(self) -> ProviderState:
        """How the LLM provider answers, by its health, its log lines and its answers."""
        names = [name.partition("/")[0] for name in self.rows.models]
        return provider_state(self.system.health, self.nearby, names, self._last)

    @property
    def _last(self) -> datetime | None:
        """The end of the time that matters to it: what it lacks as it ends may come a while yet."""
        header, pairs = self.header, self.pairs
        if not (header.ended or header.complete):
            return None
        last = header.last_activity_at or header.created_at
        if pairs.pending:
            return last + LOOKED_AFTER if header.ended else None
        # A monitor may end it long after its last answer: no breaker did it anything by then.
        return (
            min(last, pairs.last_completed_at + LOOKED_AFTER) if pairs.last_completed_at else last
        )

    @cached_property
    def set_by_hand(self) -> tuple[ErrorGroup, ...]:
        """Its error rows that no service wrote."""
        return tuple(one for one in self.rows.errors if one.is_by_hand)

    @cached_property
    def unpublished(self) -> tuple[HeldMessage, ...]:
        """The callbacks of this batch's pending pairs that Kafka did not take, by their ids."""
        waiting, memory = self._waiting, self.delivery.memory
        mine = (one for one in (*memory.gone, *memory.held) if one.correlation_id in waiting)
        newest = {one.correlation_id: one for one in mine}
        return tuple(one for one in newest.values() if one.fate is not Fate.DELIVERED)

    @cached_property
    def untaken(self) -> tuple[PublishedCallback, ...]:
        """The callbacks of this batch's pending pairs that Kafka took and CJ did not."""
        waiting = self._waiting
        return tuple(one for one in self.delivery.untaken if one.correlation_id in waiting)

    @property
    def _waiting(self) -> Collection[str]:
        """The requests of the pending pairs; of more than are read, all of the batch's may be."""
        known = {str(one.correlation_id) for one in self.rows.pending if one.correlation_id}
        return known | self.members if self._has_more_pending else known

    @property
    def _has_more_pending(self) -> bool:
        return self.pairs.pending > len(self.rows.pending)

    @cached_property
    def unsent(self) -> tuple[LostSubmission, ...]:
        """The comparisons that CJ could not hand over, joined to pending pairs by their essays."""
        pairs = {
            (one.essay_a, one.essay_b): self._queued.get(str(one.correlation_id), ())
            for one in self.rows.pending
            if one.essay_a
        }
        found = (lost_submission(event) for event in self.nearby) if pairs else ()
        lost = {(one.essay_a, one.essay_b): one for one in found if one is not None}
        lost = {it: one for it, one in lost.items() if not took_in(pairs.get(it, ()), one)}
        if not self._has_more_pending:
            return tuple(one for essays, one in lost.items() if essays in pairs)
        # An essay is of one batch alone, so that those of the pairs that were read tell of others.
        known = {essay for essays in pairs for essay in essays}
        return tuple(one for essays, one in lost.items() if known & {*essays})

    @cached_property
    def _queued(self) -> Mapping[str, list[LogClue]]:
        """The lines in which the provider queued a request, by its correlation id."""
        found = defaultdict[str, list[LogClue]](list)
        for clue in self.clues:
            if clue.step is Step.QUEUED and clue.correlation_id:
                found[clue.correlation_id].append(clue)
        return found

    @cached_property
    def queue_lines(self) -> QueueLines:
        """The lines of the queue's loop among the events of the batch's time."""
        return queue_lines(self.nearby)

    @cached_property
    def mode(self) -> str:
        """How its comparisons were handed to the provider, in words, with what tells it."""
        return mode_told(self.header, self.pairs, self.nearby)

    @cached_property
    def followed(self) -> tuple[str, ...]:
        """The correlation ids of the comparisons that were followed."""
        rows = (one.row for one in self.comparisons)
        return tuple(str(row.request_correlation_id) for row in rows if row)

    def fates(self, now: datetime) -> Mapping[str, LostRequest]:
        """What lines show of comparisons that the queue took in and that got no answer."""
        held = [one for one in self.comparisons if _was_held(one)]
        return fates_of(held, self.queue_lines, now) if held else {}

    @cached_property
    def departed(self) -> tuple[Departure, ...]:
        """The followed comparisons that left the LLM queue, with no line on how they ended."""
        return tuple(one for one in map(departure, self.comparisons) if one is not None)

    def correlations_of(self, lost: Iterable[LostSubmission]) -> tuple[str, ...]:
        """Return the correlation ids of the pairs of lost submissions."""
        essays = {(one.essay_a, one.essay_b) for one in lost}
        mine = (one for one in self.rows.pending if (one.essay_a, one.essay_b) in essays)
        return tuple(str(one.correlation_id) for one in mine if one.correlation_id)

    @cached_property
    def failures(self) -> tuple[Failures, ...]:
        """Why its comparisons failed at the model's provider, the most first."""
        met = [one for one in self.rows.errors if not one.is_by_hand]
        return failures_of(met, self.nearby, self.requests, self.clues, own_alone=True)

    @cached_property
    def _met_by_any(self) -> Mapping[FailureReason, Failures]:
        """What requests of its time met at the model's provider, whoever's they are."""
        return failures_in(self.nearby, clues=self.clues)

    def last_met(self, failure: Failures) -> datetime | None:
        """Return when a request, of this batch or another, last met what this batch's met."""
        seen = self._met_by_any.get(failure.reason)
        times = (failure.last_at, seen.last_at if seen else None)
        return max((at for at in times if at), default=None)

    def is_answered_after(self, moment: datetime) -> bool:
        """Whether the model's provider answered a request after a moment, whoever's it is."""
        answers = (c.event.at for c in self.clues if (c.step, c.outcome) == _ANSWER)
        return any(at and at > moment for at in (self.pairs.last_valid_at, *answers))

    def quiet_for(self, now: datetime) -> float:
        """Return the seconds since the batch last did anything."""
        last = self.header.last_activity_at or self.header.updated_at or self.header.created_at
        return (now - last).total_seconds()

    def line(self, text: str, at: datetime | None = None) -> EvidenceLine:
        """Return a fact of the database as evidence."""
        return EvidenceLine(DATABASE, at, text)


def _was_held(comparison: ComparisonEvidence) -> bool:
    """Whether the queue took it in and no line shows its end; its entry may have gone since."""
    ledger = build_ledger(comparison)
    place = lost_answer(comparison, ledger).kind
    if ledger[Step.PUBLISHED].state is StepState.SEEN:
        return False
    if place in _HELD_ONCE or place in _CAME_OUT:
        return place in _HELD_ONCE
    # Of a provider whose log has a gap, what it answered CJ tells that it took the request in.
    return any(clue.queue_id for clue in comparison.of(Step.SENT, Outcome.DONE))


def log_line(event: LogEvent) -> EvidenceLine:
    """Return a log event as evidence: redacted, and its error by kind and constraint only."""
    error = event.error
    told = f"{error.shown_kind} {error.constraint}".strip() if error else ""
    tail = f" ({told})" if told else ""
    return EvidenceLine(event.container, event.at, redact(event.event) + tail)
