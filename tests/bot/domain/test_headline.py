"""A headline is one breath: bounded, without times, and never cut inside a word."""

from datetime import UTC, datetime

import pytest

from bot.domain.headline import MOST_CHARS, one_breath
from bot.domain.report import WELL, Confidence, Finding, Report, Severity
from bot.domain.words import Id, Text, Time, words

AT = datetime(2025, 11, 18, 23, 19, tzinfo=UTC)
LONG = "The queue stands still, and a worker holds its first item for longer than it takes"


@pytest.mark.parametrize(
    ("text", "room", "told"),
    [
        ("It ended.", MOST_CHARS, "It ended"),
        (LONG, 60, "The queue stands still"),
        ("one two three", 8, "one two"),
        (words("Stuck", Time(AT, " since "), ": all"), MOST_CHARS, "Stuck: all"),
        ("First sentence. Second one is too long", 30, "First sentence"),
    ],
)
def test_a_text_that_is_too_long_ends_where_a_part_of_it_ends(
    text: Text, room: int, told: str
) -> None:
    assert str(one_breath(text, room)) == told


def test_an_id_takes_the_room_of_its_short_form() -> None:
    id = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
    assert str(one_breath(words(Id(id), " waits"), 14)) == f"{id} waits"


def test_the_mark_is_the_subjects_state() -> None:
    wrong = Finding("x", Severity.ERROR, Confidence.HIGH, "It broke.")
    assert str(Report("x", "Batch 32", mark=WELL).first_line) == "✅ Batch 32"
    assert str(Report("x", "Batch 33", findings=(wrong,), mark=WELL).first_line) == "🔴 Batch 33"
    assert str(Report("x", "Help").first_line) == "Help"
