"""Silence is never mistaken for health: once a day one message lists what is open and quiet."""

from dataclasses import replace
from datetime import timedelta

from bot.alerts.policy.digest import DigestState, digest
from bot.alerts.policy.inhibition import Decided
from bot.domain.alert import Alert, AlertState, Decision, Reason
from bot.domain.mute import Mute, MuteKind
from bot.slack.blocks.alert import render
from bot.slack.blocks.limits import violations
from tests.support.fakes.alerts import START, condition

DAY = timedelta(days=1)


def quiet_alert(number: int, **changes: object) -> Alert:
    """Return a firing alert."""
    found = condition(str(number))
    made = Alert(f"lost_callbacks/np/{number}", "lost_callbacks", "np", str(number),
                 AlertState.FIRING, found.severity, found, START, START, START,
                 number=number)  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def lasting(*alerts: Alert) -> list[Decided]:
    """Return the decisions of a tick in which nothing changes."""
    return [(alert, Decision(Reason.QUIET, alert)) for alert in alerts]


SNOOZED = quiet_alert(1, mute=Mute("x", START + 9 * DAY, kind=MuteKind.SNOOZE))
MUTED = quiet_alert(2, mute=Mute("x"))
SEEN = quiet_alert(3, acknowledged_by="U1")
LOUD = quiet_alert(4)


def test_a_digest_comes_once_an_interval_and_says_what_is_quiet() -> None:
    quiet, said = DigestState(), []
    for hour in range(73):
        now = START + timedelta(hours=hour)
        message, quiet = digest(lasting(SNOOZED, MUTED, SEEN, LOUD), quiet, now, DAY, "np")
        said += [(hour, message)] if message else []
    assert [hour for hour, _ in said] == [24, 48, 72]
    title = said[0][1].alert.condition.title
    assert "1 snoozed, 1 muted, 1 acknowledged, 1 unattended" in title
    assert len(said[0][1].alert.condition.evidence) == 4


def test_what_is_told_anyway_is_in_no_digest() -> None:
    assert digest(lasting(LOUD), DigestState(), START, DAY) == (None, DigestState())


def test_what_came_and_went_unsaid_is_counted() -> None:
    pending = replace(MUTED, state=AlertState.PENDING)
    gone = replace(pending, state=AlertState.RESOLVED)
    decided: list[Decided] = [(pending, Decision(Reason.QUIET, gone))]
    message, quiet = digest(decided, DigestState(), START, DAY)
    assert (message, quiet) == (None, DigestState(START, 1))
    message, quiet = digest([], quiet, START + DAY, DAY)
    assert message is not None
    assert "1 came and went while muted" in message.alert.condition.title
    assert quiet == DigestState()


def test_what_it_leaves_is_read_again_after_a_restart() -> None:
    for quiet in (DigestState(), DigestState(START, 3)):
        assert DigestState.from_json(quiet.to_json()) == quiet


def test_a_hundred_quiet_alerts_fit_one_message_that_pings_nobody() -> None:
    many = [quiet_alert(n, mute=Mute("x", by="U1")) for n in range(100)]
    message, _ = digest(lasting(*many), DigestState(START), START + DAY, DAY)
    assert message is not None
    shown = render(message)
    assert violations(shown["blocks"], shown["text"]) == []
    assert "U1" not in str(shown)
