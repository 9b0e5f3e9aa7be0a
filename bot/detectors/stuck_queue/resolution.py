"""How a stuck queue ended, in words that claim no more than was seen; pure.

That an item left by its time to live is no recovery, and neither is a queue that was emptied by
hand: what was in it got no answer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.detectors.stuck_queue.alert_text import QUEUE
from bot.diagnosis.queue.log_events import TURNOVER, LoopSign, SignKind
from bot.diagnosis.queue.losses import Loss, LossKind
from bot.diagnosis.queue.open_requests import ANSWERED
from bot.diagnosis.queue.timeline import NOT_THE_LOOP, ORPHANED, timeline_of
from bot.diagnosis.queue.verdict import Observation, expired_away
from bot.domain.alert import UNREADABLE_SUBJECT, Condition, Judgement, Sight
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, Words, when, words
from bot.text.wording import many

# An answer is logged moments before or after its item leaves; looks are a tick apart.
BESIDE = timedelta(seconds=60)
ABOUT_IT = "The queue "
NO_ANSWER = "what was stuck left the queue and no answer was logged (removed or flushed)"


def last_expired(looks: Sequence[Observation]) -> Loss | None:
    """Return the last item that is known to have left by its TTL."""
    found = [loss for loss in looks[-1].losses if loss.kind is LossKind.EXPIRED]
    return found[-1] if found else None


def after_expiry(looks: Sequence[Observation], lost: Loss, now: datetime) -> Judgement:
    """Conclude that an item was lost, until work goes on after that."""
    count = _lost_count(looks)
    name = f"item {lost.queue_id[:8]}" if lost.queue_id else "the stuck item"
    if lost.worked_at or _changed_after(looks, lost.at, now):
        told = f"{_lost_words(looks, name)}; the queue goes on"
        return Judgement(Sight.CLEAR, note=told, closing={QUEUE: told, UNREADABLE_SUBJECT: told})
    condition = Condition(
        subject=QUEUE,
        rule=ORPHANED,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"LLM queue: {name if count == 1 else many(count, 'item')} expired",
            when(lost.at, " at "),
            ", not completed; its batch waits for a callback that will not come. "
            "Next: /batch list waiting_callbacks",
        ),
        since=lost.at,
        known=f"expired {lost.queue_id}".strip(),
        headline="LLM queue: an item expired unanswered; its batch waits in vain"
        if count == 1
        else f"LLM queue: {count} items expired unanswered; who asked waits in vain",
        lasts=False,
        why="An item that its time to live removed was never answered; the queue being empty is "
        "no recovery.",
        evidence=(EvidenceLine(QUEUE, lost.at, f"{name} left the queue by expiry"),),
        next=("/batch list waiting_callbacks", "/queue"),
        batch="",
    )
    return Judgement(Sight.CLEAR, (condition,), words("expired ", Span(now - lost.at), " ago"))


def _lost_words(looks: Sequence[Observation], name: str) -> str:
    """Say what was lost by its time to live: the one, by its name, or how many."""
    count = _lost_count(looks)
    if count > 1:
        return f"{count} items were lost by expiry and get no callback"
    return f"{name} was lost by expiry and gets no callback"


def _lost_count(looks: Sequence[Observation]) -> int:
    return sum(one.count for one in looks[-1].losses if one.kind is LossKind.EXPIRED)


def closing(looks: Sequence[Observation], what: Text, opens_after: timedelta) -> dict[str, Text]:
    """Return how a stuck queue's alert ends, when `what` is the state of the queue now.

    A queue in which nothing moved for `opens_after` stood.
    """
    ending = _ending(looks, what, opens_after)
    return {QUEUE: ending, UNREADABLE_SUBJECT: "the queue can be read again"}


def left_just_now(looks: Sequence[Observation]) -> dict[str, Text]:
    """Return what holds an alert: its items left at the last look, and the logs may lag behind."""
    if len(looks) < 2 or not looks[-1].logs_readable or not _unexplained(looks[-2:], looks):
        return {}
    return {QUEUE: "what was stuck left a moment ago; whether it was answered is read next"}


def moved_just_now(looks: Sequence[Observation], opens_after: timedelta) -> dict[str, Text]:
    """Return what holds an alert: a worker that comes back drops first what expired meanwhile.

    Where Redis is read, the time to live of what it held tells that by itself.
    """
    back = _back_at(looks, opens_after)
    if back is None or looks[-1].at - back >= BESIDE or looks[-1].reading is not None:
        return {}
    return {QUEUE: "its worker came back a moment ago; what it drops as expired is read next"}


def _back_at(looks: Sequence[Observation], opens_after: timedelta) -> datetime | None:
    """Return when the loop gave its first sign after it last wrote nothing for `opens_after`."""
    signs = {sign.at for look in looks for sign in look.signs if sign.kind not in NOT_THE_LOOP}
    times = sorted(signs | {one.at for look in looks for one in look.snapshots})
    # Without snapshots it writes a line every 5 minutes.
    gaps = [one for one in pairwise(times) if one[1] - one[0] >= opens_after + BESIDE]
    return gaps[-1][1] if gaps else None


def _expired_since(looks: Sequence[Observation], moment: datetime) -> int:
    """Return how many items the provider's lines say to have expired from a moment on."""
    gone = {
        (sign.at, sign.kind, sign.queue_id): sign.count
        for look in looks
        for sign in look.signs
        if sign.kind in (SignKind.EXPIRED, SignKind.CLEANED) and sign.at >= moment
    }
    return sum(gone.values())


