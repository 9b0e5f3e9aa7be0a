"""Plain questions, each with the command that it must become, or none: an outsider's table."""

import html
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.registry import commands
from bot.requests.command_text import read_line
from bot.requests.questions.line import typed_command
from bot.requests.questions.reader import read_question
from bot.requests.questions.reading import Reading
from bot.settings import HULEEDU_SERVICES
from bot.text.redaction import echoed
from commands._moments import past

TABLE = Path(__file__).parents[3] / "fixtures" / "questions.jsonl"
ROWS = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
NOW = "2025-11-19T09:00:00Z"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _since(line: str, now: datetime) -> tuple[str, datetime | None]:
    """Return a line without its --since, and when that begins."""
    words = line.split()
    if "--since" not in words:
        return line, None
    place = words.index("--since")
    span = words.pop(place + 1)
    words.pop(place)
    return " ".join(words), past(span, now, UTC)


def _is_right(line: str, row: dict[str, Any], now: datetime) -> bool:
    right = [row["command"], *row.get("also", ())]
    if "since_between" not in row:
        return line in right
    bare, begins = _since(line, now)
    first, last = (_moment(one) for one in row["since_between"])
    fits = begins is not None and first <= begins <= last
    return fits and bare in [_since(one, now)[0] for one in right]


def _read(text: str, subject: str | None, now: datetime) -> Reading:
    """Read a text as Slack and the terminal do: as the command that it is, else as a question."""
    command = typed_command(text, commands(), services=HULEEDU_SERVICES)
    if command is not None:
        return Reading(command.text())
    return read_question(text, subject=subject or "", services=HULEEDU_SERVICES, now=now)


@pytest.mark.parametrize("row", ROWS, ids=[row["text"][:60] for row in ROWS])
def test_a_question_becomes_its_command_or_none(row: dict[str, Any]) -> None:
    now = _moment(row.get("now", NOW)).astimezone(UTC)
    text = row["text"]
    read = _read(text, row["thread_subject"], now)
    if "<@" not in text and "<http" not in text:
        escaped = html.escape(text, quote=False)
        assert escaped == text or _read(escaped, row["thread_subject"], now) == read
    if row["command"] is None:
        assert read.line == "", row["why"]
        assert len(read.offers) == 3
    else:
        assert _is_right(read.line, row, now), (read.line, row["why"])
        assert read.left_out == row.get("without", read.left_out)


@pytest.mark.parametrize("row", ROWS, ids=[row["text"][:60] for row in ROWS])
def test_whatever_is_read_or_offered_is_a_command_that_is_understood_and_changes_nothing(
    row: dict[str, Any],
) -> None:
    known = commands()
    read = _read(row["text"], row["thread_subject"], _moment(NOW))
    for line in filter(None, (read.line, *read.offers)):
        command = read_line(line, known)
        assert not command.command.changes & set(line.split())
        if line in ("/logs",):
            continue
        assert command.request().verb not in command.command.changes


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("what changed?", "/changes"),
        ("what has changed since yesterday", "/changes yesterday"),
        ("any changes in the last 2 hours?", "/changes 2h"),
        ("did anything get deployed last night?", "/changes 15h --until 06:00"),
        ("vad har ändrats idag", "/changes today"),
    ],
)
def test_what_changed_is_asked_in_plain_words(question: str, line: str) -> None:
    assert read_question(question, now=_moment(NOW)).line == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("how did batches do this week?", "/batch trends --since 7d"),
        ("how did the batches do in the last 3 days", "/batch trends --since 3d"),
        ("how did our batches do this month", "/batch trends --since 30d"),
        ("show me the trends", "/batch trends --since 7d"),
        ("how are the batches doing?", "/batch list"),
    ],
)
def test_how_batches_did_over_a_time_is_read_as_trends(text: str, line: str) -> None:
    assert read_question(text, now=datetime(2025, 11, 19, tzinfo=UTC)).line == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("batch 34:stuck", "/batch investigate 34"),
        ("34:stuck", "/batch investigate 34"),
        ("is batch 34's ranking usable", "/batch status 34"),
        ("kan vi lita på batch 34:s resultat?", "/batch status 34"),
        ("what is 34's status", "/batch status 34"),
        ("#34/stuck?", "/batch investigate 34"),
        ("batch34-broken", "/batch investigate 34"),
        ("why:34", "/batch investigate 34"),
        ("status:34", "/batch status 34"),
        ("how's 34", "/batch status 34"),
        ("how goes 34", "/batch status 34"),
        ("how old is 34", "/batch status 34"),
        ("how stuck is 34", "/batch investigate 34"),
        ("how tall is 34", ""),
        ("how heavy is batch 34?", ""),
        ("how expensive was 34", ""),
        ("how tall is it", ""),
        ("redis:6379", ""),
    ],
)
def test_run_on_words_are_read_and_an_unknown_measure_is_not_guessed(text: str, line: str) -> None:
    read = read_question(text, now=_moment(NOW), subject="batch 34" if " it" in text else "")
    assert read.line == line
    assert bool(read.problem) is not bool(line)


