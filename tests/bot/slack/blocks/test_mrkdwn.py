"""The escape border: whatever comes in, nothing that pings or is cut in two goes out."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.report import Table
from bot.domain.words import Command, Id, Span, Time, words
from bot.slack.blocks import elements, mrkdwn

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
HOSTILE = st.text(st.characters(codec=None), max_size=300) | st.sampled_from(
    [
        "<!channel> <!here> <@U123> <#C1|x> <https://evil|your bank>",
        "```\n<!here>\n```",
        "\x1b[31mred\x1b[0m \x1b]0;title\x07",
        "\u202etxt.exe\u202c \ud800 \udfff \x00",
        "&lt;!here&gt; &amp;amp;",
    ]
)
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@given(HOSTILE, st.integers(1, 120))
def test_mrkdwn_holds_no_token_and_whole_entities_only(raw: str, limit: int) -> None:
    shown = mrkdwn.mrkdwn(raw, limit)
    assert len(shown) <= limit
    assert "<" not in shown
    assert ">" not in shown
    assert not ENTITY.search(shown)
    json.dumps(shown).encode()
    shown.encode()


@given(HOSTILE, st.integers(1, 120))
def test_a_literal_pings_nobody_even_when_copied(raw: str, limit: int) -> None:
    shown = mrkdwn.literal(raw, limit)
    assert len(shown) <= limit
    assert not re.search(r"<[!@#]", shown)
    shown.encode()
    assert not any(ord(char) < 32 for char in shown)


@pytest.mark.parametrize("limit", range(1, 20))
def test_a_clamp_never_leaves_half_an_entity_or_token(limit: int) -> None:
    shown = mrkdwn.clamp("a &amp; <!date^1^{time}|x> &lt;b", limit)
    assert len(shown) <= limit
    assert shown.count("<") == shown.count(">")
    assert not ENTITY.search(shown)


def test_a_backtick_cannot_end_a_code_span() -> None:
    assert mrkdwn.code("a`b", 20) == "`aˋb`"


def test_a_megabyte_is_read_only_in_part() -> None:
    assert len(mrkdwn.escape("&" * 1_000_000)) <= mrkdwn.MAX_READ_CHARS * len("&amp;")


def test_a_time_is_a_date_token_with_utc_as_its_fallback() -> None:
    token = mrkdwn.date_token(datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC))
    assert token == "<!date^1763507966^{date_short_pretty} {time_secs}|2025-11-18 23:19:26 UTC>"


TYPED = words(
    "Item ", Id("8f3a11d7-9411-4ca2-9999-59a9d18c5da9"), " waits", Time(AT, " since "),
    " (", Span(timedelta(minutes=6)), "): type ", Command("/queue"), " <b> & wait",
)  # fmt: skip


def test_typed_text_in_mrkdwn_has_date_tokens_and_code() -> None:
    assert mrkdwn.mrkdwn(TYPED, 500) == (
        f"Item `8f3a11d7` waits since {mrkdwn.date_token(AT)} (6 min): type `/queue` "
        "&lt;b&gt; &amp; wait"
    )


def test_a_place_without_dates_shows_no_time_and_no_lead() -> None:
    assert mrkdwn.literal(TYPED, 500) == "Item 8f3a11d7 waits (6 min): type /queue <b> & wait"


def test_typed_text_in_rich_text_has_date_elements_and_code() -> None:
    shown = elements.pieces(TYPED, 500)
    assert [one.get("text", one["type"]) for one in shown] == [
        "Item ", "8f3a11d7", " waits", " since ", "date", " (", "6 min", "): type ", "/queue",
        " <b> & wait",
    ]  # fmt: skip
    assert [one["text"] for one in shown if one.get("style")] == ["8f3a11d7", "/queue"]


def test_a_number_is_named_where_no_head_of_a_table_stands_above() -> None:
    rows = (("⚠️", "33", "34/100", "376 d", "66 errors"), ("✅", "32", "-", "1 min 20 s", "well"))
    grid = elements.table(Table(("", "batch", "valid", "age", "state"), rows), 5, 40)["rows"]
    told = elements.plain_table(grid)["elements"]
    lines = ["".join(one["text"] for one in row["elements"]) for row in told]
    assert [line.replace("\xa0", " ") for line in lines] == [
        "⚠️ batch 33 · valid 34/100 · age 376 d · 66 errors",
        "✅ batch 32 · age 1 min 20 s · well",
    ]


def test_a_date_that_follows_at_stands_without_it() -> None:
    told = words("It restarted", Time(AT, " at "), " and ended", Time(AT, " since "))
    assert "restarted <!date" in str(mrkdwn.mrkdwn(told, 400))
    assert "since <!date" in str(mrkdwn.mrkdwn(told, 400))
    shown = [one.get("text", one["type"]) for one in elements.pieces(told, 400)]
    assert shown == ["It restarted", " ", "date", " and ended", " since ", "date"]


def test_typed_text_is_cut_to_its_room() -> None:
    shown = elements.pieces(words("a" * 30, Time(AT), "b" * 30), 60)
    assert [one.get("text", one["type"]) for one in shown] == ["a" * 30, "date", "b" * 9 + "…"]


def test_a_cell_with_a_time_is_rich_text_and_a_line_where_there_are_no_tables() -> None:
    grid = elements.table(Table(("step", "at"), (("sent", words(Time(AT))),)), 5, 40)["rows"]
    assert [[cell["type"] for cell in row] for row in grid] == [
        ["raw_text", "raw_text"], ["raw_text", "rich_text"],
    ]  # fmt: skip
    (row,) = elements.plain_table(grid)["elements"]
    assert [one["type"] for one in row["elements"]] == ["text", "text", "date"]


def test_a_uuid_is_shortened_for_a_button() -> None:
    assert mrkdwn.short_ids("trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9") == "trace 8f3a11d7"
