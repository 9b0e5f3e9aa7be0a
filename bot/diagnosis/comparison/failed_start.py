"""The lines in which CJ says that a batch failed while it was made or submitted; pure."""

from collections.abc import Iterable

from bot.border.passing import name
from bot.diagnosis.comparison.database_words import lacking_in_schema, refusal_told, said_by
from bot.domain.log import LogEvent, Role

# From what failed to who was told of it: the first that stands of a batch is nearest to the cause.
FAILED_STARTS = (
    "Failed to submit batch chunk for CJ batch",
    "Batch submission failed for CJ batch",
    "CJ assessment workflow failed",
)
# A headline says no more than that beside which batch it is.
MOST_SHORT = 54
ONE_VERSION = "Bring CJ's code and its database's schema to one version."


def failed_starts(events: Iterable[LogEvent]) -> list[LogEvent]:
    """Return the lines in which a batch failed while it was made or submitted, nearest first."""
    mine = [event for event in events if event.role is Role.CJ]
    return [event for text in FAILED_STARTS for event in mine if text in event.event]


def why_not_started(event: LogEvent) -> str:
    """Return why a batch failed before its comparisons were sent, by its line."""
    said = said_by(event)
    if refusal := refusal_told(said):
        return f"Not submitted: {refusal[:1].lower()}{refusal[1:]}"
    error = event.error
    kind = (error.chain[0] if error.chain else error.kind) if error else ""
    told = f"its own line says {name(kind)}" if kind else "its own line says no more"
    return f"Not submitted: CJ failed while it made the comparisons; {told}."


def short_reason(event: LogEvent) -> str:
    """Return what the database said in a line on a failed start, in a few words; may be empty."""
    lacks, refusal = lacking_in_schema(said_by(event)), refusal_told(said_by(event))
    told = f"the database has no {lacks.partition(' of table ')[0]}" if lacks else refusal
    short = told[:1].lower() + told[1:].rstrip(".")
    return short if len(short) <= MOST_SHORT else ""


def failed_batch(event: LogEvent) -> str:
    """Return the batch that CJ ended as failed by this line; empty where it names none."""
    if event.role is not Role.CJ or FAILED_STARTS[-1] not in event.event:
        return ""
    batch = str(event.fields.get("cj_batch_id") or "")
    return batch if batch.isdecimal() else ""


def start_remedy(event: LogEvent) -> str:
    """Return what mends it, where a line shows that; empty where it does not."""
    return ONE_VERSION if lacking_in_schema(said_by(event)) else ""
