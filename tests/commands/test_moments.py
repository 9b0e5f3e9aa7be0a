"""Times of silences as people type them, in the zone of their logs."""

import contextlib
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from commands._moments import MORNING, asked_time, is_moment, is_past_moment, past, until, window
from tests.support.fakes.sources import at

NOW = at("2025-11-19T01:30:00")
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("30m", "2025-11-19T02:00:00"),
        ("1h30m", "2025-11-19T03:00:00"),
        ("tomorrow", "2025-11-19T07:00:00"),
        ("Tomorrow", "2025-11-19T07:00:00"),
        ("02:00", "2025-11-20T01:00:00"),
        ("22:30", "2025-11-19T21:30:00"),
        ("2025-11-20", "2025-11-19T23:00:00"),
        ("2025-11-20T22:30", "2025-11-20T21:30:00"),
        ("2025-11-20T22:30Z", "2025-11-20T22:30:00"),
    ],
)
def test_a_moment_is_the_next_that_the_word_means_in_the_zone(word: str, moment: str) -> None:
    assert is_moment(word)
    assert until(word, NOW, STOCKHOLM) == at(moment)


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("wednesday", "2025-11-18T23:00:00"),
        ("Monday", "2025-11-16T23:00:00"),
        ("torsdag", "2025-11-12T23:00:00"),
        ("yesterday", "2025-11-17T23:00:00"),
        ("2025-11-17", "2025-11-16T23:00:00"),
        ("01:10", "2025-11-19T00:10:00"),
        ("2h", "2025-11-18T23:30:00"),
    ],
)
def test_a_past_moment_is_the_newest_that_the_word_means_in_the_zone(
    word: str, moment: str
) -> None:
    assert is_past_moment(word)
    assert past(word, NOW, STOCKHOLM) == at(moment)


@pytest.mark.parametrize("word", ["soon", "", "2025-11-18", "2025-99-99", "200d", "25:00", "now"])
def test_what_is_no_time_to_come_is_refused_in_words(word: str) -> None:
    with pytest.raises(UsageError):
        until(word, NOW, STOCKHOLM)


@pytest.mark.parametrize(
    ("word", "begin", "end"),
    [
        ("now..2h", "2025-11-19T01:30:00", "2025-11-19T03:30:00"),
        ("..2h", "2025-11-19T01:30:00", "2025-11-19T03:30:00"),
        ("22:00..23:30", "2025-11-19T21:00:00", "2025-11-19T22:30:00"),
        ("22:00..02:00", "2025-11-19T21:00:00", "2025-11-20T01:00:00"),
        ("22:00..1h", "2025-11-19T21:00:00", "2025-11-19T22:00:00"),
        ("2025-11-21T10:00..2025-11-21T12:00", "2025-11-21T09:00:00", "2025-11-21T11:00:00"),
    ],
)
def test_a_window_begins_and_ends_where_it_says(word: str, begin: str, end: str) -> None:
    found = window(word, NOW, STOCKHOLM)
    assert found == (at(begin), at(end))
    assert [moment.tzinfo for moment in found] == [UTC, UTC]


@pytest.mark.parametrize("word", ["22:00", "x..y", "2025-11-21..2025-11-20", "now..", "..", "9..1"])
def test_what_is_no_window_is_refused_in_words(word: str) -> None:
    with pytest.raises(UsageError):
        window(word, NOW, STOCKHOLM)


@given(st.datetimes(timezones=st.just(STOCKHOLM)))
def test_tomorrow_is_always_the_next_eight_o_clock_on_the_wall(now: object) -> None:
    moment = until("tomorrow", now, STOCKHOLM)  # type: ignore[arg-type]
    assert moment.astimezone(STOCKHOLM).time() == MORNING
    ahead = moment.timestamp() - now.timestamp()  # type: ignore[attr-defined]
    assert 0 < ahead <= timedelta(hours=25).total_seconds()


@given(st.text(max_size=30))
def test_any_word_is_a_moment_or_a_sentence(word: str) -> None:
    for read in (until, window):
        with contextlib.suppress(UsageError):
            assert read(word, NOW, STOCKHOLM)


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        ("00:10", "01:10", "2025-11-18T23:10:00", "2025-11-19T00:10:00"),
        # What is still to come ends nothing: the time goes on until now.
        ("02:00", "03:00", "2025-11-19T01:00:00", None),
        ("23:00", "01:00", "2025-11-18T22:00:00", "2025-11-19T00:00:00"),
        ("2h", "30m", "2025-11-18T23:30:00", "2025-11-19T01:00:00"),
        ("yesterday", "today", "2025-11-17T23:00:00", "2025-11-18T23:00:00"),
        (None, "1h", None, "2025-11-19T00:30:00"),
    ],
)
def test_a_time_has_a_begin_and_an_end(
    since: str | None, until: str, begin: str | None, end: str | None
) -> None:
    options = {"until": until} | ({"since": since} if since else {})
    found = asked_time(options, NOW, STOCKHOLM)
    assert found == (begin and at(begin), end and at(end))


@pytest.mark.parametrize(
    ("since", "until"), [("02:00", "01:00"), ("1h", "2h"), ("today", "yesterday")]
)
def test_an_end_before_its_begin_is_no_time(since: str, until: str) -> None:
    with pytest.raises(UsageError, match="--until is a time after --since"):
        asked_time({"since": since, "until": until}, NOW, STOCKHOLM)
