"""Kinds of plain questions: one kind is one command in both languages, its near-misses are none."""

from datetime import UTC, datetime

import pytest

from bot.registry import commands
from bot.requests.command_text import read_line
from bot.requests.questions.asking import misuse_of, unread
from bot.requests.questions.line import typed_command
from bot.requests.questions.reader import read_question
from bot.requests.questions.reading import Reading
from bot.settings import HULEEDU_SERVICES

NOW = datetime(2026, 3, 4, 14, 20, tzinfo=UTC)
UUID = "0b0b0b0b-1111-4222-8333-444455556666"

READ = [
    # What waits, of whatever words.
    ("what is stalled", "/batch list stuck"),
    ("which batches are stuck?", "/batch list stuck"),
    ("vilka batcher hänger", "/batch list stuck"),
    ("vad är det som har fastnat nu", "/batch list stuck"),
    ("whats hanging rn", "/batch list stuck"),
    ("vilka har stannat", "/batch list stuck"),
    # What failed, since when.
    ("what failed since 9:05?", "/batch list faulty --since 9:05"),
    ("anything failed after 13.40", "/batch list faulty --since 13:40"),
    ("which batches crashed today", "/batch list faulty --since today"),
    ("vad gick snett igår", "/batch list faulty --since yesterday --until 2026-03-04"),
    ("vilka har misslyckats sedan kl 08:00", "/batch list faulty --since 08:00"),
    ("what broke in the last 2 hours", "/batch list faulty --since 2h"),
    ("what went wrong since 2pm", "/batch list faulty --since 14:00"),
    # How many of them.
    ("last 3 batches", "/batch list 3"),
    ("show me the 7 newest batches", "/batch list 7"),
    ("visa de fem senaste batcharna", "/batch list 5"),
    ("senaste 12 körningarna", "/batch list 12"),
    ("last 4 failed batches", "/batch list faulty 4"),
    # Which model, which is said of one batch.
    ("which model graded batch 61", "/batch status 61"),
    ("vilken modell dömde 61", "/batch status 61"),
    ("what model was 61 run with", "/batch status 61"),
    # How full the queue is, in any words.
    ("how full is the queue", "/queue"),
    ("how deep is the llm queue right now?", "/queue"),
    ("how busy was the queue", "/queue"),
    ("hur full är kön", "/queue"),
    ("hur mycket ligger det i kön", "/queue"),
    # Lines of a service, by what they say.
    ("show me errors of the llm provider about 529", "/logs llm 529"),
    ("errors from cj about deadlocks", "/logs cj deadlocks"),
    ("any warnings in cj with IntegrityError?", "/logs cj IntegrityError"),
    ("which lines of cj mention timeout since 9:00?", "/logs cj timeout --since 9:00"),
    ("visa fel från cj om 503", "/logs cj 503"),
    ("finns det rader från cj om timeout", "/logs cj timeout"),
    ("errors of the provider with 34", "/batch investigate 34"),
    # What a rule or an alert means, however its name is typed.
    ("what does orphaned item mean?", "/help orphaned-item"),
    ("what do orphaned items mean", "/help orphaned-item"),
    ("what does orphaned mean", "/help orphaned-item"),
    ("what is an orphaned item?", "/help orphaned-item"),
    ("meaning of queue frozen", "/help queue-frozen"),
    ("can you explain head of line blocked", "/help head-of-line-blocked"),
    ("explain degenerate scores", "/help degenerate-scores"),
    ("what does the alert stuck queue mean", "/help stuck_queue"),
    ("vad betyder bundle collateral", "/help bundle-collateral"),
    ("vad menas med consumer silent?", "/help consumer-silent"),
    ("vad betyder föräldralöst objekt?", "/help orphaned-item"),
    # A state, and no name.
    ("what is stuck?", "/batch list stuck"),
    ("is anything orphaned", "/queue"),
    ("what is in the queue", "/queue"),
    # What is past is no order.
    ("did we drop any callbacks since 11:30", "/batch list unanswered --since 11:30"),
    ("tappade vi några svar idag", "/batch list unanswered --since today"),
    ("have any answers gone missing today?", "/batch list unanswered --since today"),
    ("was 48 cancelled", "/batch status 48"),
    ("blev 48 avbruten", "/batch status 48"),
    ("when was batch 48 restarted", "/batch status 48"),
    ("did anybody restart the provider today", "/changes today"),
    ("startades providern om idag?", "/changes today"),
    (f"what happened to {UUID}", f"/trace {UUID}"),
]
# With a button for each, the nearest: nothing is run, and there is a way on.
REFUSED = [
    # Lines of a service about nothing, or about the service itself.
    ("errors with cj", "/batch list"),
    ("is cj ok with errors?", "/batch list"),
    # A measure of which the queue's answer says nothing.
    ("how purple is the queue", "/queue"),
    ("why was it so slow at 13:02", "/changes 13:02"),
    ("varför gick det segt kl 13.02", "/changes 13:02"),
    ("what was going on around 09:30", "/changes 09:30"),
    ("what failed since 27:80", "/batch list"),
    ("last 900 batches", "/batch list 50"),
    ("is anthropic up?", "/queue"),
    ("är providern nere", "/queue"),
    ("who cancelled 48", "/batch status 48"),
    ("vem avbröt 48", "/batch status 48"),
    ("who restarted the provider at 13:02", "/changes 13:02"),
    ("rerun 48 for me", "/batch status 48"),
    ("avbryt 48", "/batch status 48"),
    ("ta bort batch 48", "/batch status 48"),
    ("kill it since it failed today", "/batch list"),
    ("lose the failed batches", "/batch list"),
    ("whats up with c7-e12", "/batch list"),
    ("where is essay c7-e12", "/batch list"),
    ("what failed at the school play today", "/batch list"),
    ("last 3 batches of cookies", "/batch list"),
]


def _read(text: str) -> Reading:
    command = typed_command(text, commands(), services=HULEEDU_SERVICES)
    if command is not None:
        return Reading(command.text())
    return read_question(text, services=HULEEDU_SERVICES, now=NOW)


@pytest.mark.parametrize(("text", "line"), READ)
def test_a_kind_of_question_is_one_command(text: str, line: str) -> None:
    assert _read(text).line == line
    read_line(line, commands()).request()


@pytest.mark.parametrize(("text", "offer"), REFUSED)
def test_a_near_miss_is_not_guessed_and_offers_the_nearest_command(text: str, offer: str) -> None:
    read = _read(text)
    assert read.line == ""
    assert offer in read.offers
    for line in read.offers:
        read_line(line, commands()).request()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retry 61", "I change nothing"),
        ("requeue the items of 61", "I change nothing"),
        ("change the model of 61", "I change nothing"),
        ("whats with c7-e12", "c7-e12"),
        ("who cancelled 48", "recorded"),
        ("why so slow at 13:02", "13:02"),
    ],
)
def test_a_question_that_begins_like_a_command_is_no_misspelt_one(text: str, told: str) -> None:
    error = unread(_read(text), misuse_of(text, commands()))
    assert told in str(error)
    assert "There is no command" not in str(error)


@pytest.mark.parametrize("text", ["bacth status 61", "qeue", "tracee 61", "alertss list"])
def test_a_misspelt_command_is_still_told_as_one_where_nothing_is_read(text: str) -> None:
    read = _read(text)
    told = "" if read.line else str(unread(read, misuse_of(text, commands())))
    assert read.line or "There is no command" in told
