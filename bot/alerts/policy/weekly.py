"""Once a week, one message on how batches did; pure: when it is due, and what it says."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo

from bot.alerts.policy.digest import digest_message, last_due
from bot.domain.alert import Condition
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Text, when, words

WEEKLY = "weekly"
MONDAY = 0


@dataclass(frozen=True, slots=True)
class MondayAt:
    """The time of day on Mondays at which the week before is reported, and its zone."""

    at: time
    zone: tzinfo = UTC

    def before(self, now: datetime) -> datetime:
        """Return the newest such moment that is not after `now`, in UTC."""
        return last_due(now, self.at, self.zone, weekday=MONDAY)


@dataclass(frozen=True, slots=True)
class ToldWeek:
    """What is said of a week: a headline, and a line for each thing."""

    headline: Text
    lines: tuple[EvidenceLine, ...] = ()
    severity: Severity = Severity.INFO


def due(told: datetime | None, now: datetime, monday: MondayAt) -> tuple[bool, datetime]:
    """Return whether a week is due now, and the moment up to which weeks are reported.

    A bot that learns of its first Monday begins with the next one; one that was away at that time
    tells it when it is back.
    """
    moment = monday.before(now)
    if told is None or moment <= told:
        return False, told or moment
    return True, moment


def week_message(told: ToldWeek, since: datetime, now: datetime, environment: str) -> AlertMessage:
    """Return the message of a week."""
    condition = Condition(
        subject=WEEKLY,
        rule=WEEKLY,
        severity=told.severity,
        confidence=Confidence.HIGH,
        title=words(told.headline, when(since, ", since ")),
        since=since,
        headline=told.headline,
        lasts=False,
        evidence=told.lines,
        next=("/batch trends --since 7d",),
    )
    return digest_message(condition, now, environment)
