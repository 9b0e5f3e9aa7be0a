"""A cause hides what follows from it, says how many, and never hides itself for good."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.blindness import UNREADABLE_SOURCE, source_judgement
from bot.alerts.inhibition import Decided, inhibited
from bot.alerts.policy import PolicySettings, decide
from bot.alerts.rounds import Look, decide_round
from bot.domain.alert import Alert, AlertState, Judgement, Reason, Sample, Sight, Window
from tests.fakes_alerts import START, clear, condition


def opening(detector: str, subject: str) -> Decided:
    """Return the decision that opens an alert."""
    found = condition(subject)
    return None, decide(None, found, clear(found), START, PolicySettings(detector, "np"))


@pytest.mark.parametrize(
    ("cause", "symptom", "hidden"),
    [
        (("container_gone", "llm_provider_service"), "stuck_queue", True),
        (("container_gone", "llm_provider_service"), "rejected_callbacks", False),
        (("container_gone", "cj_assessment_service"), "stuck_queue", False),
        (("consumer_silent", "cj"), "lost_callbacks", True),
        (("stuck_queue", "llm_provider"), "batch_idle", True),
        (("database_errors", "34"), "stuck_queue", False),
    ],
)
def test_a_symptom_waits_while_its_cause_fires(
    cause: tuple[str, str], symptom: str, hidden: bool
) -> None:
    decided = inhibited([opening(symptom, "x"), opening(*cause)], [])
    reasons = {one.alert.detector: one for _, one in decided}
    assert (reasons[symptom].reason is Reason.PENDING) is hidden
    assert reasons[cause[0]].reason is Reason.OPEN
    assert reasons[cause[0]].alert.hides == int(hidden)


def test_a_symptom_appears_when_it_outlives_its_cause() -> None:
    cause, symptom = opening("stuck_queue", "q"), opening("batch_idle", "34")
    _, (_, waiting) = inhibited([cause, symptom], [])
    settings = PolicySettings("batch_idle", "np")
    found = condition("34")
    after = decide(waiting.alert, found, clear(found), START, settings)
    assert inhibited([(waiting.alert, after)], [])[0][1].reason is Reason.OPEN


def test_a_symptom_that_fired_before_its_cause_is_not_repeated_meanwhile() -> None:
    _, opened = opening("batch_idle", "34")
    found, later = condition("34"), START + timedelta(hours=2)
    settings = PolicySettings("batch_idle", "np")
    repeat = decide(opened.alert, found, clear(found), later, settings)
    assert repeat.reason is Reason.REPEAT
    (_, quiet), _ = inhibited([(opened.alert, repeat), opening("stuck_queue", "q")], [])
    assert quiet.reason is Reason.QUIET
    after = decide(quiet.alert, found, clear(found), later, settings)
    assert after.reason is Reason.REPEAT


def test_a_cause_that_hides_nothing_any_more_says_so() -> None:
    hiding = replace(opening("stuck_queue", "q")[1].alert, hides=3)
    found = condition("q")
    still = decide(hiding, found, clear(found), START, PolicySettings("stuck_queue", "np"))
    ((_, decision),) = inhibited([(hiding, still)], [hiding])
    assert decision.alert.hides == 0


def looks(**unreadable: str) -> dict[str, Look]:
    """Return the looks of detectors of which each lacks a source (or none)."""
    found = {}
    for name, words in unreadable.items():
        sample = Sample(START, {}, words)
        sight = Sight.UNREADABLE if words else Sight.CLEAR
        own = (condition("source", rule="source-unreadable"),) if words else ()
        judgement = Judgement(sight, (*own, condition("x")))
        found[name] = Look(sample, Window((sample,), START), judgement)
    return found


def play(alerts: list[Alert], **unreadable: str) -> tuple[list[Alert], dict[str, Reason]]:
    """Decide on one round."""
    settings = lambda name: PolicySettings(name, "np", open_ticks=1, clear_ticks=2)  # noqa: E731
    decided = decide_round(looks(**unreadable), alerts, START, settings)
    known = {alert.key: alert for alert in alerts}
    known |= {decision.alert.key: decision.alert for _, decision in decided}
    return list(known.values()), {d.alert.key: d.reason for _, d in decided}


def test_one_unreadable_source_is_one_alert_that_names_who_is_blind_and_hides_what_they_open() -> (
    None
):
    alerts, reasons = play([], one="cj_database: refused", two="cj_database: refused", three="")
    assert reasons == {
        "one/np/x": Reason.PENDING,
        "two/np/x": Reason.PENDING,
        "three/np/x": Reason.OPEN,
        f"{UNREADABLE_SOURCE}/np/cj_database": Reason.OPEN,
    }
    source = next(alert for alert in alerts if alert.detector == UNREADABLE_SOURCE)
    assert source.hides == 2
    assert "one, two" in source.condition.why
    assert "refused" in source.condition.evidence[0].text
    alerts, reasons = play(alerts, one="", two="", three="")
    assert (reasons["one/np/x"], reasons[source.key]) == (Reason.OPEN, Reason.QUIET)
    _, reasons = play(alerts, one="", two="", three="")
    assert reasons[source.key] is Reason.RESOLVE


def test_since_when_a_source_is_gone_does_not_move_with_the_window() -> None:
    samples = {"one": [Sample(START, {}, "redis: refused")]}
    first = source_judgement(samples, []).conditions[0]
    _, opened = opening(UNREADABLE_SOURCE, "redis")
    known = replace(opened.alert, condition=first)
    later = {"one": [replace(samples["one"][0], at=START.replace(hour=23, minute=59))]}
    assert source_judgement(later, [known]).conditions[0].title == first.title


def test_a_source_is_not_readable_again_because_its_reader_broke() -> None:
    _, opened = opening(UNREADABLE_SOURCE, "redis")
    judgement = source_judgement({}, [opened.alert], certain=False)
    settings = PolicySettings(UNREADABLE_SOURCE, "np")
    assert decide(opened.alert, None, judgement, START, settings).reason is Reason.NO_DATA


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30))
def test_over_any_history_of_causes_and_blindness_each_opening_has_its_end(
    ticks: list[tuple[bool, bool, bool]],
) -> None:
    alerts: dict[str, Alert] = {}
    told: dict[str, list[Reason]] = {}
    for number, (cause, symptom, blind) in enumerate([*ticks, *[(False, False, False)] * 50]):
        now = START + number * timedelta(seconds=15)
        sample = Sample(now, {}, "redis: refused" if blind else "")
        sight = Sight.UNREADABLE if blind else Sight.CLEAR
        found = {"stuck_queue": cause, "batch_idle": symptom}
        looks = {
            name: Look(
                sample,
                Window((sample,), now),
                Judgement(sight, (condition("x"),) if bad else ()),
            )
            for name, bad in found.items()
        }
        settings = lambda name: PolicySettings(name, "np", open_ticks=2)  # noqa: E731
        for _, decision in decide_round(looks, list(alerts.values()), now, settings):
            alerts[decision.alert.key] = decision.alert
            if decision.reason in (Reason.OPEN, Reason.RESOLVE):
                told.setdefault(decision.alert.key, []).append(decision.reason)
    for reasons in told.values():
        assert reasons == [Reason.OPEN, Reason.RESOLVE] * (len(reasons) // 2)
    assert all(alert.state is AlertState.RESOLVED for alert in alerts.values())
