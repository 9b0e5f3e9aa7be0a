"""The story of a batch tells in words what failed first, however long its line is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.diagnosis.export.story import story
from bot.domain.report import Confidence, Finding, Report, Severity, TimelineEntry
from bot.domain.words import Id, Text, Words, words

AT = datetime(2025, 11, 18, 23, 18, 15, tzinfo=UTC)
UUID = "56c18ba7-9411-4ca2-9999-59a9d18c5da9"


def _first_failure(text: Text) -> str:
    entry = TimelineEntry(AT, "llm_provider_service", "logs", text, failed=True)
    (told,) = (one for one in story(Report("x", "x", timeline=(entry,))) if "First failure" in one)
    assert isinstance(told, Words)
    return str(told).partition("+00:00, ")[2]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Anthropic API call failed", "Anthropic API call failed."),
        (
            words("Request ", Id(UUID), " failed: Anthropic API call failed: 529, Overloaded"),
            f"Request {UUID} failed: Anthropic API call failed: 529, Overloaded.",
        ),
        (
            "Failed to update completion counters: (sqlalchemy.dialects.postgresql.asyncpg.Error) "
            "<class 'asyncpg.exceptions.QueryCanceledError'>: canceling statement",
            "Failed to update completion counters.",
        ),
        (
            words("Callback of ", Id(UUID), " was given up: " + "no broker took it " * 9),
            f"Callback of {UUID} was given up.",
        ),
        (
            "No handler answered in time " * 8,
            f"{'No handler answered in time ' * 2}No handler …",
        ),
        ("x" * 200, "a line that is too long to be told here."),
    ],
)
def test_the_first_failure_is_said_in_whole_words(line: Text, told: str) -> None:
    assert _first_failure(line) == told


def test_what_went_wrong_and_passed_is_told_and_not_called_nothing() -> None:
    what = "8 callbacks waited up to 21 min for CJ; it passed"
    over = Finding("passed", Severity.INFO, Confidence.HIGH, what)
    quiet = replace(over, rule="degenerate-scores", what="All is well")
    told = [" ".join(map(str, story(Report("x", "x", findings=(one,))))) for one in (over, quiet)]
    assert what in told[0]
    assert "Nothing went wrong" not in told[0]
    assert "Nothing went wrong" in told[1]


def test_lines_of_a_failure_become_one() -> None:
    assert _first_failure("it broke\n  at once") == "it broke at once."
