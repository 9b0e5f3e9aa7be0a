"""A cause hides what follows from it, says how many, and never hides itself for good."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.policy.inhibition import Decided, inhibited
from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.policy.round import DetectorResult, decide_round
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE, judge_sources
from bot.domain.alert import Alert, AlertState, Judgement, Reason, Sample, Sight, Window
from bot.domain.mute import Mute, MuteKind
from tests.support.fakes.alerts import START, clear, condition


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


def test_an_acknowledgement_of_a_symptom_that_waits_holds_when_it_outlives_its_cause() -> None:
    cause, waiting = opening("stuck_queue", "q"), opening("batch_idle", "34")
    settings, found = PolicySettings("batch_idle", "np"), condition("34")
    alert = inhibited([cause, waiting], [])[1][1].alert
    alert = replace(alert, acknowledged_by="U1", acknowledged_at=START + timedelta(seconds=5))
    for number in range(1, 4):
        now = START + number * timedelta(seconds=15)
        decision = decide(alert, found, clear(found), now, settings)
        causes = [cause] if number < 3 else []
        decision = inhibited([(alert, decision), *causes], [])[0][1]
        alert = decision.alert
    assert (decision.reason, alert.acknowledged_by) == (Reason.OPEN, "U1")


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


MUTED = Mute("container_gone", START + timedelta(minutes=1), kind=MuteKind.MAINTENANCE)


def muted_story(causes: str, mute: Mute, open_ticks: int = 1) -> list[tuple[int, str, str]]:
    """Play ticks (B bad, G good, U unreadable) of a cause whose symptom lasts; return what of
    either is told, by tick."""
    alerts: dict[str, Alert] = {}
    told: list[tuple[int, str, str]] = []
    for number, tick in enumerate(causes):
        now = START + number * timedelta(seconds=15)
        sight = Sight.UNREADABLE if tick == "U" else Sight.CLEAR
        sample = Sample(now, {})
        gone = (condition("llm_provider_service"),) if tick == "B" else ()
        looks = {
            name: DetectorResult(sample, Window((sample,), now), judgement)
            for name, judgement in (
                ("container_gone", Judgement(sight, gone)),
                ("stuck_queue", clear(condition("x"))),
            )
        }
        settings = lambda name: PolicySettings(  # noqa: E731
            name, "np", open_ticks=open_ticks if name == "container_gone" else 1
        )
        for _, decision in decide_round(looks, list(alerts.values()), now, settings, (mute,)):
            alerts[decision.alert.key] = decision.alert
            if decision.reason in (Reason.OPEN, Reason.REPEAT, Reason.RESOLVE):
                told.append((number, decision.alert.detector, decision.reason.value))
    return told


@pytest.mark.parametrize(
    ("causes", "told"),
    [
        ("BBBB", []),
        ("BBBBBB", [(4, "container_gone", "open")]),
        ("BUUB", []),
        ("BBGB", [(2, "stuck_queue", "open")]),
        ("GBBB", [(0, "stuck_queue", "open")]),
        ("BBBUU", [(4, "stuck_queue", "open")]),
    ],
    ids=["quiet", "until-the-end", "also-blind", "ends-within", "before", "ends-blind"],
)
def test_what_announced_work_breaks_stays_quiet_as_long_as_the_work_is_what_breaks_it(
    causes: str, told: list[tuple[int, str, str]]
) -> None:
    assert muted_story(causes, MUTED) == told


def test_a_silenced_cause_hides_nothing_before_it_would_have_opened() -> None:
    assert muted_story("BBBB", MUTED, open_ticks=3) == [(0, "stuck_queue", "open")]


def test_a_silence_that_ends_while_the_cause_lasts_is_told_of_when_the_cause_ends() -> None:
    _, opened = opening("batch_idle", "34")
    found, settings = condition("34"), PolicySettings("batch_idle", "np")
    mute = Mute("batch_idle", START + timedelta(minutes=1))
    alert, cause = opened.alert, opening("stuck_queue", "q")
    reasons = []
    for minute in range(4):
        now = START + timedelta(minutes=minute)
        decision = decide(alert, found, clear(found), now, settings, (mute,))
        causes = [cause] if minute < 3 else []
        decision = inhibited([(alert, decision), *causes], [])[0][1]
        alert = decision.alert
        reasons.append(decision.reason)
    assert reasons == [Reason.QUIET, Reason.QUIET, Reason.QUIET, Reason.REPEAT]


def test_a_cause_that_hides_nothing_any_more_says_so() -> None:
    hiding = replace(opening("stuck_queue", "q")[1].alert, hides=3)
    found = condition("q")
    still = decide(hiding, found, clear(found), START, PolicySettings("stuck_queue", "np"))
    ((_, decision),) = inhibited([(hiding, still)], [hiding])
    assert decision.alert.hides == 0


def looks(**unreadable: str) -> dict[str, DetectorResult]:
    """Return the looks of detectors of which each lacks a source (or none)."""
    found = {}
    for name, words in unreadable.items():
        sample = Sample(START, {}, words)
        sight = Sight.UNREADABLE if words else Sight.CLEAR
        own = (condition("source", rule="source-unreadable"),) if words else ()
        judgement = Judgement(sight, (*own, condition("x")))
        found[name] = DetectorResult(sample, Window((sample,), START), judgement)
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
    first = judge_sources(samples, []).conditions[0]
    _, opened = opening(UNREADABLE_SOURCE, "redis")
    known = replace(opened.alert, condition=first)
    later = {"one": [replace(samples["one"][0], at=START.replace(hour=23, minute=59))]}
    assert judge_sources(later, [known]).conditions[0].title == first.title


def test_a_source_is_not_readable_again_because_its_reader_broke() -> None:
    _, opened = opening(UNREADABLE_SOURCE, "redis")
    judgement = judge_sources({}, [opened.alert], certain=False)
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
            name: DetectorResult(
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


def warned(detector: str, subject: str, batch: str = "") -> Alert:
    """Return a warning that fires."""
    found = condition(subject, batch=batch)
    return decide(None, found, clear(found), START, PolicySettings(detector, "np")).alert


def a_minute_later(
    warning: Alert, fault: str, subject: str, batch: str = ""
) -> tuple[Decided, Decided]:
    """Return what becomes of a warning that lasts, and of the fault that opens beside it."""
    later, found = START + timedelta(minutes=1), condition(subject, batch=batch)
    opened = decide(None, found, clear(found), later, PolicySettings(fault, "np"))
    lasts = warning.condition
    goes_on = decide(warning, lasts, clear(lasts), later, PolicySettings(warning.detector, "np"))
    first, second = inhibited([(warning, goes_on), (None, opened)], [warning])
    return first, second


@pytest.mark.parametrize(
    ("warning", "fault", "is_covered"),
    [
        (("retries_rising", "llm_provider"), ("provider_errors", "llm_provider"), True),
        (("outbox_growing", "completed.v1"), ("outbox_unpublished", "completed.v1"), True),
        (("outbox_growing", "completed.v1"), ("outbox_unpublished", "failed.v1"), False),
        (("queue_expiring", "llm_queue"), ("stuck_queue", "llm_provider"), True),
        (("batch_slowing", "batch 34", "34"), ("lost_callbacks", "batch 34", "34"), True),
        (("batch_slowing", "batch 34", "34"), ("lost_callbacks", "batch 33", "33"), False),
        (("budget_unreachable", "batch 34", "34"), ("batch_failed", "batch 34", "34"), True),
        (("budget_unreachable", "batch 34", "34"), ("provider_errors", "llm_provider"), False),
    ],
)
def test_a_warning_ends_by_the_alert_on_what_it_warned_of_and_is_not_doubled(
    warning: tuple[str, ...], fault: tuple[str, ...], is_covered: bool
) -> None:
    (_, over), (_, opened) = a_minute_later(warned(*warning), *fault)
    assert opened.reason is Reason.OPEN
    assert (over.reason is Reason.RESOLVE) is is_covered
    if not is_covered:
        return
    assert over.alert.covered_by == opened.alert.key
    assert over.alert.resolved_at == START + timedelta(minutes=1)
    # It is still true, and waits behind its fault.
    found = over.alert.condition
    again = decide(
        over.alert, found, clear(found), START, PolicySettings(over.alert.detector, "np")
    )  # fmt: skip
    (_, waits), _ = inhibited([(over.alert, again), (None, opened)], [])
    assert (waits.reason, waits.alert.covered_by) == (Reason.PENDING, "")


@pytest.mark.parametrize(
    ("warned_of", "alerted", "hidden"),
    [
        (("overloaded",), ("rate_limit",), False),
        (("overloaded",), ("rate_limit", "overloaded"), True),
        (("overloaded",), (), True),
        ((), ("rate_limit",), True),
    ],
)
def test_a_warning_does_not_wait_behind_the_alert_on_another_cause(
    warned_of: tuple[str, ...], alerted: tuple[str, ...], hidden: bool
) -> None:
    found = []
    for detector, reasons in (("retries_rising", warned_of), ("provider_errors", alerted)):
        one = condition("llm_provider", reasons=reasons)
        settings = PolicySettings(detector, "np")
        found.append((None, decide(None, one, clear(one), START, settings)))
    (_, warning), _ = inhibited(found, [])
    assert (warning.reason is Reason.PENDING) is hidden
