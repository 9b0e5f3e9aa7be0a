"""Once a day, one message on what is open and quiet, so that silence is never mistaken for health.

Pure: what the last digest left behind comes in as JSON values and goes out the same way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from bot.alerts.policy.inhibition import Decided
from bot.domain.alert import Alert, AlertState, Condition, Reason, Standing, alert_key
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.words import when, words
from bot.text.kept import kept_moment

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
DIGEST = "digest"
LISTED = 20
QUIET = (Standing.SNOOZED, Standing.MUTED, Standing.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class DigestState:
    """What was kept quiet since the last digest: since when, and what came and went unsaid."""

    since: datetime | None = None
    unsaid: int = 0

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "DigestState":
        """Return what `to_json` returned; nothing when there is none."""
        since = values.get("since")
        return cls(kept_moment(since) if since else None, int(values.get("unsaid") or 0))

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes."""
        return {"since": self.since.isoformat() if self.since else None, "unsaid": self.unsaid}


def digest(
    decisions: Sequence[Decided],
    quiet: DigestState,
    now: datetime,
    every: timedelta,
    environment: str = "",
) -> tuple[AlertMessage | None, DigestState]:
    """Return the digest, when one is due, and what the next one goes on from."""
    unsaid = quiet.unsaid + sum(_went_unsaid(one) for one in decisions)
    found = [one for _, decision in decisions if _is_quiet(one := decision.alert, now, every)]
    if not found and not unsaid:
        return None, DigestState()
    since = quiet.since or now
    if now - since < every:
        return None, DigestState(since, unsaid)
    return _message(found, unsaid, since, now, environment), DigestState(now if found else None)


def _went_unsaid(decided: Decided) -> bool:
    previous, decision = decided
    return (
        previous is not None
        and previous.state is AlertState.PENDING
        and previous.mute is not None
        and decision.alert.state is AlertState.RESOLVED
    )


def _is_quiet(alert: Alert, now: datetime, every: timedelta) -> bool:
    """Say whether an open alert is silenced or acknowledged, or has lasted for a whole period."""
    if alert.fold or alert.state is AlertState.RESOLVED:
        return False
    lasting = alert.standing is Standing.FIRING and now - alert.opened_at >= every
    return alert.standing in QUIET or lasting


def _message(
    found: Sequence[Alert], unsaid: int, since: datetime, now: datetime, environment: str
) -> AlertMessage:
    counts = Counter(alert.standing for alert in found)
    told = [f"{counts[one]} {one.value}" for one in QUIET if counts[one]]
    told += [f"{counts[Standing.FIRING]} unattended"] if counts[Standing.FIRING] else []
    told += [f"{unsaid} came and went while muted"] if unsaid else []
    severity = Severity.WARN if found else Severity.INFO
    condition = Condition(
        subject=DIGEST,
        rule=DIGEST,
        severity=severity,
        confidence=Confidence.HIGH,
        title=words("Open and quiet", when(since, " since "), f": {', '.join(told)}"),
        since=since,
        headline=f"Open and quiet: {', '.join(told)}",
        evidence=tuple(_line(alert) for alert in _first(found)),
        why=f"The first {LISTED} of {len(found)} are listed." if len(found) > LISTED else "",
    )
    return digest_message(condition, now, environment)


def digest_message(condition: Condition, now: datetime, environment: str) -> AlertMessage:
    """Return the message of one digest, whatever it is of: an alert that is said once."""
    name = condition.subject
    key = alert_key(name, environment, name)
    alert = Alert(key, name, environment, name, AlertState.FIRING, condition.severity, condition,
                  now, now, now)  # fmt: skip
    return AlertMessage(alert, Reason.DIGEST, is_parent=True)


def _first(found: Sequence[Alert]) -> Sequence[Alert]:
    return sorted(found, key=lambda one: (one.standing, one.opened_at))[:LISTED]


def _line(alert: Alert) -> EvidenceLine:
    until = words(when(alert.mute.until, " until ")) if alert.mute and alert.mute.until else ""
    seen = f", seen {alert.count} times" if alert.count > 1 else ""
    what = alert.condition.headline or alert.condition.title
    text = words(alert.standing.value, until, f"{seen}: ", what)
    named = alert.detector.replace("_", " ")
    return EvidenceLine(f"#{alert.number} {named}", alert.opened_at, text)


def last_due(now: datetime, at: time, zone: tzinfo, *, weekday: int | None = None) -> datetime:
    """Return the newest such moment that is not after `now`, in UTC: of a day, or of a weekday."""
    day = now.astimezone(zone).date()
    every = DAY if weekday is None else WEEK
    if weekday is not None:
        day -= DAY * ((day.weekday() - weekday) % 7)
    due = datetime.combine(day, at, zone).astimezone(UTC)
    return due if due <= now else datetime.combine(day - every, at, zone).astimezone(UTC)
