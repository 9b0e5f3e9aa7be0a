"""The policy as tables of ticks: what each tick of a story says."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.policy.lifecycle import PolicySettings, decide, decide_all, is_flapping
from bot.domain.alert import Alert, AlertState, Condition, Judgement, Reason, Sight
from bot.domain.mute import Mute
from bot.domain.report import Severity
from bot.domain.words import Time, Words, when, words
from tests.support.fakes.alerts import START, clear, condition

TICK = timedelta(seconds=15)
KEY = "stuck_queue/test/llm_provider"
SETTINGS = PolicySettings("stuck_queue", "test")
PATIENT = replace(SETTINGS, open_ticks=2, clear_ticks=3)
WORSE = {"known": "item 3f2a, 2 more"}


def story(ticks: str, settings: PolicySettings = SETTINGS, mutes: tuple[Mute, ...] = ()) -> str:
    """Play ticks (B bad, W worse, G good, U unreadable, H held) and return the reasons' letters."""
    alert: Alert | None = None
    said = ""
    for number, tick in enumerate(ticks):
        found = {"B": condition(), "W": condition(**WORSE)}.get(tick)
        sight = Sight.UNREADABLE if tick == "U" else Sight.CLEAR
        held = {"llm_provider": "a bundle runs"} if tick == "H" else {}
        judgement = Judgement(sight, (found,) if found else (), held=held)
        if alert is None and found is None:
            said += "-"
            continue
        decision = decide(alert, found, judgement, START + number * TICK, settings, mutes)
        alert = decision.alert
        said += {"open": "O", "update": "U", "resolve": "R", "repeat": "r"}.get(
            decision.reason.value, {"pending": "p", "no_data": "n"}.get(decision.reason.value, ".")
        )
    return said


@pytest.mark.parametrize(
    ("ticks", "reasons", "settings"),
    [
        ("GBBBG", "-O..R", SETTINGS),
        ("BBWWBG", "O.U.UR", SETTINGS),
        ("BUUUBG", "Onnn.R", SETTINGS),
        ("BHHHG", "OnnnR", SETTINGS),
        ("BGBBGGBGGG", "p.pO...." + ".R", PATIENT),
        ("BG", "p.", PATIENT),
        ("BGBG", "OROR", SETTINGS),
    ],
    ids=["life", "news", "unreadable", "held", "hysteresis", "gone-unsaid", "again"],
)
def test_a_story_says_each_thing_once(ticks: str, reasons: str, settings: PolicySettings) -> None:
    assert story(ticks, settings) == reasons


def test_a_third_opening_within_the_hour_is_flapping_and_ends_only_after_a_long_quiet() -> None:
    settings = replace(SETTINGS, flap_clear_ticks=4)
    assert story("BGBGBGBGGGGG", settings) == "ORORO.....R."


def test_a_repeat_is_said_once_an_hour() -> None:
    said = story("B" * 482)
    assert said.count("r") == 2
    assert said[240] == "r"


def test_a_muted_alert_opens_when_the_mute_ends_and_is_never_lost() -> None:
    mute = Mute("stuck_queue", START + 3 * TICK)
    assert story("BBBBB", mutes=(mute,)) == "pppO."


def test_what_changed_while_muted_is_said_afterwards_and_a_resolve_at_once() -> None:
    opened = decide(None, condition(), clear(), START, SETTINGS).alert
    mutes = (Mute(KEY, START + 2 * TICK),)
    worse = condition(**WORSE)
    muted = decide(opened, worse, clear(worse), START + TICK, SETTINGS, mutes)
    assert muted.reason is Reason.QUIET
    after = decide(muted.alert, worse, clear(worse), START + 3 * TICK, SETTINGS, mutes)
    assert after.reason is Reason.UPDATE
    ended = decide(muted.alert, None, clear(), START + TICK, SETTINGS, mutes)
    assert ended.reason is Reason.RESOLVE


def test_an_acknowledged_alert_is_not_repeated_but_its_change_is_told() -> None:
    opened = decide(None, condition(), clear(), START, SETTINGS).alert
    seen = replace(opened, acknowledged_by="U1")
    later = START + timedelta(hours=2)
    assert decide(seen, condition(), clear(), later, SETTINGS).reason is Reason.QUIET
    worse = condition(**WORSE)
    assert decide(seen, worse, clear(), later, SETTINGS).reason is Reason.UPDATE


