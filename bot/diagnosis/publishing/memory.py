"""What waits in the memory of the provider's Kafka publisher, folded from its lines; pure.

The memory is a first-in-first-out queue of messages of all topics. A recovery round each half
minute empties it from the front while the breaker is not open, and puts the first failure back at
its end; after five such failures a message is dropped. A restart loses all of it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.diagnosis.publishing.signs import PublishKind, PublishSign, publish_sign
from bot.domain.log import LogEvent

MOST = 2_000
MOST_TOPICS = 16


class Fate(StrEnum):
    """What became of a callback that did not reach Kafka at once."""

    REFUSED = "refused"
    BLOCKED = "blocked"
    DROPPED = "dropped"
    RESTARTED = "restarted"
    GIVEN_UP = "given_up"
    INVALID = "invalid"
    DELIVERED = "delivered"


WAITING = frozenset({Fate.REFUSED, Fate.BLOCKED})
LOST = frozenset({Fate.DROPPED, Fate.RESTARTED, Fate.GIVEN_UP, Fate.INVALID})


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that Kafka did not take at `at`; `changed_at` is when its fate was last said.

    `queue_id` and `correlation_id` name the request whose callback it is; empty where it is none.
    """

    at: datetime
    fate: Fate
    topic: str = ""
    event_id: str = ""
    queue_id: str = ""
    correlation_id: str = ""
    changed_at: datetime | None = None

    @property
    def is_callback(self) -> bool:
        """Whether it is the answer to a request."""
        return bool(self.queue_id)


@dataclass(frozen=True, slots=True)
class PublisherMemory:
    """The publisher's memory after some lines: what it holds, in order, and what left it.

    `tried` holds, by topic, what was said since the topic's last callback: the fate and the event
    id, where one was named. `requeued` says that the round running now met a failure, `delivered`
    how many of its messages were named one by one. `open_since` is when Kafka's breaker opened,
    None while it is closed. `unseen` counts what a recovery round that was refused at `unseen_at`
    said to remain beyond that: it was refused before the lines that were read.
    """

    held: tuple[HeldMessage, ...] = ()
    gone: tuple[HeldMessage, ...] = ()
    tried: Mapping[str, tuple[Fate, str]] = field(default_factory=dict)
    requeued: bool = False
    delivered: int = 0
    open_since: datetime | None = None
    unseen: int = 0
    unseen_at: datetime | None = None

    def after(self, events: Iterable[LogEvent]) -> "PublisherMemory":
        """Return the memory after more lines, in the order in which they were written."""
        now = self
        for event in events:
            sign = publish_sign(event)
            if sign is not None:
                now = _STEPS[sign.kind](now, sign)
        return now

    def without(self, queue_ids: Collection[str], at: datetime) -> "PublisherMemory":
        """Return the memory without the callbacks that were taken: Kafka had them by then."""
        taken = [one for one in self.held if one.queue_id in queue_ids]
        if not taken:
            return self
        held = tuple(one for one in self.held if one.queue_id not in queue_ids)
        return replace(self, held=held, gone=_gone(self, taken, Fate.DELIVERED, at))

    @property
    def waiting(self) -> tuple[HeldMessage, ...]:
        """The callbacks that the memory still holds."""
        return tuple(one for one in self.held if one.is_callback)

    @property
    def lost(self) -> tuple[HeldMessage, ...]:
        """The callbacks that are lost for good."""
        return tuple(one for one in self.gone if one.is_callback and one.fate in LOST)

    def of(self, ids: Iterable[str]) -> HeldMessage | None:
        """Return what became of the callback of a request, by its queue or correlation id."""
        wanted = set(ids) - {""}
        for one in (*reversed(self.held), *reversed(self.gone)):
            if one.is_callback and {one.queue_id, one.correlation_id} & wanted:
                return one
        return None


@dataclass(frozen=True, slots=True)
class PublishedCallback:
    """A callback that Kafka took at `at`, by everything that was logged about it."""

    at: datetime
    queue_id: str
    correlation_id: str = ""


def published_by(
    memory: PublisherMemory, events: Iterable[LogEvent]
) -> tuple[PublisherMemory, tuple[PublishedCallback, ...]]:
    """Return the memory after more lines of its provider, and the callbacks that Kafka took."""
    found: list[PublishedCallback] = []
    for event in events:
        sign = publish_sign(event)
        if sign is None:
            continue
        before, memory = memory, _STEPS[sign.kind](memory, sign)
        if sign.kind is PublishKind.CLAIMED and memory is before:
            found.append(PublishedCallback(sign.at, sign.queue_id, sign.correlation_id))
        elif sign.kind in (PublishKind.DELIVERED, PublishKind.RECOVERED):
            left = {id(one) for one in memory.held}
            found += [
                PublishedCallback(sign.at, one.queue_id, one.correlation_id)
                for one in before.held
                if one.is_callback and id(one) not in left
            ]
    return memory, tuple(found)


def published_by_all(events: Iterable[LogEvent]) -> tuple[PublishedCallback, ...]:
    """Return the callbacks of all providers that Kafka took, by these lines."""
    by_container = _by_container(events)
    found = (published_by(PublisherMemory(), lines)[1] for lines in by_container.values())
    return tuple(one for published in found for one in published)