def _ending(looks: Sequence[Observation], what: Text, opens_after: timedelta) -> Text:
    # Where Redis is read, a time to live that is over tells of its item by itself.
    by_lines = looks[0].at if looks[-1].reading is None else None
    back = _back_at(looks, opens_after) or by_lines
    if back and (gone := _expired_since(looks, back)):
        verb = "is" if gone == 1 else "are"
        return words(f"{many(gone, 'item')} expired unanswered and {verb} lost. ", what)
    lost = _unexplained(looks, looks)
    if lost and looks[-1].logs_readable:
        verb = "is" if len(lost) == 1 else "are"
        return words(f"{many(len(lost), 'item')} left the queue unanswered and {verb} lost. ", what)
    if lost:
        return words("what was stuck left the queue; whether answered, Redis does not tell: ", what)
    left = _stuck_by_snapshots(looks)
    if left is None and _held_answered(looks):
        return words("what was answered and left behind is gone. ", what)
    if left is None:
        moved = _moved(looks, opens_after)
        return _moves(what) if moved else words("nothing is stuck, and no work was seen: ", what)
    if any(sign.at > left - BESIDE for sign in _signs(looks)):
        return words(f"{NO_ANSWER}; work goes on. ", what)
    return words(f"{NO_ANSWER}: it gets no callback. ", what)


def _moved(looks: Sequence[Observation], opens_after: timedelta) -> bool:
    """Whether work was seen after which the queue did not stand again."""
    worked = max((*(sign.at for sign in _signs(looks)), *_turned_over(looks)), default=None)
    if worked is None:
        return False
    levels = [(look.at, look.reading.size) for look in looks if look.reading]
    levels += [(one.at, one.size) for look in looks for one in look.snapshots]
    return not any(size for at, size in levels if at - worked >= opens_after)


def _turned_over(looks: Sequence[Observation]) -> Iterator[datetime]:
    """Yield when Redis shows that an item was taken, or lines that one ended."""
    states: dict[str, str] = {}
    for look in looks:
        items = look.reading.items if look.reading else ()
        taken = any(states.get(one.queue_id, one.status) != one.status for one in items)
        if look.ended or taken:
            yield look.at
        states.update((one.queue_id, one.status) for one in items)


def _unexplained(
    looks: Sequence[Observation], around: Sequence[Observation]
) -> dict[str, datetime]:
    """Return the items that left Redis between looks with no end in the lines of any, and when."""
    ended = {queue_id for look in around for queue_id in look.ended}
    found: dict[str, datetime] = {}
    for before, after in pairwise(looks):
        if before.reading is None or after.reading is None or after.reading.truncated:
            continue
        here = {item.queue_id for item in after.reading.items}
        for item in before.reading.items:
            if item.queue_id not in here | ended and not expired_away(item, after.at):
                found[item.queue_id] = after.at
    back = {item.queue_id for item in looks[-1].reading.items} if looks[-1].reading else set()
    return {queue_id: at for queue_id, at in found.items() if queue_id not in back}


def _stuck_by_snapshots(looks: Sequence[Observation]) -> datetime | None:
    """Return when a snapshot last showed something stuck, where Redis is not read."""
    if any(look.reading is not None for look in looks):
        return None
    snapshots = [one for look in looks for one in look.snapshots if one.without_worker]
    return max((one.at for one in snapshots), default=None)


def _held_answered(looks: Sequence[Observation]) -> bool:
    """Whether items stood in the queue that had been answered, and nothing else did."""
    items = [one for look in looks if look.reading for one in look.reading.items]
    answered = any(one.answered for look in looks for one in look.snapshots)
    return answered or any(one.status == ANSWERED for one in items)


def _signs(looks: Sequence[Observation]) -> list[LoopSign]:
    return [sign for look in looks for sign in look.signs if sign.kind in TURNOVER]


def _changed_after(looks: Sequence[Observation], moment: datetime, now: datetime) -> bool:
    """Whether Redis shows that something moved after a moment."""
    changed = timeline_of(looks, now).last_change
    return changed is not None and changed > moment


def _moves(what: Text) -> Words:
    """Say that the queue moves again, and how it is now."""
    told = str(what)
    if told.startswith(ABOUT_IT):
        return words(f"the queue moves again and {told.removeprefix(ABOUT_IT)}")
    return words("the queue moves again: ", what)