def _severities(*found: Condition | None) -> list[str]:
    """Return how severe one alert is said to be at each tick."""
    alert, said = None, []
    for number, one in enumerate(found):
        decision = decide(alert, one, clear(), START + number * TICK, SETTINGS)
        alert = decision.alert
        said.append(f"{decision.reason.value} {alert.severity.value}")
        assert alert.condition.severity is alert.severity
    return said


def test_an_alert_is_as_severe_as_it_ever_was_until_it_resolves() -> None:
    mild, bad = condition(severity=Severity.WARN), condition()
    assert _severities(mild, bad, mild, bad, mild) == [
        "open warn", "update error", "quiet error", "quiet error", "quiet error",
    ]  # fmt: skip
    assert _severities(bad, mild, None, mild) == [
        "open error", "quiet error", "resolve error", "open warn",
    ]  # fmt: skip
    # That it turned out to be something else is another matter.
    other = condition(severity=Severity.WARN, rule="leaked-item")
    assert _severities(bad, other) == ["open error", "update warn"]


def test_counts_add_up_what_each_tick_saw_anew() -> None:
    alert = decide(None, condition(count=3), clear(), START, SETTINGS).alert
    alert = decide(alert, condition(count=0), clear(), START + TICK, SETTINGS).alert
    alert = decide(alert, condition(count=2), clear(), START + 2 * TICK, SETTINGS).alert
    assert alert.count == 5


@pytest.mark.parametrize(("by", "reason"), [("", Reason.REPEAT), ("U1", Reason.QUIET)])
def test_when_a_silence_ends_what_still_fires_is_told_again_unless_somebody_looks_after_it(
    by: str, reason: Reason
) -> None:
    opened = decide(None, condition(), clear(), START, SETTINGS).alert
    mutes = (Mute(KEY, START + 2 * TICK),)
    muted = decide(opened, condition(), clear(), START + TICK, SETTINGS, mutes).alert
    muted = replace(muted, acknowledged_by=by)
    after = decide(muted, condition(), clear(), START + 3 * TICK, SETTINGS, mutes)
    assert (after.reason, after.alert.mute) == (reason, None)
    again = decide(after.alert, condition(), clear(), START + 4 * TICK, SETTINGS, mutes)
    assert again.reason is Reason.QUIET


@pytest.mark.parametrize("blind", ["U", "H", "G"])
def test_a_silence_that_ends_while_nothing_is_seen_is_told_of_by_the_next_tick_that_sees(
    blind: str,
) -> None:
    mute = Mute(KEY, START + 4 * TICK, since=START + TICK)
    patient = replace(SETTINGS, clear_ticks=9)
    assert story(f"BBB{blind * 3}BB", patient, (mute,))[-2:] == "r."


@pytest.mark.parametrize(
    ("changes", "since"),
    [
        ({}, "23:48:00"),
        ({"rule": "worker-hung"}, "23:58:00"),
        ({"known": "another item"}, "23:58:00"),
        ({"count": 2}, "23:58:00"),
    ],
)
def test_since_when_a_state_lasts_stays_although_the_window_slides(
    changes: dict[str, Any], since: str
) -> None:
    opened = decide(None, lasting(START), clear(), START, SETTINGS).alert
    later = START + 40 * TICK
    still = decide(opened, lasting(later, **changes), clear(), later, SETTINGS).alert
    assert still.condition.title == stuck(datetime.fromisoformat(f"{START:%Y-%m-%d} {since}Z"))


def lasting(since: datetime, **changes: Any) -> Condition:
    """Return a condition whose title says since when."""
    return condition(since=since, title=stuck(since), **changes)


def stuck(since: datetime) -> Words:
    """Return a title that says since when."""
    return words("stuck", Time(since, " since "))


@pytest.mark.parametrize("flapping", [False, True])
def test_an_acknowledgement_ends_with_its_incident_unless_it_comes_and_goes(
    flapping: bool,
) -> None:
    alert = decide(None, condition(), clear(), START, SETTINGS).alert
    alert = replace(alert, opens=(START, START, START) if flapping else alert.opens)
    alert = replace(alert, acknowledged_by="U1")
    alert = decide(alert, None, clear(), START + TICK, SETTINGS).alert
    again = decide(alert, condition(), clear(), START + 2 * TICK, SETTINGS).alert
    assert again.acknowledged_by == ("U1" if flapping else "")


MUTES = st.builds(
    Mute,
    st.sampled_from(["all", "stuck_queue", KEY, "*queue*", "other"]),
    st.none() | st.integers(0, 60).map(lambda ticks: START + ticks * TICK),
    since=st.none() | st.integers(0, 60).map(lambda ticks: START + ticks * TICK),
)


