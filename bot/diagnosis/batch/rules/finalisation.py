"""Rules on how, when and how often a batch was finalised."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.domain.log import LogEvent
from bot.domain.outbox import LATE_SECONDS, RELAY_TRIES, OutboxGroup
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, when, words

STUCK_SECONDS = 600
OUTBOX_LATE = timedelta(seconds=LATE_SECONDS)
MONITOR_SECONDS = 60
DEFAULT_THRESHOLD = 95
# A stop by stability needs at least 10 comparisons at either revision.
STABILITY_NEEDS = 10
EXHAUSTED = "Comparison budget exhausted; finalizing"
FORCED = "COMPLETE_FORCED_RECOVERY"
THRESHOLD = "Completion threshold reached; finalizing"


def early_finalisation(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Results were published before enough of the comparisons were answered."""
    then = evidence.rows.at_first_finalisation
    header = evidence.header
    if then is None or not then.submitted:
        return None
    threshold = header.completion_threshold_pct or DEFAULT_THRESHOLD
    if then.answered * 100 >= threshold * then.submitted:
        return None
    exhausted = [event for event in evidence.events if EXHAUSTED in event.event]
    by_threshold = any(THRESHOLD in event.event for event in evidence.events)
    impossible = then.answered < STABILITY_NEEDS
    stable = header.status == "COMPLETE_STABLE" and not impossible
    if not exhausted and (stable or by_threshold):
        return None
    forced = bool(header.forced_to_scoring_reason) or header.status == FORCED
    return Finding(
        rule="early-finalisation",
        severity=Severity.INFO if forced else Severity.ERROR,
        confidence=Confidence.HIGH if exhausted or forced else Confidence.MEDIUM,
        what=words(
            "First finalised",
            when(then.at, " at "),
            f" with {then.answered} of {then.submitted} comparisons answered.",
        ),
        why="CJ's monitor forced it to scoring: it had waited for the rest until its time-out."
        if forced
        else "The budget counted what was submitted, not what was answered, so the check at every "
        "fifth callback took the budget for used up.",
        evidence=(
            evidence.line(
                f"{then.answered} of {then.submitted} answered, {then.valid} valid", then.at
            ),
            *(log_line(event) for event in exhausted[:2]),
        ),
        next=("Ask whether the missing comparisons matter before the grades are used.",)
        if forced
        else ("Score again from all answers before using the grades.",),
    )


def repeated_finalisation(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch was finalised more than once."""
    header = evidence.header
    events = [
        group
        for group in evidence.rows.outbox
        if "completed" in group.event_type.lower() and group.count > 1
    ]
    violations = [event for event in evidence.events if _violates(event)]
    left_over = header.state == "SCORING" and header.status.startswith("COMPLETE")
    if not (events or violations or left_over):
        return None
    lines = [
        evidence.line(f"{group.count} events {group.event_type}", group.last_at) for group in events
    ]
    if left_over:
        lines.append(
            evidence.line(f"state SCORING with status {header.status}", header.last_activity_at)
        )
    return Finding(
        rule="repeated-finalisation",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if events or violations else Confidence.MEDIUM,
        what=f"Finalised more than once: {_repeats(events, left_over=left_over)}.",
        why="Finalisation had no guard against a second run; the second one violates "
        "grade_projections' primary key (IntegrityError, then PendingRollbackError). The first "
        "run's results exist.",
        evidence=(*lines, *(log_line(event) for event in violations[:3])),
        next=("The state is cosmetic; check whether the first run was early before trusting it.",),
    )


def finalisation_stuck(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch has been scoring for far too long, and CJ's monitor does not look at that state."""
    header = evidence.header
    quiet = evidence.quiet_for(now)
    if header.state != "SCORING" or header.status.startswith("COMPLETE") or quiet <= STUCK_SECONDS:
        return None
    return Finding(
        rule="finalisation-stuck",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=words("In SCORING without activity for ", Span(timedelta(seconds=quiet)), "."),
        why="A finalisation that fails leaves SCORING committed, and the batch monitor does not "
        "look at SCORING.",
        evidence=(
            evidence.line(f"status {header.status}, state SCORING", header.last_activity_at),
        ),
        next=("/logs cj_assessment_service scoring --level error",),
    )


def waiting_on_monitor(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Every answer is in, and the batch waits for the monitor's next sweep."""
    pairs = evidence.pairs
    last = pairs.last_completed_at
    waits = evidence.header.state == "WAITING_CALLBACKS" and not evidence.ended
    if not waits or not pairs.total or pairs.pending or last is None:
        return None
    quiet = (now - last).total_seconds()
    if quiet <= MONITOR_SECONDS or evidence.quiet_for(now) <= MONITOR_SECONDS:
        return None
    return Finding(
        rule="waiting-on-monitor",
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        what=words(
            f"All {pairs.total} comparisons are answered",
            when(last, " since "),
            "; nothing continued the batch.",
        ),
        why="Small batches waited for the five-minute sweep (fixed upstream on 2025-11-21).",
        evidence=(evidence.line("no comparison is pending", last),),
        next=("Wait one sweep (5 minutes), then /batch status again.",),
    )


def outbox_unpublished(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """An event of this batch waits in the outbox and is not published."""
    late = [
        group
        for group in evidence.rows.outbox
        if group.unpublished
        and (
            group.max_retry_count >= RELAY_TRIES
            or (group.oldest_unpublished_at and now - group.oldest_unpublished_at > OUTBOX_LATE)
        )
    ]
    if not late:
        return None
    return Finding(
        rule="outbox-unpublished",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"{sum(group.unpublished for group in late)} events are not published.",
        why="The relay sends every 5 seconds and gives up after 5 tries; whoever waits for the "
        "event waits for ever.",
        evidence=tuple(
            evidence.line(
                f"{group.event_type}: {group.unpublished} unpublished, "
                f"{group.max_retry_count} tries",
                group.oldest_unpublished_at,
            )
            for group in late[:3]
        ),
        next=("Check Kafka and the relay: /logs cj_assessment_service outbox",),
    )


def _repeats(events: Sequence[OutboxGroup], *, left_over: bool) -> str:
    if events:
        return f"{max(group.count for group in events)} completion events"
    return "the second run broke off" + (" and left the state at SCORING" if left_over else "")


def _violates(event: LogEvent) -> bool:
    error = event.error
    if error is None:
        return "IntegrityError" in event.event and "grade_projections" in event.text
    return error.code == "gkpj" and "grade_projections" in (error.constraint or event.text)
