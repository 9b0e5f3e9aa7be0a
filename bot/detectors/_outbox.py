"""What detectors keep of the CJ service's outbox: rows that wait, lines of what was given up."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._rows import Fact
from bot.detectors._state import moment
from bot.diagnosis.publishing.outbox_events import RELAYED
from bot.domain.batch.outbox import RELAY_TRIES, OutboxGroup
from bot.domain.evidence import LOGS
from bot.domain.log import LogEvent, Role
from bot.text.redaction import redact

GIVEN_UP = "Event exceeded max retries"
MOST_KEPT = 200
GivenUp = Mapping[str, Mapping[str, Any]]


def waiting(group: OutboxGroup) -> Fact | None:
    """Return how many events of a type wait, since when and after how many tries; pure."""
    if not group.unpublished:
        return None
    return {
        "subject": group.event_type,
        "since": group.oldest_unpublished_at or group.first_at,
        "count": group.unpublished,
        "retries": group.max_retry_count,
    }


def tells_of_relay(event: LogEvent) -> bool:
    """Say whether a line of CJ's relay says that it gave an event up, or sent one."""
    return event.role is Role.CJ and event.event.startswith((GIVEN_UP, RELAYED))


def given_up_after(
    known: GivenUp,
    events: Iterable[tuple[datetime, LogEvent]],
    now: datetime,
    quiet: timedelta,
) -> GivenUp:
    """Return, by their ids, the events that the relay gave up and did not send since; pure."""
    found = dict(known)
    for at, event in events:
        id = str(event.fields.get("event_id", ""))
        if not id or not tells_of_relay(event):
            continue
        if event.event.startswith(RELAYED):
            found.pop(id, None)
            continue
        first = found.get(id, {}).get("first", at.isoformat())
        error = found.get(id, {}).get("error") or redact(str(event.fields.get("last_error", "")))
        found[id] = {
            "first": first,
            "last": at.isoformat(),
            "type": str(event.fields.get("event_type", "")),
            "batch": str(event.fields.get("aggregate_id", "")),
            "error": error,
        }
    fresh = {id: one for id, one in found.items() if _is_fresh(one, now, quiet)}
    return dict(list(fresh.items())[-MOST_KEPT:])


def given_up_facts(given_up: GivenUp) -> Mapping[str, Fact]:
    """Return what was given up as facts, by their event type; pure."""
    facts: dict[str, dict[str, Any]] = {}
    for one in given_up.values():
        fact = facts.setdefault(
            one["type"],
            {
                "subject": one["type"],
                "since": one["first"],
                "count": 0,
                "retries": RELAY_TRIES,
                "error": one["error"],
                "batch": one["batch"],
                "source": LOGS,
            },
        )
        fact["count"] += 1
        fact["since"] = min(fact["since"], one["first"])
        if fact["batch"] != one["batch"]:
            fact["batch"] = ""
    return facts


def _is_fresh(one: Mapping[str, Any], now: datetime, quiet: timedelta) -> bool:
    last = moment(one.get("last"))
    return last is not None and now - last < quiet
