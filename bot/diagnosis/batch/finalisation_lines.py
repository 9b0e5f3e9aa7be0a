"""The lines in which CJ says that a batch's finalisation failed, or went well; pure."""

import re
from collections.abc import Iterable, Sequence

from bot.border.passing import name
from bot.diagnosis.comparison.database_words import refusal_told, said_by
from bot.domain.log import LogEvent, Role
from bot.domain.words import Text

# The first is every such line's, whatever went wrong.
NOT_FINALISED = (
    "Failed scoring finalization",
    "Failed to store grade projections",
    "Failed single-essay finalization",
)
FINALISED = ("Completed scoring finalization for batch", "Published completion for single-essay")
_BATCH = re.compile(r"user_id is None for batch (\d{1,9})")


def not_finalised(events: Iterable[LogEvent]) -> list[LogEvent]:
    """Return the lines in which a finalisation failed."""
    return [event for event in events if any(text in event.event for text in NOT_FINALISED)]


def is_finalised(event: LogEvent) -> bool:
    """Say whether a line of CJ says that a batch was finalised."""
    return event.role is Role.CJ and any(text in event.event for text in FINALISED)


def violates_grades(event: LogEvent) -> bool:
    """Say whether a line carries the violated key of grades that an earlier run stored."""
    error = event.error
    if error is None:
        return "IntegrityError" in event.event and "grade_projections" in event.text
    return error.code == "gkpj" and "grade_projections" in (error.constraint or event.text)


def batch_of(event: LogEvent) -> str:
    """Return the batch that a line of a finalisation is about, empty when it names none."""
    value = event.fields.get("batch_id") or event.fields.get("cj_batch_id")
    if isinstance(value, int | str) and str(value).isdecimal():
        return str(value)
    match = _BATCH.search(event.event)
    return match[1] if match else ""


def _refusal(event: LogEvent, said: Sequence[str]) -> str:
    """Return what PostgreSQL refused, by its own words; empty for what it did not refuse."""
    if any("violates unique constraint" in text for text in said):
        constraint = event.error.constraint if event.error else ""
        of = f" ({name(constraint)})" if constraint else ""
        return f"The database refused it: such a row is there already, and must be unique{of}."
    if any("violates foreign key constraint" in text for text in said):
        return "The database refused it: a row that it refers to is not there."
    if any("violates not-null constraint" in text for text in said):
        return "The database refused it: a value that it needs is missing."
    return refusal_told(said)


def why_not_finalised(event: LogEvent) -> Text:
    """Return why a finalisation failed, by its line."""
    said = said_by(event)
    if any("user_id is None" in text for text in said):
        return "The batch names no user, and CJ publishes no result without one."
    if refusal := _refusal(event, said):
        return refusal
    kind = event.fields.get("error_type") or (event.error.kind if event.error else "")
    return f"Its own line says: {name(str(kind))}." if kind else "Its own line says no more."
