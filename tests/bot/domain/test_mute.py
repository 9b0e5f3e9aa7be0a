"""What a silence covers, and when."""

from datetime import timedelta

import pytest

from bot.domain.alert import alert_key
from bot.domain.mute import Mute, MuteKind, longest
from tests.support.fakes.alerts import START

KEY = "stuck_queue/np/llm_provider"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("all", True),
        ("stuck_queue", True),
        ("Stuck_Queue", True),
        ("llm_provider", True),
        (KEY, True),
        ("stuck*", True),
        ("*llm*", True),
        ("*", True),
        ("stuck", False),
        ("llm", False),
        ("np", False),
        ("*batch*", False),
        ("stuck.queue", False),
        ("", False),
    ],
)
def test_a_pattern_means_a_detector_a_subject_a_key_or_a_part_with_a_star(
    pattern: str, covers: bool
) -> None:
    assert Mute(pattern, START).covers(KEY, START - HOUR) is covers


def test_a_snooze_means_its_alert_alone() -> None:
    assert Mute(KEY, kind=MuteKind.SNOOZE).matches(KEY)
    assert not Mute("all", kind=MuteKind.SNOOZE).matches(KEY)
    assert not Mute("*", kind=MuteKind.SNOOZE).matches(KEY)


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (None, START, False),
        (None, START + HOUR, True),
        (START, None, True),
        (START + HOUR, START + 2 * HOUR, False),
        (START - HOUR, START + HOUR, True),
    ],
)
def test_a_silence_holds_from_its_beginning_to_its_end(
    since: object, until: object, holds: bool
) -> None:
    mute = Mute("all", until, since=since)  # type: ignore[arg-type]
    assert mute.holds(START) is holds


def test_of_several_silences_the_longest_counts() -> None:
    short, long, endless = Mute("all", START + HOUR), Mute(KEY, START + 2 * HOUR), Mute("*")
    assert longest([short, long], KEY, START) is long
    assert longest([endless, long], KEY, START) is endless
    assert longest([short], KEY, START + HOUR) is None


def test_a_key_can_be_typed() -> None:
    assert alert_key("rejected", "", "essay_a_id/unknown mode") == (
        "rejected/-/essay_a_id_unknown_mode"
    )
