"""Events that CJ's outbox counts as published, and that only its memory holds, or held; pure.

While Kafka's breaker is open the publisher keeps a message in its own memory and says nothing of
it to the relay, which marks the event as published. A restart loses it, and no row tells.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.diagnosis.publishing.memory import Fate
from bot.diagnosis.publishing.signs import PublishKind, publisher_sign
from bot.domain.log import LogEvent, Role

RELAYS, RELAYED = (
    "Publishing event from outbox to Kafka",
    "Successfully published event from outbox",
)
# What tells that an event was kept back; and what became of it then.
QUEUING = "queuing message for topic"
OUTBOX_TEXTS = (RELAYS, RELAYED, QUEUING, "Queued message for retry")
AFTER_TEXTS = ("Kafka recovery loop", "Recovery batch complete", "published queued message")


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event of an aggregate that CJ's publisher kept at `at`, and what became of it."""

    at: datetime
    aggregate: str
    event_type: str
    event: LogEvent
    message: str = ""
    fate: Fate = Fate.BLOCKED
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """What one CJ process relays now, what its publisher keeps, and what of that is gone."""

    sent: LogEvent | None = None
    blocked: LogEvent | None = None
    message: str = ""
    kept: tuple[KeptEvent, ...] = ()
    gone: tuple[KeptEvent, ...] = ()


def kept_events(events: Iterable[LogEvent]) -> tuple[KeptEvent, ...]:
    """Return the events that CJ's relay counts as published and its publisher did not send."""
    relays = relays_after({}, events)
    return tuple(one for relay in relays.values() for one in (*relay.gone, *relay.kept))


def relays_after(known: Mapping[str, Relay], events: Iterable[LogEvent]) -> dict[str, Relay]:
    """Return what each CJ process relays and keeps after more lines, by its container."""
    relays = dict(known)
    for event in events:
        if event.role is Role.CJ and event.at is not None:
            before = relays.get(event.container, Relay())
            relays[event.container] = _after(before, event, event.at)
    return relays


def _after(relay: Relay, event: LogEvent, at: datetime) -> Relay:
    if RELAYS in event.event:
        return replace(relay, sent=event, blocked=None, message="")
    if RELAYED in event.event:
        return replace(_relayed(relay, event, at), sent=None, blocked=None, message="")
    sign = publisher_sign(event)
    if sign is None or sign.kind not in _STEPS:
        return relay
    if sign.kind is PublishKind.DELIVERED:
        return _left(relay, Fate.DELIVERED, at, lambda one: one.message == sign.event_id)
    if sign.kind is PublishKind.RECOVERED:
        emptied = not sign.remaining
        return _left(relay, Fate.DELIVERED, at, lambda _: emptied)
    if sign.kind is PublishKind.STARTED:
        return replace(_left(relay, Fate.RESTARTED, at, lambda _: True), sent=None, blocked=None)
    if relay.sent is None:
        return relay
    if sign.kind is PublishKind.KEPT:
        return replace(relay, message=sign.event_id)
    return replace(relay, blocked=event)


_STEPS = frozenset(
    {
        PublishKind.BLOCKED,
        PublishKind.KEPT,
        PublishKind.DELIVERED,
        PublishKind.RECOVERED,
        PublishKind.STARTED,
    }
)


def _relayed(relay: Relay, event: LogEvent, at: datetime) -> Relay:
    sent = relay.sent
    if sent is None or relay.blocked is None or not _same(sent.fields, event.fields):
        return relay
    kept = KeptEvent(
        at,
        str(sent.fields.get("aggregate_id") or ""),
        str(sent.fields.get("event_type") or ""),
        relay.blocked,
        relay.message,
    )
    return replace(relay, kept=(*relay.kept, kept))


def _same(sent: Mapping[str, object], relayed: Mapping[str, object]) -> bool:
    return bool(sent.get("event_id")) and sent.get("event_id") == relayed.get("event_id")


def _left(relay: Relay, fate: Fate, at: datetime, leaves: Callable[[KeptEvent], bool]) -> Relay:
    gone = tuple(replace(one, fate=fate, changed_at=at) for one in relay.kept if leaves(one))
    stay = tuple(one for one in relay.kept if not leaves(one))
    return replace(relay, kept=stay, gone=(*relay.gone, *gone))
