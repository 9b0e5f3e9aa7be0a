"""Rules on the runner that asked for this batch, joined to it by the ids it wrote."""

from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.runner.log_events import RUN_TEXTS, ObservedRunner, observed
from bot.diagnosis.runner.rules import schema_missing, waiting
from bot.domain.evidence import Missing
from bot.domain.report import Finding


def runner_schema_missing(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """This batch's runner does not find its schema file."""
    found = (schema_missing(seen, now) for seen in _own_runners(evidence))
    return next((finding for finding in found if finding), None)


def runner_waiting(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """This batch's runner waits for results, and nothing has come for long."""
    found = (waiting(seen, now) for seen in _own_runners(evidence))
    return next((finding for finding in found if finding), None)


def _own_runners(evidence: BatchEvidence) -> tuple[ObservedRunner, ...]:
    """The runners whose newest run is this batch's."""
    listing = evidence.system.runners
    if isinstance(listing, Missing):
        return ()
    seen = (observed(runner, evidence.nearby) for runner in listing.runners)
    return tuple(one for one in seen if _runs(one, evidence))


def _runs(seen: ObservedRunner, evidence: BatchEvidence) -> bool:
    header = evidence.header
    runs = [event for event in seen.events if any(text in event.text for text in RUN_TEXTS)]
    if runs:
        return any(id in runs[-1].text for id in (header.bos_batch_id, header.event_correlation_id))
    named = f"{header.bos_batch_id} (label: {seen.label})"
    return bool(seen.label) and any(named in event.text for event in evidence.nearby)
