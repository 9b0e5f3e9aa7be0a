"""CJ cannot hand comparisons to the LLM provider: their rows wait, and no answer will come.

The failing line names two essays and no batch: the database knows of which one they are, and the
lines with which CJ asked for them do. That the provider cannot reach Kafka stands beside any of its
lines. What it queues after CJ gave up waiting is answered all the same, and taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import TypeAdapter, ValidationError

from bot.detectors._batches import MOST_ASKED, next_look, place_told, sole
from bot.detectors._event_counts import (
    TALLIED,
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.detectors._line_owners import MAPPED, LineOwners, ties
from bot.detectors._state import moment
from bot.detectors.callbacks._handed_over import (
    ASKED_FOR,
    QUEUING,
    HandedOver,
    InHand,
    tells_of_handing_over,
)
from bot.diagnosis.comparison.causes import SUBMISSION_LOST
from bot.diagnosis.evidence.submission import (
    ASK_AGAIN,
    KAFKA_AWAY,
    KAFKA_WITHIN,
    SUBMISSION_FAILED,
    LostSubmission,
    SubmissionFault,
    fault_of,
    lost_submission,
    says_kafka_away,
    submission_words,
)
from bot.diagnosis.queue.log_events import NEEDLES, is_queue_event
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

CJ_SERVICE = "cj_assessment_service"
# Where the provider was reached, its line that it queued one may be read after CJ's that its call
# failed: the two have clocks of their own.
QUEUED = "calls_that_failed_though_queued"
SETTLES = timedelta(seconds=45)
# It publishes before it queues, and waits for Kafka longer than CJ waits for it.
TAKEN_BACK_WITHIN = timedelta(minutes=10)
MOST_TOLD = 200
# One that could not connect may have reached it at an earlier try.
TRIED_BEFORE = timedelta(seconds=15)
_KEPT: TypeAdapter[tuple[Occurrence, ...]] = TypeAdapter(tuple[Occurrence, ...])


class SubmissionsLost(EventCountDetector):
    """Watches CJ's log for comparisons that it could not hand over."""

    name: ClassVar[str] = "submissions_lost"
    summary: ClassVar[str] = (
        "CJ cannot hand comparisons to the LLM provider: Kafka or the provider is away"
    )
    needles: ClassVar[tuple[str, ...]] = (
        SUBMISSION_FAILED,
        *KAFKA_AWAY,
        MAPPED,
        ASKED_FOR,
        QUEUING,
        *NEEDLES,
    )
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._kafka_at: datetime | None = None
        self._handed = HandedOver()
        self._in_hand = InHand()
        self._owners = LineOwners()
        self._failed: tuple[Occurrence, ...] = ()
        self._told: tuple[Occurrence, ...] = ()

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of a submission, lost or taken, or of Kafka being away."""
        told = lost_submission(event) is not None or tells_of_handing_over(event)
        return told or says_kafka_away(event) or is_queue_event(event) or _maps(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        self._kafka_at = moment(samples[-1].data.get("kafka_at"))
        self._failed = _kept(samples[-1].data.get("failed"))
        self._told = _kept(samples[-1].data.get("told"))

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's lost submissions."""
        events = dated_events(watch)
        away = [at for at, event in events if says_kafka_away(event)]
        self._kafka_at = max((*away, *filter(None, [self._kafka_at])), default=None)
        self._handed = self._handed.after(event for _, event in events)
        self._owners = self._owners.after((event for _, event in events), frozenset())
        self._in_hand = self._in_hand.after(event for _, event in events)
        failed = [one for _, event in events if (one := lost_submission(event))]
        batches = await _batches_of(watch, failed)
        failing = (*self._failed, *(self._occurrence(one, batches) for one in failed))
        # The row waits for nothing where the provider queued it before CJ's call failed.
        lost = [one for one in failing if not self._is_queued(one)]
        queued = [
            replace(one, subject=QUEUED)
            for one in failing
            if one.extra["reached"] and one not in lost
        ]
        self._failed = tuple(one for one in lost if watch.now - one.at < _settles(one))
        over = [one for one in lost if one not in self._failed]
        back = self._taken_back(watch.now)
        self._told = (*self._told, *map(_in_short, filter(_may_be_queued, over)))[-MOST_TOLD:]
        known = {
            "kafka_at": self._kafka_at.isoformat() if self._kafka_at else None,
            "failed": _KEPT.dump_python(self._failed, mode="json"),
            "told": _KEPT.dump_python(self._told, mode="json"),
        }
        return self.sampled(watch, [*queued, *over, *back], known=known)

    def _is_queued(self, one: Occurrence) -> bool:
        return one.extra["request"] in self._handed.queued

    def _taken_back(self, now: datetime) -> list[Occurrence]:
        """Return what was reported as lost and is queued after all, and forget the oldest."""
        back = [replace(one, counts=-1) for one in self._told if self._is_queued(one)]
        waits = (one for one in self._told if now - one.at < TAKEN_BACK_WITHIN)
        self._told = tuple(one for one in waits if not self._is_queued(one))
        return back

    def _occurrence(self, one: LostSubmission, batches: Mapping[str, int]) -> Occurrence:
        near = self._kafka_at is not None and abs(one.at - self._kafka_at) <= KAFKA_WITHIN
        request = self._handed.request_of(one.essay_a, one.essay_b)
        batch = batches.get(one.essay_a) or batches.get(one.essay_b)
        extra = {
            "essay_a": one.essay_a,
            "essay_b": one.essay_b,
            "fault": fault_of([one], kafka_away=near).value,
            "reached": one.reached,
            "held": self._in_hand.count(one.at),
            "batch": str(batch or self._owners.batch_by_id(request)),
            "request": request,
        }
        return Occurrence(CJ_SERVICE, one.at, one.event.container, redact(one.event.event), extra)

    def closing(self, counted: EventCount) -> Text:
        """Return how a subject ended."""
        if counted.is_taken_back:
            return "the LLM provider queued them after CJ had given up waiting"
        return super().closing(counted)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return _of_queued(counted) if counted.subject == QUEUED else _condition(counted)


