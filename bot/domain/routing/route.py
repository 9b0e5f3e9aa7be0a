"""Where alerts go and whom they wake: the first route that matches an alert decides; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.report import Severity

if TYPE_CHECKING:
    from bot.domain.alert import Alert
    from bot.domain.routing.message import AlertMessage

_ORDER = (Severity.INFO, Severity.WARN, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Route:
    """What happens to the alerts that `match` means, a pattern as of `/alerts mute`.

    `channel` is where they are posted, empty for the alert channel. `mention` is written when one
    of at least `min_severity` opens or worsens; `escalate_to` once, when it was not
    acknowledged for `escalate_after`. `runbook` is an https address.
    """

    match: str = "all"
    channel: str = ""
    mention: str = ""
    min_severity: Severity = Severity.ERROR
    runbook: str = ""
    escalate_after: timedelta | None = None
    escalate_to: str = ""

    def wakes(self, alert: Alert) -> bool:
        """Say whether an alert is bad enough to wake somebody, and still goes on."""
        from bot.domain.alert import AlertState

        bad = _ORDER.index(alert.severity) >= _ORDER.index(self.min_severity)
        return bad and alert.state is AlertState.FIRING


NO_ROUTE = Route()


def route_of(alert: Alert, routes: Sequence[Route]) -> Route:
    """Return the first route that matches an alert, else one that changes nothing."""
    from bot.domain.mute import Mute

    return next((one for one in routes if Mute(one.match).matches(alert.key)), NO_ROUTE)


def is_worse(before: Alert, after: Alert) -> bool:
    """Say whether an alert that fires became more severe."""
    return _ORDER.index(after.severity) > _ORDER.index(before.severity)


def due_escalation(alert: Alert, routes: Sequence[Route], now: datetime) -> bool:
    """Say whether an alert was not acknowledged for as long as its route waits."""
    route = route_of(alert, routes)
    after = route.escalate_after
    waits = alert.acknowledged_by or alert.mute is not None or alert.fold or alert.escalated_at
    if after is None or waits or not route.wakes(alert):
        return False
    return now - alert.opened_at >= after


@dataclass(frozen=True, slots=True)
class Waking:
    """Whom one message wakes: a mention to be written, or the channel beside the thread."""

    mention: str = ""
    broadcast: bool = False


def waking(message: AlertMessage, route: Route, *, is_edit: bool = False) -> Waking:
    """Return whom a message wakes: on opening, worsening and escalation, and never else."""
    from bot.domain.alert import Reason

    if is_edit or not route.wakes(message.alert):
        return Waking()
    if message.reason is Reason.ESCALATE:
        return Waking(route.escalate_to, broadcast=not route.escalate_to)
    if message.reason is Reason.UPDATE and message.is_worse:
        return Waking(route.mention, broadcast=not route.mention)
    if message.reason is Reason.OPEN:
        return Waking(route.mention)
    return Waking()


ROUTE_KEYS = (
    *("match", "channel", "mention", "min_severity", "runbook", "escalate_after", "escalate_to"),
)
_MINUTES = re.compile(r"(\d{1,4})(m|min|h)")


def routes_from(rows: Any) -> tuple[Route, ...]:
    """Return the routes of a decoded ALERT_ROUTES, a list of objects. Raises ValueError."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError('ALERT_ROUTES is a JSON list such as [{"match":"all","mention":"@here"}]')
    return tuple(_route(row) for row in rows)


def _route(row: Mapping[str, Any]) -> Route:
    if unknown := set(row) - set(ROUTE_KEYS):
        raise ValueError(f"a route has no {', '.join(sorted(map(str, unknown)))}")
    words = {key: str(row.get(key) or "") for key in ROUTE_KEYS}
    severities = [one.value for one in Severity]
    if words["min_severity"] and words["min_severity"] not in severities:
        raise ValueError(f"min_severity is one of {', '.join(severities)}")
    if words["runbook"] and not words["runbook"].startswith("https://"):
        raise ValueError("a runbook is an https:// address")
    return Route(
        match=words["match"] or "all",
        channel=words["channel"],
        mention=words["mention"],
        min_severity=Severity(words["min_severity"] or "error"),
        runbook=words["runbook"],
        escalate_after=_after(words["escalate_after"]),
        escalate_to=words["escalate_to"],
    )


def _after(text: str) -> timedelta | None:
    if not text:
        return None
    found = _MINUTES.fullmatch(text)
    if found is None:
        raise ValueError("escalate_after is a time such as 15m or 1h")
    return timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(minutes=int(found[1]))
