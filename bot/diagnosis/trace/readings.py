"""What every source answered for one uuid, as a report lists it."""

from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.read import reading, rows_reading
from bot.diagnosis.evidence.system_state import health_words
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.tables import in_queue
from bot.domain.evidence import (
    HEALTH,
    QUEUE,
    TOPIC,
    Missing,
    SourceReading,
)
from bot.text.wording import many


def sources_of(evidence: TraceEvidence) -> tuple[SourceReading, ...]:
    """Return the account of every source that was asked."""
    return (
        rows_reading(evidence.rows, hidden_tables(evidence), _row_detail(evidence)),
        log_coverage.reading(evidence.logs),
        reading(QUEUE, evidence.items, f"item {in_queue(evidence)}"),
        reading(TOPIC, evidence.callbacks, _callback_detail(evidence)),
        reading(HEALTH, evidence.health, health_words(evidence.health)),
    )


def hidden_tables(evidence: TraceEvidence) -> tuple[str, ...]:
    """Return the tables that the role may not read."""
    return () if isinstance(evidence.rows, Missing) else evidence.rows.hidden


def _row_detail(evidence: TraceEvidence) -> str:
    if isinstance(evidence.rows, Missing):
        return evidence.rows.reason
    return f"{many(len(evidence.rows.pairs), 'pair')}, {many(len(evidence.rows.batches), 'batch')}"


def _callback_detail(evidence: TraceEvidence) -> str:
    seen = evidence.callbacks if isinstance(evidence.callbacks, tuple) else ()
    told = [f"{many(len(seen), 'callback')} with this id"]
    told += [f"fails {', '.join(one.rejected)}" for one in seen if one.rejected][:1]
    told += ["not acknowledged by CJ"] if any(one.consumed is False for one in seen) else []
    return "; ".join(told)
