"""Nine batches that failed of one cause are one alert, in one thread, with one acknowledgement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.policy.groups import JOINS_WITHIN
from bot.alerts.policy.lifecycle import PolicySettings
from bot.alerts.policy.messages import MessageKind, drafts
from bot.alerts.policy.round import DetectorResult, decide_round
from bot.alerts.policy.storm import folded
from bot.domain.alert import Alert, AlertState, Condition, Reason, Sample, Window
from bot.domain.mute import Mute
from bot.domain.report import Severity
from tests.support.fakes.alerts import START, clear, condition

MINUTE = timedelta(minutes=1)
KAFKA = "ended without a result: Kafka took no callbacks"
SETTINGS = PolicySettings("batch_failed", "np", of_events=True)


class Play:
    """Rounds of one detector of events, with the alerts and the messages that they leave."""

    def __init__(self, settings: PolicySettings = SETTINGS) -> None:
        self.alerts: dict[str, Alert] = {}
        self.now = START
        self.said: Counter[MessageKind] = Counter()
        self._settings = settings

    def tick(self, *conditions: Condition, mutes: Sequence[Mute] = ()) -> list[tuple[str, Reason]]:
        """Play one round; return what was posted, as subject and reason."""
        sample = Sample(self.now)
        result = DetectorResult(sample, Window((sample,), START), clear(*conditions))
        known = list(self.alerts.values())
        decided = decide_round(
            {"batch_failed": result}, known, self.now, lambda _: self._settings, mutes
        )
        posted = []
        for previous, decision in folded(decided, known, self.now, "np", mutes):
            made = drafts(previous, decision)
            self.said.update(draft.kind for draft in made)
            self.alerts[decision.alert.key] = decision.alert
            if any(draft.kind is not MessageKind.EDIT for draft in made):
                posted.append((decision.alert.subject, decision.reason))
        self.now += MINUTE
        return posted

    def of(self, number: int) -> Alert:
        """Return the alert on a batch."""
        return self.alerts[f"batch_failed/np/batch_{number}"]

    def acknowledge(self, number: int) -> None:
        """Acknowledge one alert, as a person does between two ticks."""
        key = self.of(number).key
        self.alerts[key] = replace(self.of(number), acknowledged_by="U1", acknowledged_at=self.now)


def end(number: int, minutes: float = 0, group: str = KAFKA, **changes: Any) -> Condition:
    """Return the end of a batch, some minutes after START."""
    told: dict[str, Any] = {
        "since": START + minutes * MINUTE,
        "batch": str(number),
        "group": group,
        "headline": f"Batch {number} {group}",
        "title": f"Batch {number} {group}",
        "known": group,
        "next": (f"/batch investigate {number}", "Mend Kafka."),
    }
    return condition(f"batch {number}", **{**told, **changes})


def test_nine_ends_of_one_cause_are_one_message_that_counts_them() -> None:
    play = Play()
    posted = [play.tick(*(end(11 + one, one) for one in range(count))) for count in range(1, 10)]
    assert posted[0] == [("batch 11", Reason.OPEN)]
    assert posted[1:8] == [[("batch 11", Reason.UPDATE)]] * 7
    assert play.said[MessageKind.PARENT] == 1
    told = play.of(11).condition
    assert told.headline == "Batches 11 to 19 ended without a result: Kafka took no callbacks"
    assert "Batches 11 to 19" in told.title
    assert "Next: /batch investigate 19" in told.title
    assert told.members == tuple(map(str, range(11, 20)))
    assert told.since == START + 8 * MINUTE
    assert [line.text for line in told.evidence] == [end(n).headline for n in range(11, 20)]
    assert play.of(15).fold == play.of(11).key
    assert play.of(15).state is AlertState.FIRING


def test_all_at_once_they_are_one_message_and_no_storm() -> None:
    play = Play()
    posted = play.tick(*(end(number) for number in range(11, 30)))
    assert posted == [("batch 11", Reason.OPEN)]
    assert len(play.alerts) == 19


def test_another_cause_and_one_that_is_not_known_have_their_own() -> None:
    play = Play()
    play.tick(end(11))
    posted = play.tick(end(11), end(12, 1, "ended without a result: overloaded"), end(13, 1, ""))
    assert posted == [("batch 12", Reason.OPEN), ("batch 13", Reason.OPEN)]


def test_what_comes_half_an_hour_after_the_last_is_another_alert() -> None:
    play = Play()
    limit = JOINS_WITHIN / MINUTE
    play.tick(end(11), end(12, limit))
    posted = play.tick(end(11), end(12, limit), end(13, 2 * limit), end(14, 3 * limit + 1))
    assert posted == [("batch 11", Reason.UPDATE), ("batch 14", Reason.OPEN)]
    assert play.of(11).condition.members == ("11", "12", "13")


def test_who_acknowledges_it_acknowledges_all_and_what_comes_then_is_new() -> None:
    play = Play()
    ends = [end(11), end(12), end(13)]
    play.tick(*ends)
    play.acknowledge(11)
    assert play.tick(*ends) == [("batch 11", Reason.RESOLVE)]
    assert {alert.state for alert in play.alerts.values()} == {AlertState.RESOLVED}
    assert play.tick(*ends, end(14, 3)) == [("batch 14", Reason.OPEN)]
    assert play.of(14).condition.members == ()


def test_it_ends_with_the_last_of_them_not_with_the_first() -> None:
    play = Play()
    play.tick(end(11), end(12), end(13))
    play.tick(end(12), end(13))
    assert play.of(11).state is AlertState.FIRING
    assert play.of(11).condition.headline == f"Batches 12 and 13 {KAFKA}"
    play.tick(end(13))
    assert play.of(11).condition.headline == f"Batch 13 {KAFKA}"
    assert play.tick() == [("batch 11", Reason.RESOLVE)]
    assert {alert.state for alert in play.alerts.values()} == {AlertState.RESOLVED}


def test_the_worst_severity_is_told_and_each_keeps_its_own() -> None:
    play = Play()
    play.tick(end(11, severity=Severity.WARN), end(12, severity=Severity.ERROR))
    assert (play.of(11).severity, play.of(12).severity) == (Severity.ERROR, Severity.ERROR)
    play.tick(end(12, severity=Severity.ERROR), end(13, severity=Severity.WARN))
    assert play.of(13).severity is Severity.WARN


def test_one_that_turns_out_to_be_of_another_cause_gets_its_own_message() -> None:
    play = Play(replace(SETTINGS, open_ticks=2))
    for _ in range(2):
        play.tick(end(11), end(12), end(13))
    other = end(12, group="ended without a result: overloaded")
    assert ("batch 12", Reason.OPEN) in play.tick(end(11), other, end(13))
    assert play.of(12).fold == ""
    assert play.of(11).condition.members == ("11", "13")


def test_what_was_seen_at_too_few_ticks_is_not_counted_yet() -> None:
    play = Play(replace(SETTINGS, open_ticks=2))
    for _ in range(2):
        play.tick(end(11))
    assert play.tick(end(11), end(12)) == []
    assert play.tick(end(11), end(12)) == [("batch 11", Reason.UPDATE)]
    assert play.tick(end(11), end(12)) == []


def test_where_the_first_is_muted_the_next_one_speaks() -> None:
    play = Play()
    mute = Mute("batch_failed/np/batch_11", START + timedelta(hours=1))
    assert play.tick(end(11), end(12), mutes=[mute]) == [("batch 12", Reason.OPEN)]


def test_many_more_are_news_only_as_they_double() -> None:
    play = Play()
    play.tick(end(1))
    for count in range(2, 41):
        play.tick(*(end(one + 1, one) for one in range(count)))
    assert play.said[MessageKind.PARENT] == 1
    assert play.said[MessageKind.REPLY] == 7 + 3


@given(
    st.lists(
        st.dictionaries(st.integers(1, 6), st.sampled_from(["", "a", "b"]), max_size=6),
        max_size=6,
    )
)
def test_over_any_history_each_end_is_told_by_an_alert_that_fires_and_all_end(
    rounds: list[dict[int, str]],
) -> None:
    play = Play(replace(SETTINGS, of_events=False, flap_cycles=1_000))
    for batches in rounds:
        for _ in range(2):
            play.tick(*(end(number, group=group) for number, group in batches.items()))
        for number in batches:
            speaks = play.alerts.get(play.of(number).fold, play.of(number))
            assert speaks.state is AlertState.FIRING
            assert not speaks.fold or speaks.fold.startswith("storm/")
            told = (speaks.condition.batch, *speaks.condition.members)
            assert str(number) in told
    for _ in range(3):
        play.tick()
    assert all(alert.state is AlertState.RESOLVED for alert in play.alerts.values())
