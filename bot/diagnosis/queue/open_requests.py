"""Which requests of the queue still wait for an answer, by the lines that queued and answered them.

An entry may outlive its answer: Redis refuses its removal, or the same request was queued twice
and answered by the other entry. It counts in the queue's size, and no batch waits for it. Pure.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.border.outside import raw
from bot.diagnosis.queue.log_events import LoopSign, SignKind, Snapshot, sign_of, snapshot_of
from bot.diagnosis.queue.losses import TTL
from bot.domain.log import LogEvent
from bot.domain.queue import QueueReading
from bot.text.redaction import UUID

# The first names a request as it comes, the second ties it to its entry.
ASKED, BOUND = "Queuing LLM request for provider", "ueued successfully"
TEXTS = (ASKED, BOUND)
# What is kept from one process to the next; of more that are open nothing is said of an entry.
MOST = 300
MOST_ANSWERED = 200
# A line is written moments before or after what it says.
BESIDE = timedelta(seconds=3)
# As the service itself calls it.
ANSWERED = "completed"
_ENTRY = re.compile(rf"\bqueue_id: ({UUID.pattern})", re.IGNORECASE)
_REQUEST = re.compile(rf"\bcorrelation_id: ({UUID.pattern})", re.IGNORECASE)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An entry without an answer: its request, and when its time to live is over."""

    queued_at: datetime
    expires_at: datetime
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """The entries without an answer by queue id, and the ids that were answered last.

    `is_whole` says that they are all that the queue can hold: it was seen empty, and every line
    since was read; `done` is how many were answered since, and `left` how many of them the last
    snapshot still counted. `asked` are the requests without an
    answer, and `is_asked` says that one came before each entry. `snapshots` are those of the last
    lines, each with how many of what it counts were answered; `expired` are the last lines'
    clean-ups, with how many of each had no answer.
    """

    open: dict[str, OpenRequest] = field(default_factory=dict)
    asked: dict[str, datetime] = field(default_factory=dict)
    answered: dict[str, None] = field(default_factory=dict)
    is_whole: bool = False
    is_asked: bool = False
    done: int = 0
    left: int = 0
    snapshots: tuple[Snapshot, ...] = ()
    expired: tuple[LoopSign, ...] = ()

    def after(
        self, events: Iterable[LogEvent], here: Collection[str] = (), *, sound: bool = True
    ) -> "OpenRequests":
        """Return it after more lines; `sound` says that none before them was missed.

        Of what was answered those that are `here`, in Redis, are held on to.
        """
        lines = tuple(events)
        if self._stays(lines, here, sound=sound):
            return self
        last = [*self.answered][-MOST_ANSWERED:]
        state = replace(
            self,
            open=dict(self.open),
            asked=dict(self.asked),
            answered=dict.fromkeys([*(one for one in here if one in self.answered), *last]),
            is_whole=self.is_whole and sound,
            snapshots=(),
            expired=(),
        )
        for event in lines:
            state = state._after(event)
        return state

    def _stays(self, lines: Sequence[LogEvent], here: Collection[str], *, sound: bool) -> bool:
        """Say whether it is the same after these lines, as it is in most ticks."""
        holds = bool(self.snapshots or self.expired) or len(self.answered) > MOST_ANSWERED
        learns = self.is_whole and not sound
        return not (lines or holds or learns or any(one in self.answered for one in here))

    def marked(self, reading: QueueReading) -> QueueReading:
        """Return a reading of Redis in which what was answered has that for its status."""
        items = tuple(
            replace(one, status=ANSWERED)
            if one.status == "processing"
            and {one.queue_id.lower(), one.correlation_id.lower()} & self.answered.keys()
            else one
            for one in reading.items
        )
        return replace(reading, items=items)

    def told(self, signs: Iterable[LoopSign]) -> tuple[LoopSign, ...]:
        """Return the last lines' signs, of each clean-up how many it dropped without an answer."""
        dropped = iter(self.expired)
        found = (next(dropped, one) if one.kind is SignKind.CLEANED else one for one in signs)
        return tuple(one for one in found if one.kind is not SignKind.CLEANED or one.count)

    def kept(self) -> "OpenRequests":
        """Return what another process may go on from; nothing where that would be too much."""
        if len(self.open) > MOST or len(self.asked) > MOST:
            return OpenRequests()
        return replace(self, snapshots=(), expired=()) if self.snapshots or self.expired else self

    def _after(self, event: LogEvent) -> "OpenRequests":
        """Return it after one line; its dictionaries are changed in place."""
        if (shot := snapshot_of(event)) is not None:
            return self._counted(shot)
        if (sign := sign_of(event)) is not None:
            return self._said(sign, event)
        is_entry = BOUND in event.event
        request = _request_of(event) if is_entry or ASKED in event.event else ""
        if is_entry and request:
            return self._bound(_entry_of(event), request)
        if request and event.at is not None:
            self.asked.setdefault(request, event.at)
        return self

    def _counted(self, shot: Snapshot) -> "OpenRequests":
        if not shot.size:
            return self._empty(shot)
        # What came moments ago may be counted or not: between the two as it was before.
        some, all_ = (self._waiting_before(shot.at + span) for span in (-BESIDE, BESIDE))
        least, most = (self._left_of(shot, count) for count in (all_, some))
        left = min(max(self.left, least), most)
        return replace(self, left=left, snapshots=(*self.snapshots, replace(shot, answered=left)))

    def _empty(self, shot: Snapshot) -> "OpenRequests":
        late = shot.at - BESIDE
        return replace(
            self,
            open={id: one for id, one in self.open.items() if one.queued_at >= late},
            asked={id: at for id, at in self.asked.items() if at >= late},
            is_whole=True,
            is_asked=True,
            done=0,
            left=0,
            snapshots=(*self.snapshots, shot),
        )

    def _waiting_before(self, moment: datetime) -> int:
        """Return how many entries that came before a moment have no answer, at most."""
        count = sum(one.queued_at <= moment for one in self.open.values())
        return min(count, self._asked_before(moment))

    def _left_of(self, shot: Snapshot, waiting: int) -> int:
        return self._answered_of(shot.not_queued - max(0, waiting - shot.queued))

    def _asked_before(self, moment: datetime) -> int:
        """Return how many requests that came before a moment have no answer, at most."""
        if not self.is_asked:
            return len(self.open)
        return sum(at <= moment for at in self.asked.values())

    def _answered_of(self, count: int) -> int:
        """Return how many of so many entries without a known end were answered for certain."""
        twice = len(self.open) - self._asked_before(max(self.asked.values(), default=_LONG_AGO))
        return max(0, min(count, self.done + max(0, twice))) if self.is_whole else 0

    def _said(self, sign: LoopSign, event: LogEvent) -> "OpenRequests":
        if sign.kind is SignKind.CLEANED:
            return replace(self, expired=(*self.expired, self._cleaned(sign)))
        if not sign.queue_id:
            return self
        if sign.kind is SignKind.QUEUED:
            return self._queued(sign)
        if sign.kind is SignKind.FINISHED:
            return self._answer(sign.queue_id, _request_of(event))
        # What its provider holds itself is not in Redis.
        expired = sign.kind is SignKind.EXPIRED and sign.queue_id not in self.answered
        if sign.kind is SignKind.STORE_LOST or expired:
            self.open.pop(sign.queue_id, None)
        return self

    def _queued(self, sign: LoopSign) -> "OpenRequests":
        """Return it with one more entry; one that was given back has the time that it had."""
        if sign.queue_id in self.open:
            return self
        self.open[sign.queue_id] = OpenRequest(sign.at, sign.at + (sign.ttl or TTL))
        follows = any(at <= sign.at + BESIDE for at in self.asked.values())
        return self if follows else replace(self, is_asked=False)

    def _answer(self, queue_id: str, told: str) -> "OpenRequests":
        known = self.open.get(queue_id)
        request = told or (known.correlation_id if known else "")
        same = {id for id, one in self.open.items() if request and one.correlation_id == request}
        here = {id for id in {queue_id, *same} if self.open.pop(id, None)}
        self.asked.pop(request, None)
        self.answered.update(dict.fromkeys(filter(None, (queue_id, *sorted(same), request))))
        return replace(self, done=self.done + len(here))

    def _bound(self, id: str, request: str) -> "OpenRequests":
        if id in self.open:
            self.open[id] = replace(self.open[id], correlation_id=request)
        return self

    def _cleaned(self, sign: LoopSign) -> LoopSign:
        """Return a clean-up's line with how many of what it dropped had no answer."""
        over = [id for id, one in self.open.items() if one.expires_at <= sign.at + BESIDE]
        over = over[: sign.count]
        newest = max((self.open[id].queued_at for id in over), default=sign.at)
        lost = min(len(over), self._asked_before(newest + BESIDE))
        answered = self._answered_of(sign.count - lost)
        for id in over:
            self.asked.pop(self.open.pop(id).correlation_id, None)
        return replace(sign, count=sign.count - answered)


def _entry_of(event: LogEvent) -> str:
    match = _ENTRY.search(raw(event.event))
    return match[1].lower() if match else ""


def _request_of(event: LogEvent) -> str:
    match = _REQUEST.search(raw(event.event))
    return match[1].lower() if match else ""
