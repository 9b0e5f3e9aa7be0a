"""What opens all at once is folded, and every one of it is remembered and resolved."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.policy.lifecycle import PolicySettings, decide_all
from bot.alerts.policy.messages import MessageKind, drafts
from bot.alerts.policy.storm import MAX_PARENTS, STORM, folded
from bot.domain.alert import Alert, AlertState, Condition, Reason
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Severity
from tests.support.fakes.alerts import START, clear, condition

TICK = timedelta(seconds=15)
SETTINGS = PolicySettings("lost_callbacks", "np")


class Play:
    """Rounds of one detector with the alerts that they leave."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.now = START
        self.said: Counter[MessageKind] = Counter()
        self.reasons: list[tuple[str, Reason]] = []

    def tick(self, *conditions: Condition, mutes: Sequence[Mute] = ()) -> None:
        """Play one round."""
        mine = [one for one in self.alerts.values() if one.detector != STORM]
        decisions = decide_all(mine, clear(*conditions), self.now, SETTINGS, mutes)
        decided = [(self.alerts.get(d.alert.key), d) for d in decisions]
        known = list(self.alerts.values())
        for previous, decision in folded(decided, known, self.now, "np", mutes):
            self.said.update(draft.kind for draft in drafts(previous, decision))
            self.reasons.append((decision.alert.key, decision.reason))
            self.alerts[decision.alert.key] = decision.alert
        self.now += TICK

    def storm(self) -> Alert:
        """Return the storm alert."""
        return self.alerts[f"{STORM}/np/lost_callbacks"]


def batches(*numbers: int) -> tuple[Condition, ...]:
    """Return a condition for each batch."""
    return tuple(condition(str(number)) for number in numbers)


def test_a_hundred_alerts_are_five_heads_and_one_that_speaks_for_the_rest() -> None:
    play = Play()
    play.tick(*batches(*range(101, 201)))
    assert play.said == {MessageKind.PARENT: MAX_PARENTS + 1}
    assert "95 more of lost_callbacks since 2025-11-18T23:48:00" in play.storm().condition.title
    assert "batches 106, 107" in play.storm().condition.title
    firing = [one for one in play.alerts.values() if one.state is AlertState.FIRING]
    assert len(firing) == 101


def test_a_storm_counts_down_without_noise_and_ends_with_the_last() -> None:
    play = Play()
    everything = batches(*range(101, 201))
    play.tick(*everything)
    play.said.clear()
    play.tick(*everything[:20])
    assert "(80 resolved)" in play.storm().condition.title
    play.tick()
    assert all(alert.state is AlertState.RESOLVED for alert in play.alerts.values())
    assert play.said[MessageKind.REPLY] == MAX_PARENTS + 1
    assert play.storm().closing == "all 95 resolved"
    resolved = [key for key, reason in play.reasons if reason is Reason.RESOLVE]
    assert len(resolved) == len(set(resolved)) == 101


def test_what_comes_later_joins_the_storm_and_only_a_doubling_is_news() -> None:
    play = Play()
    play.tick(*batches(*range(100)))
    play.said.clear()
    for count in (101, 102, 103):
        play.tick(*batches(*range(count)))
    assert (play.said[MessageKind.PARENT], play.said[MessageKind.REPLY]) == (0, 0)
    play.tick(*batches(*range(400)))
    assert (play.said[MessageKind.PARENT], play.said[MessageKind.REPLY]) == (0, 1)
    assert play.storm().count == 395


def test_a_storm_that_came_while_it_was_snoozed_counts_all_of_its_alerts_when_that_ends() -> None:
    play = Play()
    play.tick(*batches(*range(20)))
    snooze = Mute(play.storm().key, START + timedelta(hours=1), kind=MuteKind.SNOOZE)
    play.tick(mutes=[snooze])
    play.now += timedelta(minutes=2)
    again = batches(*range(100, 120))
    for _ in range(2):
        play.tick(*again, mutes=[snooze])
    assert play.storm().state is AlertState.PENDING
    play.now = START + timedelta(hours=1)
    play.said.clear()
    for _ in range(2):
        play.tick(*again)
        assert str(play.storm().condition.title).startswith("15 more of lost_callbacks")
    assert (play.said[MessageKind.PARENT], play.said[MessageKind.REPLY]) == (1, 0)


@pytest.mark.parametrize("count", [1, MAX_PARENTS, MAX_PARENTS + 1])
def test_a_few_alerts_are_no_storm(count: int) -> None:
    play = Play()
    play.tick(*batches(*range(count)))
    assert play.said == {MessageKind.PARENT: count}


def test_the_worst_get_a_message_of_their_own() -> None:
    play = Play()
    mild = [condition(str(number), severity=Severity.WARN) for number in range(20)]
    play.tick(*mild, condition("bad", severity=Severity.ERROR))
    assert play.alerts["lost_callbacks/np/bad"].fold == ""


def test_a_minute_later_alerts_have_their_own_messages_again() -> None:
    play = Play()
    play.tick(*batches(1, 2, 3, 4, 5))
    play.now += timedelta(minutes=2)
    play.tick(*batches(*range(1, 11)))
    assert play.said == {MessageKind.PARENT: 10}


@given(st.lists(st.sets(st.integers(0, 30)), max_size=12))
def test_over_any_history_every_alert_is_open_or_resolved_and_every_storm_ends(
    rounds: list[set[int]],
) -> None:
    play = Play()
    for numbers in rounds:
        play.tick(*batches(*numbers))
    for _ in range(100):
        play.tick()
    assert all(alert.state is AlertState.RESOLVED for alert in play.alerts.values())
    for key in play.alerts:
        told = [r for k, r in play.reasons if k == key and r in (Reason.OPEN, Reason.RESOLVE)]
        assert told == [Reason.OPEN, Reason.RESOLVE] * (len(told) // 2)


def test_a_storm_of_which_one_batch_is_left_names_it_in_the_singular() -> None:
    play = Play()
    play.tick(*batches(*range(101, 108)))
    play.tick(*batches(*range(101, 107)))
    assert "(1 resolved), high confidence: batch 106. Next" in play.storm().condition.title
