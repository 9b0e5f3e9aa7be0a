"""What left the queue must have been answered, given back, or expired: held by id, not by size.

A flush, an eviction or a removal by hand makes the size fall and answers nothing; what is answered
beside it hides the loss in every count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.diagnosis.queue.log_events import LoopSign, SignKind, Snapshot, sign_of, snapshot_of
from bot.diagnosis.queue.losses import CONFIRMED_AFTER, ENDS, TTL, DeadByLines, expired_away
from bot.domain.evidence import QUEUE, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Id, words
from bot.text.wording import many

# Of a longer queue the first are followed: those leave first.
MOST = 300
MOST_ENDED = 2_000
SHOWN = 3
# One look tells of what was queued earlier than this; a return takes moments, a line lags seconds.
SETTLED = timedelta(minutes=2)
# A line is written moments before or after what it says.
BESIDE = timedelta(seconds=3)
LEFT_UNANSWERED, NOT_ACCOUNTED = "left-unanswered", "not-accounted-for"
WHY_LEFT = (
    "Flushed, evicted or removed by hand: no line says that they were answered, given back or "
    "expired."
)
WHY_SWEPT = (
    "Redis had lost them (evicted, flushed or removed by hand), and the provider dropped what was "
    "left of them."
)
WHY_GAP = "They are gone from Redis, and the logs of that time have a gap."
WHY_LATE = "They are gone from Redis, and the logs of that time were not read in time: ask again."
WHY_PAST = "Their batch has ended without them: its own report says what they mean for it."
ASK_AGAIN = "Ask for their batch again: they get no callback."


@dataclass(frozen=True, slots=True)
class Departure:
    """An item that was in Redis and is not any more; `at` is the first look without it.

    `is_sound` says that the logs of that time were read without a gap, `is_late` that they were
    not read for want of time, `is_past` that its batch has ended.
    """

    at: datetime
    queue_id: str
    correlation_id: str = ""
    batch: str = ""
    is_sound: bool = True
    is_past: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Conservation:
    """What is known between two looks: the items of the last one, and who left at it.

    `ended` are the requests whose end, return or expiry the last two looks' lines said, by any of
    their ids: a line may be read a moment before or after its item leaves. `is_sound` says that no
    line was missed since the last look at Redis. Who left while the provider's log was away is
    held in `left` until it is back: all that are answered leave like that.
    """

    items: tuple[QueueItem, ...] = ()
    left: tuple[Departure, ...] = ()
    ended: tuple[str, ...] = ()
    is_sound: bool = True

    def after(
        self, reading: QueueReading, ended: Iterable[str], *, sound: bool, heard: bool = True
    ) -> tuple["Conservation", tuple[Departure, ...]]:
        """Return it after one more look, and the items that were gone at two looks unexplained.

        `heard` says that the provider's log is there.
        """
        here = {item.queue_id for item in reading.items}
        new = tuple(ended)
        sound = sound and self.is_sound
        explained = {*new, *self.ended, *here}
        # Beyond the bound of a reading an item may be there, uncounted.
        gone = () if reading.truncated else self.items
        left = [
            Departure(reading.at, one.queue_id, one.correlation_id, one.cj_batch_id, sound)
            for one in gone
            if not explained & {one.queue_id, one.correlation_id}
            and not expired_away(one, reading.at)
        ]
        lost = tuple(
            Departure(one.at, one.queue_id, one.correlation_id, one.batch, one.is_sound and sound)
            for one in self.left
            if not explained & {one.queue_id, one.correlation_id}
        )
        if not heard:
            held = {one.queue_id: one for one in (*left, *lost)}
            left, lost = [*held.values()][-MOST:], ()
        return Conservation(reading.items[:MOST], tuple(left), new), lost

    def unseen(self, ended: Iterable[str], *, sound: bool) -> "Conservation":
        """Return it after a tick at which Redis was not read: its items are held on to.

        A Redis that comes back empty has lost what was in it.
        """
        said = (*self.ended, *ended)[-MOST_ENDED:]
        return replace(self, ended=said, is_sound=self.is_sound and sound)


@dataclass(frozen=True, slots=True)
class QueuedByLines:
    """What lines show to be queued and not to have ended, oldest first, and when it was queued.

    The provider writes a snapshot only while it holds nothing: of what is then not waiting it
    counts those that no worker holds, the oldest or, after a flush, the newest, and the others are
    gone; who may be either is not named. `expired` are
    so many as it said to have dropped, `failing` says that it counts its own memory instead.
    `missed` is when each was missed first: it is gone when it is still missed a while later.
    `dead` are those that no worker holds, whose queueing may be in no line. `ttl` is for how long
    an item waits, as the lines say last: what is missed after that was over anyway.
    """

    queued: dict[str, datetime] = field(default_factory=dict)
    expired: int = 0
    failing: bool = False
    missed: dict[str, datetime] = field(default_factory=dict)
    dead: DeadByLines = field(default_factory=DeadByLines)
    ttl: timedelta = TTL

    def after(self, events: Iterable[LogEvent]) -> tuple["QueuedByLines", tuple[Departure, ...]]:
        """Return it after more lines, and what they show to have gone unanswered."""
        state, gone = replace(self, queued=dict(self.queued)), list[Departure]()
        said: list[tuple[LoopSign, str]] = []
        for event in events:
            shot, sign = snapshot_of(event), sign_of(event)
            if shot is not None and not state.failing:
                state, left = replace(state, dead=state.dead.said(said))._without_dead(shot)
                said.clear()
                gone += left
                state, left = state._counted(shot)
                gone += left
            elif sign is not None:
                said.append((sign, event.container))
                state = state._said(sign, event)
        return replace(state, dead=state.dead.said(said)), tuple(gone)

    def _said(self, sign: LoopSign, event: LogEvent) -> "QueuedByLines":
        """Return it after one more line; `queued` is changed in place, not copied for each."""
        if sign.kind is SignKind.STORE_LOST and not sign.queue_id:
            return replace(self, failing=True)
        if sign.kind in (SignKind.STORE_BACK, SignKind.RESTART):
            return replace(self, failing=False)
        if sign.kind is SignKind.CLEANED and "expired" in event.event:
            return replace(self, expired=self.expired + _counted_in(event))
        if sign.kind is SignKind.QUEUED:
            self.queued[sign.queue_id] = sign.at
            if len(self.queued) > MOST_ENDED:
                del self.queued[next(iter(self.queued))]
            if sign.ttl and sign.ttl != self.ttl:
                return replace(self, ttl=sign.ttl)
        elif sign.kind in ENDS or sign.kind is SignKind.STORE_LOST:
            self.queued.pop(sign.queue_id, None)
        return self

    def _without_dead(self, shot: Snapshot) -> tuple["QueuedByLines", list[Departure]]:
        """Return it after a snapshot without items that no worker held; some have no id."""
        dead, count, at = self.dead.counted(shot, self.expired)
        if not count or at is None:
            return replace(self, dead=dead), []
        settled = [id for id, queued in self.queued.items() if queued + BESIDE < shot.at]
        named = settled[: min(count, max(0, len(settled) - shot.size))]
        queued = {id: since for id, since in self.queued.items() if id not in named}
        missed = {id: since for id, since in self.missed.items() if id not in named}
        left = [Departure(at, id) for id in (*named, *[""] * (count - len(named)))]
        return replace(self, dead=dead, queued=queued, missed=missed), left

    def _counted(self, shot: Snapshot) -> tuple["QueuedByLines", list[Departure]]:
        """Return it after a snapshot in which nothing waits, and what is gone by its count."""
        if shot.queued:
            return self, []
        settled = [id for id, at in self.queued.items() if at + BESIDE < shot.at]
        missed = {id: self.missed.get(id, shot.at) for id in settled[shot.not_queued :]}
        gone = [id for id, at in missed.items() if shot.at - at >= CONFIRMED_AFTER]
        if not gone:
            return replace(self, missed=missed), []
        # What stands may be the newest as well: a flush takes all that was there before them.
        stands = settled[-shot.not_queued :] if shot.not_queued else []
        unsure = [id for id in gone if id in stands]
        away = {*gone, *settled[: len(unsure)]} - {*unsure}
        queued = {id: at for id, at in self.queued.items() if id not in away}
        missed_still = {id: at for id, at in missed.items() if id not in {*gone, *away}}
        left = [
            Departure(missed[id], "" if id in unsure else id)
            for id in gone[self.expired :]
            if missed[id] - self.queued[id] < self.ttl
        ]
        return replace(self, queued=queued, missed=missed_still, expired=0), left


def _counted_in(event: LogEvent) -> int:
    return next((int(word) for word in str(event.event).split() if word.isdecimal()), 0)


def ended_requests(events: Iterable[LogEvent]) -> tuple[str, ...]:
    """Return the queue ids of which lines say that they ended, went back, or expired."""
    signs = (sign_of(event) for event in events)
    return tuple(sign.queue_id for sign in signs if sign and sign.kind in ENDS and sign.queue_id)


def vanished(
    reading: QueueReading, signs: Iterable[LoopSign], since: datetime
) -> tuple[Departure, ...]:
    """Return what lines show to be queued after `since` and never to end, and is not in Redis.

    `signs` are the loop's lines in time order, read without a gap since then. What the provider
    keeps in its own memory, because Redis failed, is not missing from Redis.
    """
    queued: dict[str, LoopSign] = {}
    for sign in signs:
        if not sign.queue_id:
            continue
        if sign.kind is SignKind.QUEUED and sign.at >= since:
            queued[sign.queue_id] = sign
        elif sign.kind in ENDS or sign.kind is SignKind.STORE_LOST:
            queued.pop(sign.queue_id, None)
    here = {item.queue_id for item in reading.items}
    if reading.truncated:
        return ()
    return tuple(
        Departure(reading.at, queue_id)
        for queue_id, sign in queued.items()
        if queue_id not in here and SETTLED <= reading.at - sign.at < (sign.ttl or TTL)
    )


def departure_finding(left: Sequence[Departure]) -> Finding:
    """Return what is said of items that are gone: an error where the logs have no gap.

    What is waited for no more is said as the past, and only where nothing else is gone.
    """
    current = [one for one in left if not one.is_past]
    if not current:
        return _past_finding(left)
    left = current
    sound = [one for one in left if one.is_sound]
    told = sound or left
    counted = many(len(told), "item")
    first = told[0]
    return Finding(
        rule=LEFT_UNANSWERED if sound else NOT_ACCOUNTED,
        severity=Severity.ERROR if sound else Severity.INFO,
        confidence=Confidence.HIGH if sound else Confidence.LOW,
        what=f"{counted} left the LLM queue unanswered"
        if sound
        else f"{counted} of the LLM queue: not accounted for",
        why=WHY_LEFT if sound else why_unsound(told),
        evidence=_gone_lines(told),
        next=(words(Command(f"/trace {first.correlation_id or first.queue_id}")), ASK_AGAIN),
        lost=len(told) if sound else 0,
    )


def why_unsound(left: Sequence[Departure]) -> str:
    """Return why nothing is held against what is gone: no gap where lines were read too slowly."""
    return WHY_LATE if any(one.is_late for one in left) else WHY_GAP


def _past_finding(left: Sequence[Departure]) -> Finding:
    batches = sorted({one.batch for one in left if one.batch}, key=int)
    return Finding(
        rule=LEFT_UNANSWERED,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        what=f"{many(len(left), 'item')} left the LLM queue unanswered before "
        f"batch {batches[0]} ended" + (f" (+{len(batches) - 1} more)" if batches[1:] else ""),
        why=WHY_PAST,
        evidence=_gone_lines(left),
        next=tuple(words(Command(f"/batch status {batch}")) for batch in batches[:SHOWN]),
    )


def _gone_lines(left: Sequence[Departure]) -> tuple[EvidenceLine, ...]:
    return tuple(
        EvidenceLine(
            QUEUE,
            one.at,
            words(
                "item ",
                Id(one.queue_id or one.correlation_id),
                f" of batch {one.batch}" if one.batch else "",
                " is not in Redis",
            ),
        )
        for one in left[:SHOWN]
    )
