"""Items that left a queue, or their worker, without an answer: what must outlive a window; pure.

That an item expired is no recovery, and neither is the silence after it: only work that goes on
is. So a loss is remembered until then, however long that takes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.diagnosis.queue.log_events import BEGINNINGS, LoopSign, SignKind, Snapshot
from bot.domain.queue import QueueItem, QueueReading

# The provider gives an item four hours from when it was queued.
TTL = timedelta(hours=4)
# As long as a window looks back: what closes an alert shall still name the loss.
KEPT_AFTER_WORK = timedelta(minutes=20)
MOST = 40
# The next snapshot comes after half a minute.
CONFIRMED_AFTER = timedelta(seconds=25)
# What no worker holds stands in each snapshot of this long.
DEAD_FOR = timedelta(seconds=55)
MOST_SHOTS = 6
ENDS = frozenset({SignKind.FINISHED, SignKind.FAILED, SignKind.EXPIRED})
WORK = frozenset({SignKind.DISPATCH, SignKind.STARTED, SignKind.FINISHED})


class LossKind(StrEnum):
    """How an item was lost."""

    EXPIRED = "expired"
    BROKEN_OFF = "broken_off"


@dataclass(frozen=True, slots=True)
class Loss:
    """What is without an answer: when it expired, or when the worker that broke off took it.

    `worked_at` is when the loop was seen at work after that, `count` how many were lost as it was,
    by lines in a row.
    """

    at: datetime
    kind: LossKind
    queue_id: str = ""
    worked_at: datetime | None = None
    count: int = 1


def expired_away(item: QueueItem, gone_at: datetime) -> bool:
    """Say whether an item that left the queue went by its TTL: expired, not completed."""
    return item.expires_at is not None and item.expires_at <= gone_at


def expired(before: QueueReading | None, after: QueueReading | None) -> list[Loss]:
    """Return what left by its TTL between two readings of Redis."""
    if before is None or after is None:
        return []
    left = {item.queue_id for item in after.items}
    return [
        Loss(after.at, LossKind.EXPIRED, item.queue_id)
        for item in before.items
        if item.queue_id not in left and expired_away(item, after.at)
    ]


def broken_off(signs: Iterable[LoopSign]) -> list[Loss]:
    """Return the single requests whose worker restarted before their end was logged.

    Bundles write snapshots, which show what a restart left behind.
    """
    found, begun = [], None
    for sign in signs:
        if sign.kind is SignKind.STARTED:
            begun = sign
        elif sign.kind in ENDS or sign.kind is SignKind.DISPATCH:
            begun = None
        elif sign.kind is SignKind.RESTART and begun and begun.queue_id:
            found.append(Loss(begun.at, LossKind.BROKEN_OFF, begun.queue_id))
            begun = None
    return found


def remembered(
    known: Sequence[Loss], new: Iterable[Loss], signs: Sequence[LoopSign], now: datetime
) -> tuple[Loss, ...]:
    """Return the losses that matter now, those of a kind oldest first; `signs` are the loop's.

    What broke off is forgotten when its end is seen after all, and counts as expired when its
    time to live is over. What expired is forgotten a while after work went on. Of each kind the
    MOST telling ones are kept: the first that broke off, which name an alert, the last expired.
    """
    found = {one.queue_id: one for one in known}
    for loss in new:
        before = found.get(loss.queue_id)
        if before is None or (before.worked_at and loss.at > before.worked_at):
            found[loss.queue_id] = loss
    ended = {sign.queue_id: sign.at for sign in signs if sign.kind in ENDS}
    worked = max((sign.at for sign in signs if sign.kind in WORK), default=None)
    aged = [_aged(loss, worked, now) for loss in found.values()]
    kept = [loss for loss in aged if not _is_over(loss, ended, now)]
    kept.sort(key=lambda loss: loss.at)
    waits = [loss for loss in kept if loss.kind is LossKind.BROKEN_OFF][:MOST]
    return (*waits, *[loss for loss in kept if loss.kind is LossKind.EXPIRED][-MOST:])


def _aged(loss: Loss, worked: datetime | None, now: datetime) -> Loss:
    if loss.kind is LossKind.BROKEN_OFF and now - loss.at >= TTL:
        return Loss(loss.at + TTL, LossKind.EXPIRED, loss.queue_id, count=loss.count)
    if loss.worked_at is None and worked is not None and worked > loss.at:
        return replace(loss, worked_at=worked)
    return loss


def _is_over(loss: Loss, ended: dict[str, datetime], now: datetime) -> bool:
    if loss.kind is LossKind.BROKEN_OFF:
        return loss.queue_id in ended and ended[loss.queue_id] >= loss.at
    return loss.worked_at is not None and now - loss.worked_at > KEPT_AFTER_WORK


@dataclass(frozen=True, slots=True)
class DeadByLines:
    """How many items no worker holds, by the snapshots of a while, and what was said since.

    What is dead is never answered, so that it may be missed across a hole in the log too. Since
    the last snapshot `queued` came, `taken` were dispatched, and `ended` are who ended; `workers`
    are the containers that did either. `gone` were missed first `at`: they count as lost when a
    later snapshot misses them still.
    """

    shots: tuple[tuple[datetime, int], ...] = ()
    size: int = 0
    queued: int = 0
    taken: int = 0
    ended: frozenset[str] = frozenset()
    workers: frozenset[str] = frozenset()
    gone: int = 0
    at: datetime | None = None

    def said(self, lines: Sequence[tuple[LoopSign, str]]) -> "DeadByLines":
        """Return it after more lines of the loop, each with the container that wrote it."""
        begun = [(sign, worker) for sign, worker in lines if sign.kind in BEGINNINGS]
        over = [(one, worker) for one, worker in lines if one.kind in ENDS and one.queue_id]
        return replace(
            self,
            queued=self.queued + sum(sign.kind is SignKind.QUEUED for sign, _ in lines),
            taken=self.taken + sum(sign.bundle_size or 1 for sign, _ in begun),
            ended=self.ended | {sign.queue_id for sign, _ in over},
            workers=self.workers | {worker for _, worker in (*begun, *over)},
        )

    def counted(self, shot: Snapshot, expired: int) -> tuple["DeadByLines", int, datetime | None]:
        """Return it after one more snapshot, how many dead ones are gone, and since when."""
        fell = max(0, self._dead() - shot.not_queued)
        # Two workers may take the same items, so that only one worker's dispatches are his ends.
        other = len(self.ended) - (self.taken if len(self.workers) < 2 else 0)
        left = self.size + self.queued - len(self.ended) - shot.size
        new = max(0, min(fell - max(0, other), left) - expired)
        risen = max(0, shot.not_queued - (self.shots[-1][1] if self.shots else 0))
        held = max(0, self.gone - risen)
        shots = (*(() if new else self.shots), (shot.at, shot.not_queued))[-MOST_SHOTS:]
        state = DeadByLines(shots, shot.size, workers=self.workers)
        if self.at is not None and held and not new and shot.at - self.at >= CONFIRMED_AFTER:
            return state, held, self.at
        missed = held + new
        return replace(state, gone=missed, at=(self.at or shot.at) if missed else None), 0, None

    def _dead(self) -> int:
        """Return how many were dead in every snapshot of a while."""
        lasted = bool(self.shots) and self.shots[-1][0] - self.shots[0][0] >= DEAD_FOR
        return min(count for _, count in self.shots) if lasted else 0