@given(st.text(alphabet="BWGUH", max_size=60), st.lists(MUTES, max_size=3), st.booleans())
def test_over_any_history_no_alert_opens_twice_and_no_resolve_is_swallowed(
    ticks: str, mutes: list[Mute], patient: bool
) -> None:
    said = story(ticks + "G" * 60, PATIENT if patient else SETTINGS, tuple(mutes))
    spoken = [letter for letter in said if letter in "OR"]
    assert spoken == ["O", "R"] * (len(spoken) // 2)


@given(st.text(alphabet="BWGUH", max_size=60))
def test_a_mute_that_ends_has_hidden_no_lasting_alert(ticks: str) -> None:
    mute = Mute("all", START + len(ticks) * TICK)
    assert "O" in story(ticks + "BB", PATIENT, (mute,))


def test_decide_all_resolves_what_is_no_longer_concluded_and_names_the_end() -> None:
    known = [decide(None, condition(name), clear(), START, SETTINGS).alert for name in ("a", "b")]
    judgement = clear(condition("b"), closing={"a": "item completed"})
    decided = decide_all(known, judgement, START + TICK, SETTINGS)
    assert {d.alert.subject: d.reason for d in decided} == {"a": Reason.RESOLVE, "b": Reason.QUIET}
    assert next(d.alert.closing for d in decided if d.alert.subject == "a") == "item completed"


@given(st.text(alphabet="BWGUH", max_size=60))
def test_any_story_opens_before_it_ends_and_never_ends_blind(ticks: str) -> None:
    said = story(ticks)
    spoken = [letter for letter in said if letter in "OR"]
    assert spoken == ["O" if number % 2 == 0 else "R" for number in range(len(spoken))]
    for tick, letter in zip(ticks, said, strict=True):
        if letter == "R":
            assert tick == "G"
        if tick in "UH":
            assert letter in "-n."


@given(st.text(alphabet="BG", max_size=80))
def test_any_story_ends_resolved_after_a_long_quiet(ticks: str) -> None:
    alert: Alert | None = None
    for number, tick in enumerate(ticks + "G" * 60):
        found = condition() if tick == "B" else None
        if alert is None and found is None:
            continue
        now = START + number * TICK
        alert = decide(alert, found, clear(), now, SETTINGS).alert
    assert alert is None or alert.state is AlertState.RESOLVED
    assert alert is None or not is_flapping(alert) or alert.flaps >= SETTINGS.flap_cycles


def test_a_later_episode_ends_the_alert_of_the_one_before_and_opens_its_own() -> None:
    settings = PolicySettings("provider_errors", "np", clear_ticks=2)
    first = condition(episode="0", known="529", count=1)
    alert = decide(None, first, clear(first), START, settings).alert
    alert = decide(alert, first, clear(first), START, settings).alert
    assert alert.state is AlertState.FIRING
    minute = timedelta(minutes=1)
    later = condition(episode="1", known="lost", since=START + minute, count=1)
    seen = clear(later, closing={"llm_provider": "no more came"})
    over = decide(alert, later, seen, START + minute, settings)
    assert (over.reason, over.alert.closing) == (Reason.RESOLVE, "no more came")
    again = decide(over.alert, later, seen, START + 2 * minute, settings)
    assert again.reason is Reason.OPEN
    assert again.alert.condition.since == START + minute
    assert again.alert.opens == (START + 2 * minute,)


def test_within_an_episode_since_does_not_move_on_though_more_comes() -> None:
    settings = PolicySettings("provider_errors", "np")
    first = condition(episode="0", count=1, title=words("fails", when(START, " since ")))
    alert = decide(None, first, clear(first), START, settings).alert
    at = START + timedelta(minutes=10)
    more = condition(
        episode="0", count=1, known="more", since=at, title=words("fails", when(at, " since "))
    )
    told = decide(alert, more, clear(more), at, settings).alert.condition
    assert told.since == START
    assert START.isoformat() in told.title


def test_what_comes_back_after_a_long_quiet_is_another_trouble_and_does_not_flap() -> None:
    alert: Alert | None = None
    now = START
    for _ in range(3):
        now += timedelta(minutes=15)
        alert = decide(alert, condition(), clear(condition()), now, SETTINGS).alert
        assert not is_flapping(alert)
        now += timedelta(minutes=2)
        over = decide(alert, None, clear(), now, SETTINGS)
        assert over.reason is Reason.RESOLVE
        alert = over.alert
