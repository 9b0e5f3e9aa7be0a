"""Sixty questions as they are typed on a phone, written before the reader was looked at.

Each with what it is read as, what that leaves out and says so, and how it was judged by hand before
the reader learned from them, and now: right, half (refused although a command answers it, or a
condition not named), or wrong.
"""

import csv
from collections import Counter
from datetime import UTC, datetime

import pytest

from bot.registry import commands
from bot.requests.command_text import read_line
from bot.requests.questions.line import typed_command
from bot.requests.questions.reader import read_question
from bot.requests.questions.reading import Reading
from bot.settings import HULEEDU_SERVICES
from tests.support.paths import ROOT

NOW = datetime(2026, 5, 12, 9, 0, tzinfo=UTC)
with (ROOT / "tests/fixtures/questions_by_phone.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t"))


def _read(text: str) -> Reading:
    command = typed_command(text, commands(), services=HULEEDU_SERVICES)
    if command is not None:
        return Reading(command.text())
    return read_question(text, services=HULEEDU_SERVICES, now=NOW)


@pytest.mark.parametrize("row", ROWS, ids=[row["question"] for row in ROWS])
def test_a_question_is_read_so_and_what_is_left_out_is_said(row: dict[str, str]) -> None:
    read = _read(row["question"])
    assert (read.line, read.left_out) == (row["read as"], row["left out, and said so"])
    for line in filter(None, (read.line, *(() if read.line else read.offers))):
        read_line(line, commands()).request()


def test_the_count_of_what_is_read_right() -> None:
    assert Counter(row["before"] for row in ROWS) == {"right": 39, "half": 17, "wrong": 4}
    assert Counter(row["now"] for row in ROWS) == {"right": 59, "wrong": 1}


@pytest.mark.parametrize(
    ("text", "line", "left_out"),
    [
        ("which batches lost answers to Kafka?", "/batch list unanswered", "“kafka”"),
        (
            "vad hände mellan 07:13 och 07:41?",
            "/batch list --since 07:13 --until 07:41",
            "what else happened, which /changes 07:13 --until 07:41 tells",
        ),
        ("is batch 30 the same as 29?", "/batch compare 30 29", ""),
        ("what happend to the request of assignment eng5-2026-a", "/logs cj eng5-2026-a", ""),
        (
            "show me the 529s between 8 and 9",
            "/logs llm_provider 529 --since 8:00 --until 09:00",
            "",
        ),
        ("what is running right now?", "/batch list open", ""),
        ("hur många jämförelser misslyckades idag?", "/batch trends --since today", ""),
        (
            "ge mig alla trasiga batchar sedan klockan sju",
            "/batch list faulty --since 7:00",
            "",
        ),
        # A text to look for, and behind it a time that no line holds.
        ("logs cj timeout since 8", "/logs cj timeout --since 8:00", ""),
        ("logs cj IntegrityError last hour", "/logs cj IntegrityError --since 1h", ""),
        ("logs cj 07:13:22", "/logs cj 07:13:22", ""),
        (
            "logs llm_provider 529 07:13-07:41",
            "/logs llm_provider 529 --since 07:13 --until 07:41",
            "",
        ),
        ("what failed since kvart i åtta", "/batch list faulty --since 7:45", ""),
        ("what failed since quarter past 7", "/batch list faulty --since 7:15", ""),
        ("errors in cj before 7", "/logs cj --until 07:00 --level error", ""),
    ],
)
def test_no_narrower_question_gets_a_broader_answer_in_silence(
    text: str, line: str, left_out: str
) -> None:
    read = _read(text)
    assert (read.line, read.left_out) == (line, left_out)