def memory_of(events: Iterable[LogEvent]) -> PublisherMemory:
    """Return what the publishers of all providers hold after these lines."""
    found = [PublisherMemory().after(lines) for lines in _by_container(events).values()]
    return PublisherMemory(
        held=tuple(one for memory in found for one in memory.held),
        gone=tuple(one for memory in found for one in memory.gone),
        open_since=min((m.open_since for m in found if m.open_since), default=None),
        unseen=sum(memory.unseen for memory in found),
        unseen_at=max((m.unseen_at for m in found if m.unseen_at), default=None),
    )


def _by_container(events: Iterable[LogEvent]) -> dict[str, list[LogEvent]]:
    found: dict[str, list[LogEvent]] = {}
    for event in events:
        found.setdefault(event.container, []).append(event)
    return found


def _claimed(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    """A callback is said to be published: it was, unless its topic was refused just before."""
    tried = dict(memory.tried)
    fate, event_id = tried.pop(sign.topic, (None, ""))
    if fate is None:
        return memory
    new = HeldMessage(sign.at, fate, sign.topic, event_id, sign.queue_id, sign.correlation_id)
    held = tuple(
        replace(new, at=one.at) if event_id and one.event_id == event_id else one
        for one in memory.held
    )
    if not any(one.queue_id == sign.queue_id for one in held):
        held = (*held, new)
    return replace(memory, held=held[-MOST:], tried=tried)


def _refused(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    blocked = sign.kind is PublishKind.BLOCKED
    fate = Fate.BLOCKED if blocked else Fate.REFUSED
    since = memory.open_since or (sign.at if blocked else None)
    known = memory.tried.get(sign.topic, (fate, ""))[1]
    return replace(_trying(memory, sign.topic, fate, known), open_since=since)


def _kept(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    """A message goes into the memory; the two parts of the publisher each say so."""
    if any(one.event_id == sign.event_id for one in memory.held):
        return memory
    fate = memory.tried.get(sign.topic, (Fate.REFUSED, ""))[0]
    message = HeldMessage(sign.at, fate, sign.topic, sign.event_id)
    held = (*memory.held, message)[-MOST:]
    return replace(_trying(memory, sign.topic, fate, sign.event_id), held=held)


def _trying(memory: PublisherMemory, topic: str, fate: Fate, event_id: str) -> PublisherMemory:
    tried = {**memory.tried, topic: (fate, event_id)}
    return replace(memory, tried=dict(list(tried.items())[-MOST_TOPICS:]))


def _delivered(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    left = _without(memory, sign.event_id, Fate.DELIVERED, sign.at)
    return replace(left, delivered=memory.delivered + (left is not memory))


def _dropped(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    return _without(memory, sign.event_id, Fate.DROPPED, sign.at)


def _without(memory: PublisherMemory, event_id: str, fate: Fate, at: datetime) -> PublisherMemory:
    """Return the memory without a message, which is `fate` now; the same where it is unknown."""
    one = next((m for m in memory.held if m.event_id == event_id), None)
    if one is None:
        return memory
    held = tuple(m for m in memory.held if m is not one)
    return replace(memory, held=held, gone=_gone(memory, (one,), fate, at))


def _gone(
    memory: PublisherMemory, left: Iterable[HeldMessage], fate: Fate, at: datetime
) -> tuple[HeldMessage, ...]:
    ended = (replace(one, fate=fate, changed_at=at) for one in left if one.is_callback)
    return (*memory.gone, *ended)[-MOST:]


def _requeued(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    return replace(memory, requeued=True)


def _recovered(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    """A round ended: what was at the front was published, the first failure is at the end now."""
    left = memory.held[max(0, sign.processed - memory.delivered) :]
    if memory.requeued:
        left = (*left[1:], *left[:1])
    unseen = max(0, sign.remaining - len(left)) if memory.requeued else 0
    left = left[max(0, len(left) - sign.remaining) :]
    kept = {id(one) for one in left}
    gone = [one for one in memory.held if id(one) not in kept]
    return replace(
        memory,
        held=left,
        gone=_gone(memory, gone, Fate.DELIVERED, sign.at),
        requeued=False,
        delivered=0,
        unseen=unseen,
        unseen_at=sign.at if unseen else None,
    )


def _given_up(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    """The service itself says that the publish failed; it removes the request all the same."""
    fate = Fate.INVALID if sign.invalid else Fate.GIVEN_UP
    one = HeldMessage(sign.at, fate, sign.topic, "", sign.queue_id, sign.correlation_id, sign.at)
    return replace(memory, gone=(*memory.gone, one)[-MOST:])


def _started(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    """A new process begins with an empty memory and a closed breaker."""
    return PublisherMemory(gone=_gone(memory, memory.held, Fate.RESTARTED, sign.at))


def _opened(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    return replace(memory, open_since=memory.open_since or sign.at)


def _closed(memory: PublisherMemory, sign: PublishSign) -> PublisherMemory:
    return replace(memory, open_since=None)


_STEPS: dict[PublishKind, Callable[[PublisherMemory, PublishSign], PublisherMemory]] = {
    PublishKind.CLAIMED: _claimed,
    PublishKind.REFUSED: _refused,
    PublishKind.BLOCKED: _refused,
    PublishKind.KEPT: _kept,
    PublishKind.DELIVERED: _delivered,
    PublishKind.REQUEUED: _requeued,
    PublishKind.RECOVERED: _recovered,
    PublishKind.DROPPED: _dropped,
    PublishKind.GIVEN_UP: _given_up,
    PublishKind.STARTED: _started,
    PublishKind.OPENED: _opened,
    PublishKind.CLOSED: _closed,
}
