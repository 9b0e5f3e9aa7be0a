"""Log lines in which a consumer rejects a callback, or cannot store what it took; pure.

CJ acknowledges a callback whatever becomes of it, so that Kafka gives it no second time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.border.outside import raw
from bot.diagnosis.comparison.log_events import Outcome, Step, clue_of
from bot.domain.log import LogEvent, Role

FIELDS = {"missing essay identifiers": "essay_a_id", "missing prompt hash": "prompt_sha256"}
# What people call the fields that a callback can lack.
CALLED = {
    "essay_a_id": "the essays' ids",
    "essay_b_id": "the essays' ids",
    "prompt_sha256": "the prompt's hash",
    "request_id": "the request's id",
    "correlation_id": "a comparison that is known",
}
TEXTS = (*FIELDS, "Cannot find comparison pair")
NOT_STORED = "Error in callback processing"
DATABASE_AWAY = (
    "Connect call failed",
    "connection is closed",
    "connection was closed",
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "Can't reconnect until invalid transaction",
)
# With these CJ has ended with a callback that it took.
TAKEN_END = ("Successfully processed LLM comparison callback", NOT_STORED)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class UnstoredAnswer:
    """One answer that was not stored: its ids, and whether the database was away."""

    at: datetime
    correlation_id: str
    queue_id: str
    database_away: bool
    event: LogEvent


def rejected_ids(event: LogEvent) -> tuple[UUID, ...]:
    """Return the correlation ids of a rejection, none for another event."""
    said = _said(event)
    if not any(text in said for text in TEXTS):
        return ()
    return tuple(UUID(id) for id in _UUID.findall(said.lower())[:1])


def lost_field(event: LogEvent) -> str:
    """Return the field that a rejection names as missing; empty for another event."""
    said = _said(event)
    return next((name for text, name in FIELDS.items() if text in said), "")


def called(fields: Iterable[str]) -> str:
    """Return in words what callbacks lack; a field that is not known stands as it is."""
    return " and ".join(sorted({CALLED.get(one, one) for one in fields}))


def unstored_answer(event: LogEvent) -> UnstoredAnswer | None:
    """Read a failing line of CJ; None for another line, and for a callback of no comparison."""
    if event.at is None or event.role is not Role.CJ or NOT_STORED not in event.event:
        return None
    clue = clue_of(event)
    if clue is None or clue.step is not Step.CONSUMED or clue.outcome is not Outcome.FAILED:
        return None
    said = (event.event, event.error.message if event.error else "")
    return UnstoredAnswer(
        event.at, clue.correlation_id, clue.queue_id, says_database_away(said), event
    )


def says_database_away(told: Iterable[str]) -> bool:
    """Say whether words tell that the database cannot be reached, or went away."""
    return any(away in said for said in told for away in DATABASE_AWAY)


def _said(event: LogEvent) -> str:
    """The event with its error's message, to be searched and never shown."""
    return f"{raw(event.event)} {raw(event.error.message)}" if event.error else raw(event.event)
