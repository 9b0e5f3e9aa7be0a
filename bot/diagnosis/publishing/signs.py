"""What the LLM provider's log lines say about publishing its callbacks; pure.

Its publisher swallows what Kafka refuses and keeps it in memory, and the line "Published success
callback event" follows all the same: that line is an intention. Lines of other topics (usage
events) are read too, since they wait in the same memory, but lose no answer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.border.outside import raw
from bot.domain.log import LogEvent, Role, kept_on
from bot.domain.service_state import circuit_turn


class PublishKind(StrEnum):
    """What a line says of one publish, or of the memory that holds what Kafka refused."""

    CLAIMED = "claimed"
    REFUSED = "refused"
    BLOCKED = "blocked"
    KEPT = "kept"
    DELIVERED = "delivered"
    REQUEUED = "requeued"
    RECOVERED = "recovered"
    DROPPED = "dropped"
    GIVEN_UP = "given_up"
    STARTED = "started"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PublishSign:
    """One line: `topic`, `event_id`, `queue_id`, `correlation_id` where it names them.

    `processed` and `remaining` are the counts of a recovery round. `invalid` says that the callback
    could not be built, so that Kafka was never asked.
    """

    at: datetime
    kind: PublishKind
    topic: str = ""
    event_id: str = ""
    queue_id: str = ""
    correlation_id: str = ""
    processed: int = 0
    remaining: int = 0
    invalid: bool = False


# How the library that checks callbacks says what it refuses.
INVALID = re.compile(r"validation errors? for \w")
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_TOPIC = r"(?P<topic>[\w.-]+)"
_EVENT = rf"topic='{_TOPIC}', event_id=(?P<event>{_UUID})"
_IDS = rf"request (?P<queue>[\w-]+)(?:.*?correlation_id: (?P<correlation>{_UUID}))?"
_PATTERNS: tuple[tuple[PublishKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for kind, pattern in (
        (
            PublishKind.CLAIMED,
            rf"Published (?:success|error) callback event for {_IDS}(?:, topic: {_TOPIC})?",
        ),
        (PublishKind.GIVEN_UP, rf"Failed to publish (?:error )?callback event for {_IDS}"),
        (PublishKind.REFUSED, rf"Kafka publish failed for topic '{_TOPIC}'"),
        (PublishKind.REFUSED, rf"Failed to publish event to topic {_TOPIC}(?=:|\s|$)"),
        (
            PublishKind.BLOCKED,
            rf"Circuit breaker is open for Kafka publisher .*?queuing message for topic '{_TOPIC}'",
        ),
        (PublishKind.KEPT, rf"Queued message for retry: {_EVENT}"),
        (PublishKind.DELIVERED, rf"Successfully published queued message: {_EVENT}"),
        (PublishKind.REQUEUED, r"Re-queued message after failure"),
        (
            PublishKind.RECOVERED,
            r"Recovery batch complete: processed=(?P<done>\d+), failed=\d+, "
            r"remaining=(?P<left>\d+)",
        ),
        (PublishKind.DROPPED, rf"Dropping message after \d+ failed attempts: {_EVENT}"),
        (PublishKind.DROPPED, rf"Fallback queue is full .*?dropping message: {_EVENT}"),
        (PublishKind.STARTED, r"Starting Kafka recovery loop|Queue processor started"),
    )
)
# Most lines begin as none of these, which one look shows.
_ANY = re.compile(
    "|".join(pattern.pattern.partition("(?P<")[0] for _, pattern in _PATTERNS),
    re.IGNORECASE | re.DOTALL,
)
# Every line above, and a breaker's turn, holds one of these in its raw text.
NEEDLES = (
    "callback event for request", "Kafka publish failed for topic", "Failed to publish event",
    "queuing message for topic", "Queued message for retry", "published queued message",
    "Re-queued message after", "Recovery batch complete", "Dropping message after",
    "dropping message: topic", "Kafka recovery loop", "Queue processor started",
    "kafka_producer' transitioned",
)  # fmt: skip


def publish_sign(event: LogEvent) -> PublishSign | None:
    """Read what a line of the LLM provider says about publishing; None for another line."""
    return publisher_sign(event) if event.role is Role.LLM_PROVIDER else None


@kept_on("_published")
def publisher_sign(event: LogEvent) -> PublishSign | None:
    """Read what a line of any service's Kafka publisher says; None for another line."""
    if event.at is None:
        return None
    if _ANY.match(event.event):
        for kind, pattern in _PATTERNS:
            match = pattern.match(event.event)
            if match:
                return _sign(event, event.at, kind, match.groupdict().get)
    turn = circuit_turn(event)
    if turn and turn.is_brokers:
        kind = PublishKind.OPENED if turn.is_open else PublishKind.CLOSED
        return PublishSign(event.at, kind)
    return None


def _sign(
    event: LogEvent, at: datetime, kind: PublishKind, named: Callable[[str], str | None]
) -> PublishSign:
    written = named("correlation") or event.fields.get("correlation_id") or ""
    # Of the text only the id is taken, so that it is searched as it is.
    found = re.search(_UUID, raw(written) if isinstance(written, str) else "", re.IGNORECASE)
    return PublishSign(
        at,
        kind,
        topic=named("topic") or "",
        event_id=(named("event") or "").lower(),
        queue_id=(named("queue") or "").lower(),
        correlation_id=found[0].lower() if found else "",
        processed=int(named("done") or 0),
        remaining=int(named("left") or 0),
        invalid=kind is PublishKind.GIVEN_UP and INVALID.search(event.event) is not None,
    )
