"""Where a comparison without an answer was last seen, and what that means; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.diagnosis.comparison.departure import departure
from bot.diagnosis.comparison.evidence import ComparisonEvidence, Ledger, StepState
from bot.diagnosis.comparison.log_events import Outcome, Step
from bot.diagnosis.evidence.log_coverage import has_gap
from bot.diagnosis.publishing.memory import WAITING, Fate
from bot.diagnosis.publishing.wording import FATES, lost_why, waiting_why
from bot.diagnosis.queue.conservation import WHY_LEFT, why_unsound
from bot.diagnosis.queue.timeline import OPENS_AFTER
from bot.domain.evidence import Missing
from bot.domain.followed import tells_silence
from bot.domain.log import LogSearch, Role
from bot.domain.report import Confidence
from bot.domain.words import Text

EVICTION = "orphaned queue entries"


class LossPlace(StrEnum):
    """The places where an answer gets lost, in the order of a comparison's way."""

    NEVER_SENT = "never sent"
    NEVER_QUEUED = "sent, never queued"
    QUEUED = "still queued in Redis"
    PROCESSING = "still in processing in Redis"
    DEAD_ITEM = "left in Redis as a dead item"
    EXPIRED = "expired in the queue"
    EVICTED = "evicted from Redis"
    PUBLISH_FAILED = "callback not published"
    HELD_BACK = "answered, held back from Kafka"
    NOT_CONSUMED = "published, never consumed by CJ"
    NOT_STORED = "consumed by CJ, not stored"
    LEFT_UNANSWERED = "left the queue unanswered"
    NOT_ACCOUNTED = "not accounted for"
    UNFINISHED = "queued, never finished"
    UNKNOWN = "not decidable from what was read"


_UNTOLD = "where it got lost cannot be told"
_UNREAD_WHY = (
    "A line says that its callback was published, which is an intention: the log that says whether "
    "Kafka or CJ took it was not read."
)
_SILENT_WHY = (
    "CJ's log ends, and its row holds no answer: CJ is down, or neither stores nor logs anything."
)
MOVES = (
    "The queue could not be read, and its loop works on: whether they wait or are lost is not "
    "decidable."
)
IN_REDIS = (LossPlace.QUEUED, LossPlace.PROCESSING, LossPlace.DEAD_ITEM)


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """Where one answer was lost: the place, in words, why it means a loss, and how sure.

    `waits_for_cj` says that it may wait in Kafka for a CJ that is down, and is no loss then.
    """

    kind: LossPlace
    where: str
    why: Text
    confidence: Confidence = Confidence.HIGH
    waits_for_cj: bool = False


def may_be_queued(comparison: ComparisonEvidence, ledger: Ledger, now: datetime) -> bool:
    """Whether it was last seen in the queue, or in a provider's call that was just begun."""
    if lost_answer(comparison, ledger).kind not in (LossPlace.UNFINISHED, LossPlace.UNKNOWN):
        return False
    taken = ledger[Step.DISPATCHED].at
    just_taken = taken is not None and now - taken <= OPENS_AFTER
    last = (Step.SENT, Step.QUEUED, Step.DISPATCHED) if just_taken else (Step.SENT, Step.QUEUED)
    return ledger.last_step in last


