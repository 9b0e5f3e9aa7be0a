"""Routes: the first that matches decides, and a mention is written only when somebody must look."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.alert import Alert, AlertState, Reason
from bot.domain.mute import Mute
from bot.domain.report import Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.routing.route import Route, Waking, due_escalation, route_of, routes_from, waking
from bot.errors import SettingsError
from bot.settings import BotSettings, load_settings
from tests.support.fakes.alerts import START, condition

ALERT = Alert("stuck_queue/np/llm", "stuck_queue", "np", "llm", AlertState.FIRING, Severity.ERROR,
              condition("llm"), START, START, START)  # fmt: skip
ROUTE = Route("stuck_queue", mention="<!here>", escalate_after=timedelta(minutes=15),
              escalate_to="<@U1>")  # fmt: skip
LATE = START + timedelta(minutes=15)


def test_the_first_route_that_matches_decides() -> None:
    first, last = Route("lost*"), Route("all", channel="C2")
    assert route_of(ALERT, (first, ROUTE, last)) is ROUTE
    assert route_of(ALERT, (first, last)) is last
    assert route_of(ALERT, (first,)) == Route()


@pytest.mark.parametrize(
    ("reason", "more", "woken"),
    [
        (Reason.OPEN, {}, Waking("<!here>")),
        (Reason.UPDATE, {"is_worse": True}, Waking("<!here>")),
        (Reason.ESCALATE, {}, Waking("<@U1>")),
        (Reason.UPDATE, {}, Waking()),
        (Reason.REPEAT, {}, Waking()),
        (Reason.RESOLVE, {}, Waking()),
        (Reason.ACKNOWLEDGE, {}, Waking()),
        (Reason.DIGEST, {}, Waking()),
    ],
)
def test_a_mention_is_written_on_opening_worsening_and_escalation_alone(
    reason: Reason, more: dict[str, Any], woken: Waking
) -> None:
    message = AlertMessage(ALERT, reason, is_parent=True, **more)
    assert waking(message, ROUTE) == woken
    assert waking(message, ROUTE, is_edit=True) == Waking()
    mild = replace(message, alert=replace(ALERT, severity=Severity.WARN))
    assert waking(mild, ROUTE) == Waking()
    over = replace(message, alert=replace(ALERT, state=AlertState.RESOLVED))
    assert waking(over, ROUTE) == Waking()


def test_without_a_mention_what_is_worse_or_waits_is_shown_in_the_channel_too() -> None:
    bare = replace(ROUTE, mention="", escalate_to="")
    worse = AlertMessage(ALERT, Reason.UPDATE, is_parent=False, is_worse=True)
    assert waking(worse, bare) == Waking(broadcast=True)
    assert waking(replace(worse, reason=Reason.ESCALATE), bare) == Waking(broadcast=True)
    assert waking(replace(worse, reason=Reason.OPEN), bare) == Waking()


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, True),
        ({"acknowledged_by": "U1"}, False),
        ({"mute": Mute("all")}, False),
        ({"fold": "storm/np/stuck_queue"}, False),
        ({"escalated_at": START}, False),
        ({"severity": Severity.WARN}, False),
        ({"state": AlertState.RESOLVED}, False),
    ],
)
def test_an_alert_is_escalated_once_when_nobody_acknowledged_it(
    more: dict[str, Any], due: bool
) -> None:
    alert = replace(ALERT, **more)
    assert due_escalation(alert, (ROUTE,), LATE) is due
    assert not due_escalation(alert, (ROUTE,), LATE - timedelta(seconds=1))
    assert not due_escalation(alert, (), LATE)


def test_routes_are_read_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"match": "stuck_queue", "mention": "@here", "min_severity": "warn",
             "runbook": "https://wiki.example/q", "escalate_after": "15m", "channel": "#q",
             "escalate_to": "@llm-oncall"}, {}]  # fmt: skip
    monkeypatch.setenv("ALERT_ROUTES", json.dumps(rows))
    first, every = BotSettings().alert_routes
    assert (first.escalate_after, first.min_severity) == (timedelta(minutes=15), Severity.WARN)
    assert every == Route("all")
    assert routes_from([]) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "JSON"),
        ('{"match":"all"}', "JSON list"),
        ('[{"mach":"all"}]', "no mach"),
        ('[{"min_severity":"bad"}]', "one of info, warn, error"),
        ('[{"runbook":"javascript:x"}]', "https"),
        ('[{"escalate_after":"soon"}]', "15m"),
    ],
)
def test_a_route_that_is_wrong_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.setenv("ALERT_ROUTES", text)
    with pytest.raises(SettingsError, match="ALERT_ROUTES") as caught:
        load_settings()
    assert told in caught.value.message
