"""Typed text in UTC: the date is said once where all times share it, ids are short."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import terminal
from bot.domain.report import Report, TimelineEntry
from bot.domain.words import Command, Id, Span, Text, Time, words
from bot.text.markdown import MarkdownWriter
from bot.text.markdown_report import render
from bot.text.times import UtcTimes
from bot.text.wording import sentence

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
TEXT = words(
    "*Item* ", Id("8f3a11d7-9411-4ca2-9999-59a9d18c5da9"), " waits", Time(AT, " since "),
    " (", Span(timedelta(minutes=6)), "): ", Command("/queue"),
)  # fmt: skip
DAYS = st.lists(st.integers(0, 2 * 86_400).map(lambda s: AT + timedelta(seconds=s)), max_size=5)


@pytest.mark.parametrize(
    ("moments", "at", "notice"),
    [
        ([AT, AT + timedelta(minutes=1)], "23:19:26", "Times are in UTC on 2025-11-18."),
        ([AT, AT + timedelta(hours=1)], "2025-11-18 23:19:26", "Times are in UTC."),
        ([], "2025-11-18 23:19:26", ""),
    ],
)
def test_the_date_is_said_once_where_all_times_share_it(
    moments: list[datetime], at: str, notice: str
) -> None:
    times = UtcTimes.of(moments)
    assert (times.at(AT), times.notice) == (at, notice)


def test_running_text_has_short_ids_and_markdown_has_them_as_code() -> None:
    times = UtcTimes.of([AT])
    assert times.text(TEXT) == "*Item* 8f3a11d7 waits since 23:19:26 (6 min): /queue"
    assert MarkdownWriter(times).text(TEXT) == (
        r"\*Item\* `8f3a11d7` waits since 23:19:26 (6 min): `/queue`"
    )


def test_json_has_iso_times_and_whole_ids() -> None:
    report = Report("x", TEXT, facts={"age": timedelta(seconds=5), "since": words(Time(AT))})
    assert report.as_json()["title"] == (
        "*Item* 8f3a11d7-9411-4ca2-9999-59a9d18c5da9 waits since 2025-11-18T23:19:26+00:00 "
        "(6 min): /queue"
    )
    assert report.as_json()["facts"] == {"age": 5.0, "since": "2025-11-18T23:19:26+00:00"}


@given(DAYS)
def test_a_whole_answer_has_one_clock_and_names_its_zone_once(moments: list[datetime]) -> None:
    report = Report(
        "x",
        words("Batch 33", *(Time(at, " at ") for at in moments[:1])),
        facts={"begun": moments[-1] if moments else None, "steps": [{"at": at} for at in moments]},
        timeline=tuple(TimelineEntry(at, "cj", "logs", words(Time(at))) for at in moments),
    )
    days = {at.date() for at in moments}
    for text in (terminal.printed(report), render(report)):
        assert len(re.findall("UTC", text)) == bool(moments)
        assert not re.search(r"\dZ|T\d\d:|\+00", text)
        if len(days) == 1:
            assert text.count(str(days.pop())) == 1
            days = {at.date() for at in moments}


@pytest.mark.parametrize(
    ("text", "said"),
    [("gone", "gone."), ("gone. ", "gone."), (words(Time(AT)), words(Time(AT), ".")),
     (words(Time(AT), " gone."), words(Time(AT), " gone."))],
)  # fmt: skip
def test_a_sentence_ends_with_one_full_stop(text: Text, said: Text) -> None:
    assert sentence(text) == said
