"""Messages that Slack has refused for long: an alert once it takes them again; pure.

Until then the log, /readyz and the metrics show it: see bot.monitoring.vitals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alert import Alert, AlertState, Condition, Judgement, Sight
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words

LATE_MESSAGES = "late_messages"
SUBJECT = "slack"
# A rate limit or a short outage is waited out; a few minutes late is no alert.
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """How many messages wait, since when, and the last problem with them.

    `refused_since` is when the oldest message was written that was tried and not taken.
    """

    depth: int = 0
    oldest: datetime | None = None
    attempts: int = 0
    problem: str = ""
    refused_since: datetime | None = None


def judge_late_messages(
    waiting: OutboxHealth, remembered: Sequence[Alert], now: datetime
) -> Judgement:
    """Conclude whether Slack takes the bot's messages in time."""
    known = next((one for one in remembered if one.state is not AlertState.RESOLVED), None)
    refused = waiting.refused_since
    is_late = refused is not None and now - refused >= LATE_AFTER
    if refused is None or not (is_late or known):
        return Judgement(Sight.CLEAR, closing={SUBJECT: "everything that waited has been posted"})
    since = min(refused, known.condition.since) if known else refused
    return Judgement(Sight.CLEAR, conditions=(_condition(waiting, since, now),))


def _condition(waiting: OutboxHealth, since: datetime, now: datetime) -> Condition:
    return Condition(
        subject=SUBJECT,
        rule="late-messages",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            "Slack did not take alerts",
            when(since, " since "),
            ", high confidence: they come late, and some may be over by now. Next: /alerts list",
        ),
        since=since,
        known=since.isoformat(),
        count=0,
        headline="Slack did not take alerts: they come late, some may be over",
        why="Each message is kept and sent once, in order, as soon as Slack takes it.",
        evidence=(EvidenceLine("outbox", now, f"{waiting.depth} wait: {waiting.problem}"),),
        next=("/alerts list",),
    )
