"""Rules on events in the outbox that wait, were given up, or were never really sent."""

from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.comparison.causes import OUTBOX_UNPUBLISHED, RELAY_STEP
from bot.diagnosis.publishing.memory import Fate
from bot.diagnosis.publishing.wording import KEPT_BACK_WHY, NO_CJ_RESTART, PUBLISH_AGAIN
from bot.domain.batch.outbox import LATE_SECONDS, RELAY_TRIES
from bot.domain.report import Confidence, Finding, Severity
from bot.text.redaction import redact
from bot.text.wording import many

OUTBOX_LATE = timedelta(seconds=LATE_SECONDS)
GIVEN_UP = "Event exceeded max retries"
UNSENT = "Failed to publish event to Kafka"


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
        return _kept_results(evidence, now)
    return Finding(
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=many(sum(group.unpublished for group in late), "event", ("is", "are"))
        + " not published.",
        why=OUTBOX_UNPUBLISHED.why,
        evidence=(
            *(
                evidence.line(
                    f"{group.event_type}: {group.unpublished} unpublished, "
                    f"{many(group.max_retry_count, 'try')}",
                    group.oldest_unpublished_at,
                )
                for group in late[:3]
            ),
            *(evidence.line(redact(one.last_error)) for one in late[:1] if one.last_error),
        ),
        next=(RELAY_STEP,),
    )


def _relay_troubled(evidence: BatchEvidence) -> Finding | None:
    """The relay gave an event of this batch up, or sent it again since it could not mark it."""
    given_up = [event for event in evidence.events if GIVEN_UP in event.event]
    denied = [
        event
        for event in evidence.events
        if UNSENT in event.event and "permission denied for " in event.event
    ]
    lines = denied or given_up
    if not lines:
        return None
    what = (
        f"The relay could not mark an event as sent, and sent it {many(len(denied), 'time')}."
        if denied
        else f"The relay gave an event up after {RELAY_TRIES} tries; by its rows it was sent later."
    )
    return Finding(
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=what,
        why="The database refused to mark it: who reads the topic got it more than once."
        if denied
        else "Kafka refused it; the relay does not try again by itself, so somebody let it.",
        evidence=(log_line(lines[0]), evidence.line(many(len(lines), "such line"))),
        next=(RELAY_STEP,),
    )


def _kept_results(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Events that the outbox calls published are in CJ's memory, or were lost with it."""
    kept = evidence.kept_results
    if not kept:
        return _relay_troubled(evidence)
    lost = [one for one in kept if one.fate is Fate.RESTARTED]
    told = lost or kept
    late = now - min(one.at for one in told) > OUTBOX_LATE
    events = many(len(told), "event", ("was", "were") if lost else ("waits", "wait"))
    return Finding(
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.ERROR if lost or late else Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{events} lost with CJ's restart; the outbox says published."
        if lost
        else f"{events} in CJ's memory: Kafka's breaker is open.",
        why=KEPT_BACK_WHY,
        evidence=tuple(log_line(one.event) for one in told[:2]),
        next=(PUBLISH_AGAIN if lost else NO_CJ_RESTART, RELAY_STEP),
    )
