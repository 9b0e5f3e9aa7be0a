"""Once a morning, one message on what the night brought; nothing when it brought nothing.

Pure: when it is due is decided from the moment of the one before, which the tick keeps.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.alerts.policy.digest import LISTED, digest_message, last_due
from bot.alerts.policy.inhibition import Decided
from bot.domain.alert import Alert, AlertState, Condition, Standing
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Text, when, words

MORNING = "morning"
NIGHT = timedelta(hours=12)
# The detector whose alerts are the batches that ended without a result.
BATCHES = "batch_failed"


@dataclass(frozen=True, slots=True)
class Morning:
    """The time of day at which the night is reported, and the zone in which it is meant."""

    at: time
    zone: tzinfo = UTC

    def before(self, now: datetime) -> datetime:
        """Return the newest such moment that is not after `now`, in UTC."""
        return last_due(now, self.at, self.zone)


@dataclass(frozen=True, slots=True)
class Night:
    """What a night brought: each list holds alerts, and one alert may stand in several."""

    failed: tuple[Alert, ...] = ()
    opened: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()
    still_open: tuple[Alert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.failed or self.opened or self.resolved or self.still_open)


def morning_digest(
    alerts: Sequence[Alert],
    decisions: Sequence[Decided],
    told: datetime | None,
    now: datetime,
    morning: Morning | None,
    environment: str = "",
) -> tuple[AlertMessage | None, datetime | None]:
    """Return the message when it is due, and the moment up to which mornings are reported.

    A bot that learns of its first morning begins with the next one; one that was away at that
    time tells it when it is back.
    """
    if morning is None:
        return None, None
    moment = morning.before(now)
    if told is None or moment <= told:
        return None, told or moment
    known = {one.key: one for one in (*alerts, *(decided.alert for _, decided in decisions))}
    since = moment - NIGHT
    night = _night(known.values(), since)
    return (_message(night, since, now, environment) if night else None), moment


def _night(alerts: Iterable[Alert], since: datetime) -> Night:
    """Sort alerts into what a night brought; one that another speaks for is not said twice."""
    every = sorted(alerts, key=lambda one: (one.opened_at, one.number))
    told = [one for one in every if not one.fold]
    return Night(
        failed=tuple(
            one for one in every if one.detector == BATCHES and one.condition.since >= since
        ),
        opened=tuple(one for one in told if any(at >= since for at in one.opens)),
        resolved=tuple(one for one in told if _has_resolved(one, since)),
        still_open=tuple(one for one in told if one.state is AlertState.FIRING),
    )


def _has_resolved(alert: Alert, since: datetime) -> bool:
    """Say whether it ended since; what a silence kept from being posted did not open."""
    ended = alert.resolved_at
    if alert.state is not AlertState.RESOLVED or ended is None or ended < since:
        return False
    return alert.opened_at in alert.opens


def _message(night: Night, since: datetime, now: datetime, environment: str) -> AlertMessage:
    told = [
        f"{len(found)} {what}"
        for found, what in (
            (night.failed, "batch failed" if len(night.failed) == 1 else "batches failed"),
            (night.opened, "opened"),
            (night.resolved, "resolved"),
            (night.still_open, "still open"),
        )
        if found
    ]
    lines = tuple(_lines(night))
    severity = Severity.WARN if night.failed or night.still_open else Severity.INFO
    condition = Condition(
        subject=MORNING,
        rule=MORNING,
        severity=severity,
        confidence=Confidence.HIGH,
        title=words("While you slept", when(since, ", since "), f": {', '.join(told)}"),
        since=since,
        headline=f"While you slept: {', '.join(told)}",
        lasts=False,
        evidence=lines[:LISTED],
        why=f"The first {LISTED} of {len(lines)} are listed." if len(lines) > LISTED else "",
    )
    return digest_message(condition, now, environment)


def _lines(night: Night) -> Iterator[EvidenceLine]:
    """Yield a line for each alert: failed batches, then what is open, then what is over."""
    for one in night.failed:
        yield EvidenceLine("Failed", one.condition.since, _what(one))
    for one in night.still_open:
        if one not in night.failed:
            how = "" if one.standing is Standing.FIRING else f", {one.standing.value}"
            yield EvidenceLine(f"Still open{how} {_number(one)}".strip(), one.opened_at, _what(one))
    for one in night.resolved:
        if one not in night.failed:
            said = f"Resolved {_number(one)}".strip()
            yield EvidenceLine(said, one.resolved_at, words("it was: ", _what(one)))


def _number(alert: Alert) -> str:
    return f"#{alert.number}" if alert.number else ""


def _what(alert: Alert) -> Text:
    return alert.condition.headline or alert.condition.title
