"""Log lines in which a consumer rejects a callback, or cannot store what it took; pure.

CJ acknowledges a callback whatever becomes of it, so that Kafka gives it no second time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bot.border.outside import raw
from bot.diagnosis.comparison.log_events import Outcome, Step, clue_of
from bot.domain.evidence import EvidenceLine
from bot.domain.log import LogEvent, Role
from bot.domain.words import words

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
_FIRST_WORDS = sorted({text.partition(" ")[0] for text in TEXTS})
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
NOT_COUNTED = "Failed to update batch completion counters for batch"
# What the database answered, in its own words or its driver's classes.
FAULTS = {
    "No space left on device": "the database's disk is full",
    "DiskFullError": "the database's disk is full",
    "statement timeout": "a statement waited for too long",
    "lock timeout": "a statement waited for too long",
    "could not serialize access": "another transaction changed the same rows",
    "read-only transaction": "the database takes no writes",
    "permission denied for ": "the database refuses CJ a right",
    "deadlock detected": "another transaction held the same rows",
    "too many connections for role": "the database has no free connection",
    "remaining connection slots": "the database has no free connection",
    "too many clients": "the database has no free connection",
}
# With these CJ has ended with a callback that it took.
# CJ's second line on a callback that it took: either of the two may be missing.
RECEIVED = ("Received error callback", "Received successful comparison")
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
    if not _may_reject(event):
        return ()
    said = _said(event)
    if not any(text in said for text in TEXTS):
        return ()
    return tuple(UUID(id) for id in _UUID.findall(said.lower())[:1])


def lost_field(event: LogEvent) -> str:
    """Return the field that a rejection names as missing; empty for another event."""
    if not _may_reject(event):
        return ""
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


def counters_failed(events: Iterable[LogEvent], batch_id: int) -> tuple[LogEvent, ...]:
    """Return CJ's lines that it could not count an answer of a batch."""
    said = f"{NOT_COUNTED} {batch_id}:"
    return tuple(one for one in events if one.role is Role.CJ and one.event.startswith(said))


def database_fault(event: LogEvent) -> str:
    """Return what a failing line and its error say of the database, in words; may be empty."""
    return FAULTS.get(_fault_said(event), "")


def with_fault(line: EvidenceLine, event: LogEvent) -> EvidenceLine:
    """Return a line with what the database said by the event, where it does not show that."""
    said, shown = _fault_said(event).strip(), line.text
    told = not said or said in str(words(shown))
    return line if told else replace(line, text=words(shown, f" [{said}]"))


def _fault_said(event: LogEvent) -> str:
    error = event.error
    said = " ".join((_said(event), *((error.kind, *error.chain) if error else ()), raw(event.text)))
    return next((text for text in FAULTS if text in said), "")


def says_database_away(told: Iterable[str]) -> bool:
    """Say whether words tell that the database cannot be reached, or went away."""
    return any(away in said for said in told for away in DATABASE_AWAY)


def _may_reject(event: LogEvent) -> bool:
    """Say whether a line may be a rejection, before its error is read for that alone."""
    whole = raw(event.text) or raw(event.event)
    for word in _FIRST_WORDS:  # noqa: SIM110 - every rule asks this of every line
        if word in whole:
            return True
    return False


def _said(event: LogEvent) -> str:
    """The event with its error's message, to be searched and never shown."""
    return f"{raw(event.event)} {raw(event.error.message)}" if event.error else raw(event.event)