def lost_answer(comparison: ComparisonEvidence, ledger: Ledger) -> LostAnswer:
    """Return where the answer was lost; a logged failure outweighs what later lines claim."""
    if comparison.of(Step.ANSWERED, Outcome.EXPIRED):
        why = "An expired request gets no callback, so its batch waits for ever."
        return LostAnswer(LossPlace.EXPIRED, "it expired in the queue", why)
    held = comparison.unpublished
    if held is not None and held.fate in WAITING:
        why = waiting_why(blocked=held.fate is Fate.BLOCKED)
        return LostAnswer(LossPlace.HELD_BACK, f"its callback is held: {FATES[held.fate]}", why)
    if held is not None:
        where = f"callback {FATES[held.fate]}"
        return LostAnswer(LossPlace.PUBLISH_FAILED, where, lost_why({held.fate}))
    if comparison.of(Step.PUBLISHED, Outcome.FAILED):
        why = (
            "The failure to publish is swallowed: the answer is lost for good, though a success "
            "line may follow."
        )
        return LostAnswer(LossPlace.PUBLISH_FAILED, "its callback could not be published", why)
    if comparison.item is not None:
        return _in_redis(comparison.item.status)
    if ledger[Step.CONSUMED].state is StepState.SEEN:
        why = "CJ took the callback and did not store it: a stray, an error, or a rollback."
        return LostAnswer(LossPlace.NOT_STORED, "CJ consumed its callback and stored nothing", why)
    if ledger[Step.PUBLISHED].state is StepState.SEEN:
        why = "Between publish and consume lies Kafka: CJ's consumer, its group offset, or a topic "
        why += "that was made anew."
        sure = ledger[Step.CONSUMED].state is StepState.MISSING
        if not sure and has_gap(comparison.logs):
            if comparison.row is not None and _is_cj_alone_silent(comparison):
                where = "its callback was published, and CJ stored nothing"
                return LostAnswer(
                    LossPlace.NOT_CONSUMED, where, _SILENT_WHY, Confidence.MEDIUM, waits_for_cj=True
                )
            return LostAnswer(LossPlace.UNKNOWN, _UNTOLD, _UNREAD_WHY, Confidence.LOW)
        confidence = Confidence.HIGH if sure else Confidence.LOW
        where = "its callback was published and not consumed"
        return LostAnswer(LossPlace.NOT_CONSUMED, where, why, confidence)
    return _early(comparison, ledger)


def _is_cj_alone_silent(comparison: ComparisonEvidence) -> bool:
    """Whether of the logs CJ's alone are not known, as no line came; its rows know what it took."""
    logs, names = comparison.logs, comparison.names(Role.CJ)
    if isinstance(logs, Missing):
        return False
    mine = {str(cover.container) for cover in logs.coverage if cover.service in names}
    return all(str(name) in mine and tells_silence(why) for name, why in logs.missing)


def _in_redis(status: str) -> LostAnswer:
    if status == "leaked":
        why = "Its place in the order is left and its data is gone: Redis evicted it, or it was "
        why += "removed by halves. No callback comes."
        return LostAnswer(LossPlace.EVICTED, "its data is gone from Redis", why)
    kind = {"queued": LossPlace.QUEUED, "processing": LossPlace.PROCESSING}.get(
        status, LossPlace.DEAD_ITEM
    )
    why = "It is still in the queue; see its verdict there."
    return LostAnswer(kind, f"it is in the LLM queue as {status}", why)


def _early(comparison: ComparisonEvidence, ledger: Ledger) -> LostAnswer:
    last, missing = ledger.last_step, ledger.first_missing
    if comparison.of(Step.SENT, Outcome.FAILED):
        why = "The row is written before the request is sent, and sending failed."
        return LostAnswer(LossPlace.NEVER_SENT, "sending failed", why)
    if _evicted_after(comparison, ledger):
        why = "It is gone from Redis without an end, and entries without data were cleaned up: "
        why += "Redis evicted it."
        return LostAnswer(LossPlace.EVICTED, "it was evicted from Redis", why, Confidence.MEDIUM)
    left = departure(comparison)
    if left is not None and left.is_sound:
        where = "it left the LLM queue unanswered"
        return LostAnswer(LossPlace.LEFT_UNANSWERED, where, WHY_LEFT)
    if left is not None:
        where = "it is gone from the LLM queue, not accounted for"
        return LostAnswer(LossPlace.NOT_ACCOUNTED, where, why_unsound([left]), Confidence.LOW)
    if missing in (None, Step.STORED):
        why = "The logs do not reach back far enough to tell where the trail ends."
        return LostAnswer(LossPlace.UNKNOWN, _UNTOLD, why, Confidence.LOW)
    if missing is Step.QUEUED:
        why = "The row is written before the request is sent; the LLM provider never saw it."
        where = "the LLM provider never queued it"
        return LostAnswer(LossPlace.NEVER_QUEUED, where, why, Confidence.MEDIUM)
    why = "The request was queued and never finished: evicted, removed by a restart, or held."
    where = f"{last or 'not seen'}, not {missing}"
    return LostAnswer(LossPlace.UNFINISHED, where, why, Confidence.MEDIUM)


def _evicted_after(comparison: ComparisonEvidence, ledger: Ledger) -> bool:
    queued = ledger[Step.QUEUED]
    if queued.state is not StepState.SEEN or comparison.looked_at is None:
        return False
    events = comparison.logs.events if isinstance(comparison.logs, LogSearch) else ()
    later = (e for e in events if e.at and (queued.at is None or e.at >= queued.at))
    return any(EVICTION in event.event for event in later)
