"""Words that several renderers share."""

import pytest

from bot.domain.report import Confidence, Finding, Report, Severity
from bot.domain.words import Command, Text, words
from bot.text.wording import as_step, many, next_commands, numbers_told, part_of, split_command


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 items are"), (1, "1 item is"), (2, "2 items are")]
)
def test_a_count_takes_its_noun_and_verb_in_the_singular_or_plural(count: int, told: str) -> None:
    assert many(count, "item", ("is", "are")) == told
    assert many(count, "item") == told.rsplit(" ", 1)[0]


@pytest.mark.parametrize(
    ("count", "total", "told"),
    [
        (1, 8, "1 of 8 items waits"),
        (3, 8, "3 of 8 items wait"),
        (0, 1, "0 of 1 item wait"),
        (1, 1, "1 of 1 item waits"),
    ],
)
def test_a_part_of_a_whole_agrees_with_the_part_and_its_noun_with_the_whole(
    count: int, total: int, told: str
) -> None:
    assert part_of(count, total, "item", ("waits", "wait")) == told


def test_nouns_take_their_own_plural_and_large_counts_are_parted() -> None:
    told = [many(2, noun) for noun in ("batch", "try", "entry", "essay")]
    assert told == ["2 batches", "2 tries", "2 entries", "2 essays"]
    assert many(12_000, "line") == "12,000 lines"


@pytest.mark.parametrize(
    ("step", "told", "command"),
    [
        ("Judge the run by its own batch: /batch list", "Judge the run by its own batch.",
         "/batch list"),
        ("Check Kafka: /logs cj outbox --since 1h", "Check Kafka.", "/logs cj outbox --since 1h"),
        (words("Look: ", Command("/queue")), "Look.", "/queue"),
        ("Find the file: /var/lib/docker is where it is.",
         "Find the file: /var/lib/docker is where it is.", ""),
        ("/queue", "/queue", ""),
    ],
)  # fmt: skip
def test_a_command_that_ends_a_step_is_a_button(step: Text, told: str, command: str) -> None:
    said, found = split_command(step)
    assert (str(said), found) == (told, command)
    finding = Finding("r", Severity.WARN, Confidence.HIGH, "w", next=(step,))
    offered = next_commands(Report("trace", "t", findings=(finding,)))
    assert offered == ([command] if command else ["/queue"] if step == "/queue" else [])
    assert str(as_step(step)) == str(step)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([7], "7"),
        ([9, 7], "7 and 9"),
        ([7, 8], "7 and 8"),
        ([11, 12, 13, 14], "11 to 14"),
        ([11, 12, 14], "11, 12 and 14"),
        (range(1, 21, 2), "1, 3, 5, 7, 9, 11, 13, 15 and 2 more"),
    ],
)
def test_numbers_are_named_and_those_without_a_gap_are_a_span(
    numbers: list[int], told: str
) -> None:
    assert numbers_told(numbers) == told
