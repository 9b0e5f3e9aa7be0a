"""What was seen of a queue over time, folded once, so that each rule can ask it in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from bot.diagnosis.queue.log_events import (
    BEGINNINGS,
    ENDINGS,
    TURNOVER,
    LoopSign,
    SignKind,
    Snapshot,
    seconds_per_item,
)
from bot.diagnosis.queue.losses import Loss
from bot.domain.evidence import EvidenceLine
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text

# The ids of rules on the queue, which batches, detectors and commands speak of as well.
HEAD_BLOCKED, ORPHANED, HUNG = "head-of-line-blocked", "orphaned-item", "worker-hung"
LEAKED, POISON, FROZEN = "leaked-item", "poison-item", "queue-frozen"
# These hold up every item behind them, whoever's are the stuck ones.
BLOCKING = (HEAD_BLOCKED, HUNG, FROZEN)
NOT_DRAINING, QUEUE_UNREADABLE = "queue-not-draining", "queue-unreadable"
STUCK_RULES = frozenset({HEAD_BLOCKED, ORPHANED, HUNG, LEAKED, POISON, FROZEN})
# Services on other machines may be a little ahead.
CLOCK_SKEW = timedelta(seconds=60)
OPENS_AFTER = timedelta(minutes=5)
# A hung loop writes at most one more snapshot after it took an item, and the collecting of a
# bundle logs its dispatch moments after its first item was marked: a sign this much later proves
# that the loop came back.
SAME_BUNDLE = timedelta(seconds=60)
ALIVE_WITHIN = timedelta(seconds=100)
PROVIDER_LIMIT = timedelta(seconds=300)
ANSWERS = frozenset({SignKind.FINISHED, SignKind.FAILED})
# Each answer is logged when it is there and when its callback is published.
LINES_AN_ANSWER = 2
# Expired entries are cleaned up by a task of its own, which also runs while the loop is blocked;
# requests are queued by the service's HTTP side.
NOT_THE_LOOP = frozenset(
    {
        SignKind.STOPPED,
        SignKind.CLEANED,
        SignKind.SWEPT,
        SignKind.QUEUED,
        SignKind.STORE_LOST,
        SignKind.STORE_BACK,
    }
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at the queue brought.

    `reading` is Redis, None when it is not configured or could not be read (`unreadable` says
    why). `snapshots` and `signs` are what the logs brought since the look before; together with
    `logs_from`, the time since when signs would have been seen, they are void when
    `logs_readable` is False. One look with an hour of signs is a full observation: `/queue`
    makes exactly one. `heard` says that the provider's log is known to be among those followed: a
    quiet log and one that is not followed look alike. `losses` are the items known to be lost,
    `ended` the requests that this look's lines say ended, went back or expired.
    """

    at: datetime
    reading: QueueReading | None = None
    snapshots: tuple[Snapshot, ...] = ()
    signs: tuple[LoopSign, ...] = ()
    logs_readable: bool = True
    logs_from: datetime | None = None
    unreadable: str = ""
    heard: bool = False
    losses: tuple[Loss, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueVerdict:
    """What is wrong with the queue, since when, how sure, and the safe manual step.

    `rule` is a rule id, "ok" or "warming"; `items` are the ones concerned, `item` the first;
    `count` is how many they are where nothing names them.
    `undecided` with "ok" says that nothing is wrong enough to open an alert, and yet that nothing
    proves a recovery: an open alert must not resolve on it.
    """

    rule: str
    severity: Severity = Severity.INFO
    confidence: Confidence = Confidence.HIGH
    since: datetime | None = None
    what: Text = ""
    why: Text = ""
    items: tuple[QueueItem, ...] = ()
    count: int = 0
    evidence: tuple[EvidenceLine, ...] = ()
    next: tuple[Text, ...] = ()
    undecided: bool = False

    @property
    def item(self) -> QueueItem | None:
        """The item that names the verdict, where one is known."""
        return self.items[0] if self.items else None


@dataclass(frozen=True)
class QueueTimeline:
    """Everything the observations hold, in time order, as of `now`."""

    now: datetime
    observations: tuple[Observation, ...]
    readings: tuple[QueueReading, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    signs: tuple[LoopSign, ...] = ()
    prefix: str = ""
    seconds_per_item: float | None = field(default=None)
    opens_after: timedelta = OPENS_AFTER

    @property
    def reading(self) -> QueueReading | None:
        """The newest reading of Redis."""
        return self.readings[-1] if self.readings else None

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot line."""
        return self.snapshots[-1] if self.snapshots else None

    @property
    def logs_readable(self) -> bool:
        """Whether silence in the logs may be called silence."""
        return bool(self.observations) and self.observations[-1].logs_readable

    @cached_property
    def size(self) -> int | None:
        """The newest size known, from Redis first; None when it is unknown."""
        if self.reading is not None:
            return self.reading.size
        logged = self.snapshot.size if self.snapshot else None
        begun = self.unfinished
        if begun and (self.snapshot is None or begun.at > self.snapshot.at):
            return max(logged or 0, begun.bundle_size or 1)
        return logged

    @cached_property
    def mode(self) -> str:
        """The queue's processing mode as it was last written, empty when it never was.

        A restarted worker may work in another one: what was written before says nothing.
        """
        since = self.restarted_at
        told = [(one.at, one.mode) for one in self.snapshots if one.mode]
        told += [(one.at, one.mode) for one in self.signs if one.mode]
        told = [one for one in told if since is None or one[0] >= since]
        if told:
            return max(told)[1]
        items = self.reading.items if self.reading else ()
        fresh = (one for one in items if since is None or (one.queued_at or since) > since)
        return next((item.mode for item in fresh if item.mode), "")

    @cached_property
    def restarted_at(self) -> datetime | None:
        """When the worker was last seen to start; None when it was not."""
        starts = (sign.at for sign in self.signs if sign.kind is SignKind.RESTART)
        return max(starts, default=None)

    @cached_property
    def last_sign(self) -> datetime | None:
        """When the loop was last seen at work or at rest, by its logs."""
        signs = [sign.at for sign in self.signs if sign.kind not in NOT_THE_LOOP]
        return max((*signs, *(snapshot.at for snapshot in self.snapshots)), default=None)

    @cached_property
    def last_turnover(self) -> datetime | None:
        """When an item was last taken, answered or given back."""
        return max((sign.at for sign in self.signs if sign.kind in TURNOVER), default=None)

    @cached_property
    def last_change(self) -> datetime | None:
        """When an item last left (not by expiry) or changed between two readings."""
        for after, before in pairwise(reversed(self.readings)):
            now = {item.queue_id: (item.status, item.retry_count) for item in after.items}
            for item in before.items:
                if now.get(item.queue_id) == (item.status, item.retry_count):
                    continue
                if item.expires_at is None or item.expires_at > after.at:
                    return after.at
        return None

    @cached_property
    def watched_since(self) -> datetime:
        """Since when signs of the loop would have been seen."""
        start = self.now
        for look in reversed(self.observations):
            if not look.logs_readable:
                break
            start = look.at
            if look.logs_from:
                return look.logs_from
        return start

    @cached_property
    def alive(self) -> bool:
        """Whether the loop gave a sign just now; per_request writes one only every 5 minutes."""
        within = ALIVE_WITHIN if self.writes_snapshots else OPENS_AFTER + ALIVE_WITHIN / 2
        return self.last_sign is not None and self.now - self.last_sign <= within

    @cached_property
    def writes_snapshots(self) -> bool:
        """Whether the mode writes a snapshot every half minute while the loop is idle."""
        since = self.restarted_at
        written = any(since is None or one.at >= since for one in self.snapshots)
        return written or self.mode not in ("", "per_request")

    @cached_property
    def unfinished(self) -> LoopSign | None:
        """The dispatch, or single request, after which no end was logged.

        The answers of a bundle are no end of it before all are there, or the loop came back.
        """
        answers: list[LoopSign] = []
        for sign in reversed(self.signs):
            if sign.kind in BEGINNINGS:
                return sign if not answers or self._holds_on(sign, answers) else None
            if sign.kind in ANSWERS:
                answers.append(sign)
            elif sign.kind in ENDINGS:
                return None
        return None

    def _holds_on(self, begun: LoopSign, answers: Sequence[LoopSign]) -> bool:
        """Whether the loop is still at a bundle that it `answers`, newest first."""
        if begun.kind is not SignKind.DISPATCH or not begun.bundle_size or not self.snapshots:
            return False
        said = sum(one.count for one in answers if one.kind is SignKind.FINISHED)
        is_whole = said >= LINES_AN_ANSWER * begun.bundle_size
        return not is_whole and not self.came_back_after(answers[0].at)

    def came_back_after(self, moment: datetime) -> tuple[datetime, ...]:
        """Return when the loop was seen to have done with what it held, after a moment.

        The answers of a bundle are written while it is still held.
        """
        inside = NOT_THE_LOOP | ANSWERS
        times = [sign.at for sign in self.signs if sign.kind not in inside]
        times += [snapshot.at for snapshot in self.snapshots]
        return tuple(sorted(time for time in times if time > moment))

    def hang_gate(self, bundle_size: int) -> timedelta:
        """Return how long a bundle may be silent: 5 minutes, or 3 x what its items usually take."""
        usual = timedelta(seconds=3 * (self.seconds_per_item or 0) * max(1, bundle_size))
        beat = self.opens_after + timedelta(seconds=0 if self.writes_snapshots else 30)
        return max(beat, usual)

    def since_in_status(self, item: QueueItem) -> datetime:
        """Return since when an item has its status, as far as it was seen or is written."""
        started = item.processing_started_at
        if item.status == "processing" and started and started <= self.now + CLOCK_SKEW:
            return started
        since = self.reading.at if self.reading else self.now
        for reading in reversed(self.readings):
            seen = next((one for one in reading.items if one.queue_id == item.queue_id), None)
            if seen is None or seen.status != item.status:
                break
            since = reading.at
        return since


def timeline_of(
    observations: Sequence[Observation],
    now: datetime,
    *,
    prefix: str = "",
    opens_after: timedelta = OPENS_AFTER,
) -> QueueTimeline:
    """Fold observations, oldest first, into a timeline; repeated signs count once.

    What is dated in the future was written before a clock was set back, and proves nothing now.
    """
    edge = now + CLOCK_SKEW
    snapshots = {one.at: one for look in observations for one in look.snapshots if one.at <= edge}
    signs = {
        (one.at, one.kind, one.queue_id): one
        for look in observations
        for one in look.signs
        if one.at <= edge
    }
    ordered = tuple(sorted(signs.values(), key=lambda sign: sign.at))
    return QueueTimeline(
        now=now,
        observations=tuple(observations),
        readings=tuple(look.reading for look in observations if look.reading is not None),
        snapshots=tuple(snapshots[moment] for moment in sorted(snapshots)),
        signs=ordered,
        prefix=prefix,
        seconds_per_item=seconds_per_item(ordered),
        opens_after=opens_after,
    )
