"""An alert that opens is told with what changed within half an hour before it began."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts.policy.coincidence import wanted_since, with_changes
from bot.domain.alert import Decision, Reason
from bot.domain.changes.change import SHORTLY, Change, ChangeKind
from tests.support.example_alert import ALERT

SINCE = ALERT.condition.since


def change(minutes: float, subject: str = "llm_provider_service") -> Change:
    moment = SINCE - timedelta(minutes=minutes)
    return Change(moment, ChangeKind.RESTARTED, subject, source="containers")


def changed(*changes: Change, reason: Reason = Reason.OPEN) -> tuple[Change, ...]:
    ((_, decision),) = with_changes([(None, Decision(reason, ALERT))], changes)
    return decision.alert.changed


@pytest.mark.parametrize(
    ("minutes", "is_told"),
    [(31, False), (30, True), (1, True), (0, True), (-0.5, True), (-2, False)],
)
def test_only_what_lies_shortly_before_is_told(minutes: float, is_told: bool) -> None:
    assert bool(changed(change(minutes))) is is_told


def test_the_newest_comes_first_and_what_the_alert_itself_is_about_is_left_out() -> None:
    near, far = change(2), change(20)
    assert changed(far, near) == (near, far)
    about_itself = replace(ALERT, subject="llm_provider_service")
    ((_, decision),) = with_changes([(None, Decision(Reason.OPEN, about_itself))], [near])
    assert decision.alert.changed == ()


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.OPEN])
def test_only_an_opening_is_told_with_changes(reason: Reason) -> None:
    assert changed(change(1), reason=reason) == ALERT.changed
    assert wanted_since([(None, Decision(reason, ALERT))]) is None


def test_changes_are_looked_for_as_far_back_as_the_oldest_alert_needs() -> None:
    opened = [(None, Decision(Reason.OPEN, ALERT))]
    assert wanted_since(opened) == SINCE - SHORTLY
