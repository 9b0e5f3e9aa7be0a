"""A replay of each recorded fault prints one alert of it, with its onset, soon after."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.truth.replays import FAULTS, TICK, Told, replayed


@pytest.fixture(scope="module")
def told() -> Sequence[Told]:
    """Each fault's replay; together they are a second's work."""
    return list(replayed())


def test_each_kind_of_fault_is_recorded() -> None:
    assert {one.kind for one in FAULTS} == {2, 3, 5, 6, 7, 8, 13}


def test_each_has_one_alert_by_its_own_detector(told: Sequence[Told]) -> None:
    opened = {one.fault.name: [e["detector"] for e in one.events if e["event"] == "open"]
              for one in told}  # fmt: skip
    assert opened == {one.name: [one.detector] for one in FAULTS}
    assert {one.fault.name: len({e["key"] for e in one.events}) for one in told} == {
        one.name: 1 for one in FAULTS
    }


def test_its_since_is_the_onset_to_a_tick(told: Sequence[Told]) -> None:
    off = {one.fault.name: one.since - one.onset for one in told}
    assert {case: by for case, by in off.items() if abs(by) > TICK} == {}


def test_it_is_told_within_two_ticks_after_it_could_be_known(told: Sequence[Told]) -> None:
    late = {one.fault.name: one.delay for one in told}
    assert {case: by for case, by in late.items() if not -TICK <= by <= 2 * TICK} == {}


def test_what_recovers_is_resolved_and_nothing_opens_again(told: Sequence[Told]) -> None:
    resolved = {one.fault.name for one in told if one.times("resolve")}
    assert resolved == {"ok-kafka-recovered", "queue-partly-deleted", "ok-burst-passed-tail"}
    assert {one.fault.name for one in told if len(one.times("open")) > 1} == set()


def test_the_tail_of_a_burst_after_its_resolve_opens_nothing(told: Sequence[Told]) -> None:
    (burst,) = (one for one in told if one.fault.tail)
    (resolved,) = burst.times("resolve")
    assert timedelta(seconds=15) <= burst.last - resolved <= timedelta(seconds=45)
    assert burst.events[-1]["event"] == "resolve"