DETECTOR = SubmissionsLost


def _maps(event: LogEvent) -> bool:
    return event.role is Role.CJ and ties(event)


def _may_be_queued(one: Occurrence) -> bool:
    """Say whether a line may come that the provider queued it though CJ's call failed."""
    return bool(one.extra["request"]) and one.extra["fault"] != SubmissionFault.PROVIDER


def _settles(one: Occurrence) -> timedelta:
    """Return for how long such a line is waited for before the loss is reported."""
    if one.extra["reached"] or _may_be_queued(one):
        return SETTLES
    return TRIED_BEFORE if one.extra["request"] else timedelta(0)


def _in_short(one: Occurrence) -> Occurrence:
    """Return of a lost one what it takes to take it back."""
    kept = ("request", *TALLIED)
    return replace(one, text="", extra={key: one.extra[key] for key in kept if key in one.extra})


def _kept(value: object) -> tuple[Occurrence, ...]:
    """Return the calls that a sample holds; none where they are of another shape."""
    try:
        return _KEPT.validate_python(value or ())
    except ValidationError:
        return ()


async def _batches_of(watch: Watch, lost: Sequence[LostSubmission]) -> Mapping[str, int]:
    """Return the batches of the essays that failing lines name; an essay is of one batch only."""
    ids = sorted({essay for one in lost for essay in (one.essay_a, one.essay_b)})[:MOST_ASKED]
    answer = await watch.essay_batches(ids) if ids else None
    return answer if isinstance(answer, Mapping) else {}


def _condition(counted: EventCount) -> Condition:
    faults = sorted(counted.told("fault").items(), key=lambda one: -one[1])
    what, why, steps = _words_of(faults)
    held = counted.extras[-1].get("held", 0) if counted.extras else 0
    if held and [fault for fault, _ in faults] == [SubmissionFault.PROVIDER]:
        it = "item" if held == 1 else "items"
        what = f"{what}, which had {held} {it} in its hands"
        why = f"{why} What it worked on is not handed back when it starts."
    batches = counted.told("batch")
    mine = sole(batches)
    look = next_look(mine)
    place = place_told(batches, "of")
    lost = many(counted.count, "comparison")
    return Condition(
        subject=counted.subject,
        rule=SUBMISSION_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"{lost}{place} not submitted since ", Time(counted.first_at), f": {what}. Next: ", look
        ),
        since=counted.first_at,
        known=", ".join(sorted(fault for fault, _ in faults)),
        count=counted.fresh,
        headline=f"{lost}{place} could not be handed to the LLM provider",
        lasts=False,
        why=why,
        evidence=counted.examples,
        next=(words(look), *steps, ASK_AGAIN),
        batch=mine,
    )


def _words_of(faults: Sequence[tuple[str, int]]) -> tuple[str, str, tuple[str, ...]]:
    """Return what happened, how many of each if not all are one, why of the most, and each step."""
    told = [submission_words(SubmissionFault(fault)) for fault, _ in faults]
    (first, why, _), steps = told[0], tuple(step for _, _, step in told)
    if len(told) == 1:
        return first, why, steps
    counted = (f"{what} ({n})" for (what, _, _), (_, n) in zip(told, faults, strict=True))
    return "; ".join(counted), why, steps


def _of_queued(counted: EventCount) -> Condition:
    """Return that calls failed whose comparisons the provider queued all the same."""
    batches = counted.told("batch")
    look = next_look(sole(batches))
    failed = f"{many(counted.count, 'call')} of CJ{place_told(batches, 'for')} failed"
    return Condition(
        subject=counted.subject,
        rule=SUBMISSION_LOST.rule,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            f"{failed}, though the LLM provider queued the comparison, since ",
            Time(counted.first_at), ". Next: ", look,
        ),
        since=counted.first_at,
        known="queued",
        count=counted.fresh,
        headline=f"{failed}, though the LLM provider queued them",
        lasts=False,
        why="They are answered all the same; one that is sent again is asked, and paid for, twice.",
        evidence=counted.examples,
        next=(words(look), "Mend what CJ's lines and the LLM provider's say of these calls."),
        batch=sole(batches),
    )  # fmt: skip
