"""Events that CJ's outbox calls published and that only its publisher's memory holds, or held.

Behind Kafka's open breaker CJ's publisher keeps what its relay gives it, and the relay takes that
for published: no row tells of it, and a restart of CJ loses it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._batches import sole
from bot.detectors._rows import Fact
from bot.detectors._state import moment
from bot.diagnosis.comparison.causes import OUTBOX_UNPUBLISHED, RELAY_STEP
from bot.diagnosis.publishing.memory import Fate
from bot.diagnosis.publishing.outbox_events import KeptEvent, Relay, relays_after
from bot.diagnosis.publishing.wording import KEPT_BACK_WHY, NO_CJ_RESTART, PUBLISH_AGAIN
from bot.domain.alert import Condition
from bot.domain.evidence import EvidenceLine
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, when, words
from bot.text.redaction import redact
from bot.text.wording import many

HELD = "events in CJ's memory"
MOST_KEPT, SHOWN = 200, 3
# What was lost is told for so long.
TOLD_FOR = timedelta(minutes=15)


class HeldEvents:
    """Follows what CJ's publishers hold by their lines, and what a restart lost of it."""

    def __init__(self) -> None:
        self._relays: Mapping[str, Relay] = {}
        self._lost: tuple[KeptEvent, ...] = ()

    def note(self, events: Iterable[LogEvent], now: datetime) -> None:
        """Take in one tick's lines."""
        relays = relays_after(self._relays, events)
        gone = [one for relay in relays.values() for one in relay.gone]
        lost = (*self._lost, *(one for one in gone if one.fate is Fate.RESTARTED))
        self._lost = tuple(one for one in lost if now - (one.changed_at or one.at) < TOLD_FOR)
        self._relays = {
            name: replace(one, gone=(), kept=one.kept[-MOST_KEPT:]) for name, one in relays.items()
        }

    @property
    def fact(self) -> Fact | None:
        """What waits and what was lost, as one fact; None where nothing is."""
        kept = [one for relay in self._relays.values() for one in relay.kept]
        if not (told := (*self._lost, *kept)):
            return None
        return {
            "subject": HELD,
            "since": min(one.at for one in told).isoformat(),
            "waiting": len(kept),
            "lost": len(self._lost),
            "batches": sorted({one.aggregate for one in told if one.aggregate.isdecimal()}),
            "lines": [_line(one) for one in told[:SHOWN]],
        }

    def to_json(self) -> Any:
        """Return what `resume` takes, as JSON values."""
        kept = [one for relay in self._relays.values() for one in relay.kept]
        return [_as_json(one) for one in (*self._lost, *kept)]

    def resume(self, value: Any) -> None:
        """Go on from what was kept; what has another shape is left out."""
        found = [one for one in map(_from_json, value if isinstance(value, list) else ()) if one]
        self._lost = tuple(one for one in found if one.fate is Fate.RESTARTED)
        held = [one for one in found if one.fate is not Fate.RESTARTED]
        self._relays = {
            name: Relay(kept=tuple(one for one in held if one.event.container == name))
            for name in {one.event.container for one in held}
        }


def held_over(fact: Fact) -> str:
    """Return how it ended, by the last that was known of it."""
    if fact["lost"]:
        lost = many(int(fact["lost"]), "event")
        return f"no further event was lost; the {lost} lost before do not come back"
    return "Kafka took what waited in CJ's memory"


def held_condition(fact: Fact, since: datetime) -> Condition:
    """Return the alert of events that CJ's memory holds, or held."""
    waiting, lost = int(fact["waiting"]), int(fact["lost"])
    parts = [f"{many(lost, 'event', ('was', 'were'))} lost with CJ's restart"] * bool(lost)
    parts += [f"{many(waiting, 'event', ('waits', 'wait'))} in CJ's memory"] * bool(waiting)
    batch = sole(fact["batches"])
    look = Command(f"/batch investigate {batch}" if batch else "/logs cj_assessment_service Kafka")
    return Condition(
        subject=HELD,
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            "Kafka takes no events of CJ",
            when(since, " since "),
            f": {' and '.join(parts)}, and the outbox says published. Next: ",
            look,
        ),
        since=since,
        known="lost" if lost else "waiting",
        count=0,
        headline=f"Kafka takes no events of CJ: {parts[0] if len(parts) == 1 else _both(fact)}",
        lasts=not lost,
        why=KEPT_BACK_WHY,
        evidence=tuple(
            EvidenceLine(one["source"], moment(one["at"]), one["text"]) for one in fact["lines"]
        ),
        next=(
            words(look),
            *((PUBLISH_AGAIN,) if lost else ()),
            *((NO_CJ_RESTART,) if waiting else ()),
            RELAY_STEP,
        ),
        batch=batch,
    )


def _both(fact: Fact) -> str:
    return f"{many(int(fact['lost']), 'event')} lost with its restart, {fact['waiting']} held"


def _line(one: KeptEvent) -> Mapping[str, Any]:
    return {
        "source": one.event.container,
        "at": one.at.isoformat(),
        "text": redact(one.event.event),
    }


def _as_json(one: KeptEvent) -> Mapping[str, Any]:
    return {
        **_line(one),
        "aggregate": one.aggregate,
        "type": one.event_type,
        "message": one.message,
        "fate": one.fate.value,
        "changed_at": one.changed_at.isoformat() if one.changed_at else None,
    }


def _from_json(value: Any) -> KeptEvent | None:
    at = moment(value.get("at")) if isinstance(value, Mapping) else None
    if at is None:
        return None
    place = str(value.get("source"))
    event = LogEvent(at, place, place, Role.CJ, "warning", str(value.get("text")))
    return KeptEvent(
        at,
        str(value.get("aggregate") or ""),
        str(value.get("type") or ""),
        event,
        str(value.get("message") or ""),
        Fate.RESTARTED if value.get("fate") == Fate.RESTARTED else Fate.BLOCKED,
        moment(value.get("changed_at")),
    )
