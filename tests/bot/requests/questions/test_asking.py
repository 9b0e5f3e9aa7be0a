"""Questions as people on call put them: each kind in both languages, none of which acts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.ask import understand
from bot.errors import UsageError
from bot.registry import commands
from bot.requests.command_text import read_line
from bot.requests.questions.asking import misspelt_change, misuse_of, unread
from bot.requests.questions.line import typed_command
from bot.requests.questions.reader import read_question
from bot.requests.questions.reading import Reading
from bot.requests.questions.words.vocabulary import WORDS
from bot.settings import HULEEDU_SERVICES

NOW = datetime(2026, 3, 4, 14, 20, tzinfo=UTC)
UUID = "0b0b0b0b-1111-4222-8333-444455556666"
OTHER = "1c1c1c1c-1111-4222-8333-444455556666"

READ = [
    # A batch and any question of it.
    ("can i use 61", "/batch investigate 61"),
    ("kan vi använda resultatet av batch 61?", "/batch investigate 61"),
    ("kan man använda 61", "/batch investigate 61"),
    ("what should we do about 61?", "/batch investigate 61"),
    ("vad ska jag göra åt 61", "/batch investigate 61"),
    ("how many of 61 are real answers", "/batch investigate 61"),
    ("hur många svar i 61 är på riktigt", "/batch investigate 61"),
    ("who asked for the mock in 61", "/batch investigate 61"),
    ("vem beställde mock i 61", "/batch investigate 61"),
    ("which error did 61 get", "/batch investigate 61"),
    ("did 61 hit a rate limit", "/batch investigate 61"),
    ("fick 61 några 429", "/batch investigate 61"),
    ("were any comparisons of batch 61 judged twice", "/batch investigate 61"),
    ("what about 61", "/batch investigate 61"),
    # Whether one should do something is asked, and not ordered.
    ("do we have to rerun 61", "/batch investigate 61"),
    ("should i run 61 again?", "/batch investigate 61"),
    ("måste vi köra om 61", "/batch investigate 61"),
    ("is it safe to retry batch 61", "/batch investigate 61"),
    ("what happens if i cancel 61", "/batch investigate 61"),
    ("should we clear the queue", "/queue"),
    ("bör vi starta om kön", "/queue"),
    ("do i need to ack anything", "/alerts list"),
    ("how do i mute an alert", "/help alerts"),
    ("hur kvitterar jag ett larm", "/help alerts"),
    # What was done.
    ("has anyone reset the queue", "/queue"),
    ("has anybody put 61 back", "/batch status 61"),
    ("did we lose any answers today", "/batch list unanswered --since today"),
    ("har någon startat om providern idag", "/changes today"),
    # Several batches.
    ("batch 61 och 60", "/batch compare 61 60"),
    ("batch 61 and 60?", "/batch compare 61 60"),
    ("why did 61 and 60 fail", "/batch compare 61 60"),
    ("vad hände med batch 61 och batch 60", "/batch compare 61 60"),
    (f"is batch {UUID} the same as {OTHER}", f"/batch compare {UUID} {OTHER}"),
    (f"compare {UUID} {OTHER}", f"/batch compare {UUID} {OTHER}"),
    ("why do batches 58 59 60 61 all say FAILED", "/batch list faulty 50"),
    # A code is no batch.
    ("which batches failed because of 503", "/batch list faulty"),
    ("vilka batcher misslyckades på grund av 503 idag", "/batch list faulty --since today"),
    ("how many 429 errors today", "/logs llm_provider 429 --since today"),
    ("fick vi några 503 från anthropic sedan 13:20", "/logs llm_provider 503 --since 13:20"),
    ("what happened to 503", "/batch investigate 503"),
    # What is under way.
    ("which batches are still waiting", "/batch list open"),
    ("vilka batcher väntar fortfarande", "/batch list open"),
    ("which batches are not done yet", "/batch list open"),
    ("vilka batcher är inte klara", "/batch list open"),
    ("what is still running", "/batch list open"),
    # What the batches stand on.
    ("was redis down today", "/logs all redis.exceptions --level error --since today"),
    ("var det något med databasen i dag", "/logs cj sqlalchemy --level error --since today"),
    ("did kafka have problems in the last 2 hours", "/logs all aiokafka --level error --since 2h"),
    # Models, modes, mock, time-outs, changes.
    ("which model do we use", "/batch trends --since 7d --by model"),
    ("vilka modeller körde vi idag", "/batch trends --since today --by model"),
    ("which mode are we in", "/batch trends --since 7d --by mode"),
    ("are we in mock mode", "/queue"),
    ("kör vi mot mocken", "/queue"),
    ("did the model change today", "/changes today"),
    ("has the mode changed since yesterday", "/changes yesterday"),
    ("any timeouts in the last 3 hours", "/logs all timeout --since 3h"),
    ("har något fått timeout idag", "/logs all timeout --since today"),
    ("which version is deployed", "/changes"),
    # Its day stays with it.
    ("failed yesterday in batch 61", "/batch investigate 61 --since yesterday"),
    ("vad hände igår i batch 61", "/batch investigate 61 --since yesterday"),
    # Lists of what is told in whatever words, and since when in whatever way.
    ("how many batches broke yesterday", "/batch list faulty --since yesterday --until 2026-03-04"),
    (
        "which batches crashed between 9:10 and 10:00",
        "/batch list faulty --since 9:10 --until 10:00",
    ),
    (
        "vilka batcher kraschade från 9:10 till 10:00",
        "/batch list faulty --since 9:10 --until 10:00",
    ),
    ("what failed in the last quarter of an hour", "/batch list faulty --since 15m"),
    ("vad gick sönder senaste halvtimmen", "/batch list faulty --since 30m"),
    ("what broke in the last three hours", "/batch list faulty --since 3h"),
    ("vilka misslyckades för 2 timmar sedan", "/batch list faulty --since 2h"),
    ("which batches have no scores", "/batch list faulty"),
    ("finns det batcher utan resultat", "/batch list faulty"),
    ("have any answers been discarded since 8", "/batch list unanswered --since 8:00"),
    ("does something lie in the queue that no worker holds", "/queue"),
    ("is anything orphaned", "/queue"),
    ("har vi fått några 502:or eller 504:or idag", "/batch trends --since today"),
    ("what does orphaned-item mean", "/help orphaned-item"),
    ("vad innebär mode-mismatch?", "/help mode-mismatch"),
    ("was permission denied in postgres today", "/logs cj sqlalchemy --level error --since today"),
    # What to do and say of a batch, and for how long it has been so.
    ("what should we tell the school about 61", "/batch investigate 61"),
    ("vad säger jag till läraren om 61", "/batch investigate 61"),
    ("how long has 61 been lying there", "/batch investigate 61"),
    ("batch 58 59 60, same reason?", "/batch list faulty 50"),
    # What never came about is asked, and not forbidden.
    ("why did 61 never get an answer", "/batch investigate 61"),
    ("hur kommer det sig att 61 aldrig blev klar", "/batch investigate 61"),
    # The most of something, and what stays of a list its time.
    ("which batch failed most recently", "/batch list faulty"),
    ("vilken batch är äldst och inte klar", "/batch list open"),
    ("which batch was the fastest yesterday", "/batch trends --since yesterday --until 2026-03-04"),
    ("what happened since 9:30", "/batch list --since 9:30"),
    ("var allt ok efter 9.30", "/batch list --since 9:30"),
    ("what is the llm worker working on", "/queue"),
    ("how many times did the provider restart today", "/changes today"),
    ("vad är timeout satt till", "/changes"),
    ("are there any alerts about 61", "/alerts list"),
    ("berätta om 61", "/batch investigate 61"),
    ("the details of batch 61 please", "/batch investigate 61"),
    ("is 61 a schema problem", "/batch investigate 61"),
    # States by words that act elsewhere, and what is compared by more and less.
    ("is the queue empty now?", "/queue"),
    ("when does the queue get clear", "/queue"),
    ("was 61 faster than 60", "/batch compare 61 60"),
    ("är 61 billigare än 60", "/batch compare 61 60"),
    ("what was the first thing 61 did", "/batch status 61"),
    ("anything strange since midnight", "/batch list --since 00:00"),
    ("what failed after lunch", "/batch list faulty --since 12:00"),
    ("is there an alert about redis", "/alerts list"),
    ("which batches ended too soon", "/batch list faulty"),
    # Spans as people write them.
    ("grep IntegrityError in cj since yesterday", "/logs cj IntegrityError --since yesterday"),
]
# What is understood of it is said, and the two nearest commands are offered.
UNREAD = [
    ("did 61 vote", "batch 61", ("/batch investigate 61", "/batch status 61")),
    ("is 61 ok or 60", "batches 61 and 60", ("/batch compare 61 60",)),
    ("status 61 60 59", "batches 61, 60 and 59", ("/batch investigate 61",)),
    (f"{UUID} {OTHER}", UUID, (f"/trace {UUID}", f"/trace {OTHER}")),
    ("rerun 61", "batch 61", ("/batch investigate 61", "/batch status 61")),
    ("is the database up?", "database", ("/alerts list",)),
]
SAFE = ("restart", "stop", "mute", "ack", "clear", "rerun", "starta", "kvittera")


def _read(text: str) -> Reading:
    command = typed_command(text, commands(), services=HULEEDU_SERVICES)
    if command is not None:
        return Reading(command.text())
    return read_question(text, services=HULEEDU_SERVICES, now=NOW)


@pytest.mark.parametrize(("text", "line"), READ)
def test_a_question_leads_to_the_command_that_shows_it(text: str, line: str) -> None:
    assert _read(text).line == line
    read_line(line, commands()).request()


@pytest.mark.parametrize(("text", "understood", "offers"), UNREAD)
def test_a_dead_end_says_what_was_understood_and_offers_the_nearest(
    text: str, understood: str, offers: tuple[str, ...]
) -> None:
    read = _read(text)
    assert read.line == ""
    error = unread(read, misuse_of(text, commands()))
    assert understood in str(error)
    assert tuple(one for one in offers if one in error.offers[:2]) == offers
    for line in error.offers:
        read_line(line, commands()).request()


@pytest.mark.parametrize("verb", SAFE)
@pytest.mark.parametrize(
    "order",
    ["{} 61", "please {} 61", "can you {} 61", "kan du {} 61", "did it fail? then {} 61",
     "is 61 ok and {} it",
     "is it stuck {} it", "should i look at 61, or just {} it. {} it", "who cares, {} 61"],
)  # fmt: skip
def test_an_order_stays_one(verb: str, order: str) -> None:
    assert _read(order.format(verb, verb)).line == ""


@pytest.mark.parametrize("line", ["alerts mut all 2h", "alerts snoze 3", "alerts unmte all"])
def test_a_misspelt_change_is_told_as_one_and_not_answered_with_something_else(line: str) -> None:
    misuse = misspelt_change(line, commands())
    assert misuse is not None
    assert "nothing /alerts can do" in str(misuse)
    with pytest.raises(UsageError, match="nothing /alerts can do"):
        understand(line)


@pytest.mark.parametrize("line", ["alerts", "alerts lst", "mute all", "batch stauts 61", "alerts?"])
def test_what_changes_nothing_is_no_misspelt_change(line: str) -> None:
    assert misspelt_change(line, commands()) is None


_WORD = st.sampled_from(sorted({word for words in WORDS.values() for word in words.split()}))
_ID = st.sampled_from(["61", "#60", "batch 59", UUID, OTHER, "8f3a11d7", "503", "run-7-x", "8f3"])
_TIME = st.sampled_from(["today", "igår", "since 9", "kl 25:70", "at 13:02", "last 900 h", "?"])
_OPENER = st.sampled_from(
    ["why", "did we", "has anyone", "vem", "should i", "kan du", "how many", "är", "what if i", ""]
)
_QUESTION = st.tuples(
    _OPENER, st.lists(st.one_of(_WORD, _WORD, _ID, _TIME, st.text(max_size=6)), max_size=9)
).map(lambda parts: " ".join((parts[0], *parts[1])))


@given(_QUESTION)
def test_no_question_raises_and_none_changes_anything(text: str) -> None:
    known = commands()
    read = read_question(text, services=HULEEDU_SERVICES, now=NOW)
    assert bool(read.line) is not bool(read.problem)
    assert len(read.offers) == 3
    for line in filter(None, (read.line, *read.offers)):
        command = read_line(line, known)
        if line != "/logs":
            assert command.request().verb not in command.command.changes
    unread(read)
