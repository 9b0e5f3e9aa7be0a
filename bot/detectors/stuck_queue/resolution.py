"""How a stuck queue ended, in words that claim no more than was seen; pure.

That an item left by its time to live is no recovery, and neither is a queue that was emptied by
hand: what was in it got no answer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.detectors.stuck_queue.alert_text import QUEUE
from bot.diagnosis.queue.log_events import TURNOVER, LoopSign
from bot.diagnosis.queue.losses import Loss, LossKind
from bot.diagnosis.queue.timeline import timeline_of
from bot.diagnosis.queue.verdict import Observation, expired_away
from bot.domain.alert import UNREADABLE_SUBJECT, Condition, Judgement, Sight
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, when, words

# An answer is logged moments before or after its item leaves; looks are a tick apart.
BESIDE = timedelta(seconds=60)


def last_expired(looks: Sequence[Observation]) -> Loss | None:
    """Return the last item that is known to have left by its TTL."""
    found = [loss for loss in looks[-1].losses if loss.kind is LossKind.EXPIRED]
    return found[-1] if found else None


def after_expiry(looks: Sequence[Observation], lost: Loss, now: datetime) -> Judgement:
    """Conclude that an item was lost, until work goes on after that."""
    name = f"item {lost.queue_id[:8]}" if lost.queue_id else "the stuck item"
    if lost.worked_at or _changed_after(looks, lost.at, now):
        told = f"the queue moves again; {name} was lost by expiry and gets no callback"
        return Judgement(Sight.CLEAR, note=told, closing={QUEUE: told, UNREADABLE_SUBJECT: told})
    condition = Condition(
        subject=QUEUE,
        rule="orphaned-item",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"LLM queue: {name} expired",
            when(lost.at, " at "),
            ", not completed; its batch waits for a callback that will not come. "
            "Next: /batch list waiting_callbacks",
        ),
        since=lost.at,
        known=f"expired {lost.queue_id}".strip(),
        why="An item that its time to live removed was never answered; the queue being empty is "
        "no recovery.",
        evidence=(EvidenceLine(QUEUE, lost.at, f"{name} left the queue by expiry"),),
        next=("/batch list waiting_callbacks", "/queue"),
        batch="",
    )
    return Judgement(Sight.CLEAR, (condition,), words("expired ", Span(now - lost.at), " ago"))


def closing(looks: Sequence[Observation], what: Text) -> dict[str, Text]:
    """Return how a stuck queue's alert ends, when `what` is the state of the queue now."""
    return {QUEUE: _ending(looks, what), UNREADABLE_SUBJECT: "the queue can be read again"}


def _ending(looks: Sequence[Observation], what: Text) -> Text:
    left = _left_at(looks)
    if left is None or any(sign.at > left - BESIDE for sign in _signs(looks)):
        return words("the queue moves again: ", what)
    if not looks[-1].logs_readable:
        return words("what was stuck left the queue; whether answered, Redis does not tell: ", what)
    return words(
        "what was stuck left the queue and no answer was logged (removed or flushed): it gets no "
        "callback. ",
        what,
    )


def _left_at(looks: Sequence[Observation]) -> datetime | None:
    """Return when something last left the queue for good, None when nothing was seen to."""
    for before, after in reversed(list(pairwise(looks))):
        if before.reading is not None and after.reading is not None:
            here = {item.queue_id for item in after.reading.items}
            gone = [item for item in before.reading.items if item.queue_id not in here]
            if any(not expired_away(item, after.at) for item in gone):
                return before.at
    snapshots = [one for look in looks for one in look.snapshots if one.not_queued]
    return max((one.at for one in snapshots), default=None)


def _signs(looks: Sequence[Observation]) -> list[LoopSign]:
    return [sign for look in looks for sign in look.signs if sign.kind in TURNOVER]


def _changed_after(looks: Sequence[Observation], moment: datetime, now: datetime) -> bool:
    """Whether Redis shows that something moved after a moment."""
    changed = timeline_of(looks, now).last_change
    return changed is not None and changed > moment