@pytest.mark.parametrize(
    ("question", "line", "without"),
    [
        (
            "when was the llm provider restarted on 10 february?",
            "/changes 2025-02-10 --until 2025-02-11",
            "“llm”",
        ),
        ("what failed on november 17th",
         "/batch list faulty --since 2025-11-17 --until 2025-11-18", ""),
        ("what failed since november 17th", "/batch list faulty --since 2025-11-17", ""),
        ("vad gick fel den 12 februari?",
         "/batch list faulty --since 2025-02-12 --until 2025-02-13", ""),
        ("vad hände 24 dec", "/batch list --since 2024-12-24 --until 2024-12-25",
         "what else happened, which /changes 2024-12-24 --until 2024-12-25 tells"),
        ("which batches were hit since 2025-11-17?", "/batch list --since 2025-11-17", ""),
    ],
)  # fmt: skip
def test_a_day_is_no_batch_and_what_begins_there_is_shown(
    question: str, line: str, without: str
) -> None:
    read = read_question(question, services=HULEEDU_SERVICES, now=_moment(NOW))
    assert (read.line, read.left_out) == (line, without)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("is the queue ok on 10 Feb at 10:30?", "2025-02-10T10:30"),
        ("how full was the queue at 08:10?", "08:10"),
        ("hur full var kön kl 8.10", "8:10"),
        ("between 16 and 18 November", "2025-11-16"),
        ("mellan den 16 och 18 november", "2025-11-16"),
    ],
)
def test_what_no_command_answers_of_a_time_is_refused_with_what_begins_there(
    question: str, told: str
) -> None:
    read = read_question(question, now=_moment(NOW))
    assert read.line == ""
    assert told in read.problem
    assert read.offers[:2] == (f"/changes {told}", f"/batch list --since {told}")


@pytest.mark.parametrize("row", ROWS, ids=[row["text"][:60] for row in ROWS])
def test_everybody_may_read_what_a_question_was_read_as(row: dict[str, Any]) -> None:
    line = row["command"] or "/help"
    assert line.startswith("/logs") or echoed(line) == line


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("why did batch 33 fail on 10 february", "/batch investigate 33"),
        ("did batch 10 fail on 10 february", "/batch investigate 10"),
        ("batch 5 may be stuck?", "/batch investigate 5"),
    ],
)
def test_a_batch_beside_a_day_is_the_batch(question: str, line: str) -> None:
    assert read_question(question, now=_moment(NOW)).line == line


def test_no_button_repeats_a_word_that_not_everybody_may_read() -> None:
    key = "".join(("sk-ant", "-api03-", "R4tYq7Wm2Kp9Xv9d8f7"))
    now = _moment(NOW)
    for text in (
        key,
        f"status 34 {key}",
        f"compare {key} and {key}x",
        f"why is batch {key} stuck?",
    ):
        read = read_question(text, services=HULEEDU_SERVICES, now=now)
        assert key not in str(read.offers)
        assert read.line or len(read.offers) == 3, text
