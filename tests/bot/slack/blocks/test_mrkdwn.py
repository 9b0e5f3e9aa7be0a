"""The escape border: whatever comes in, nothing that pings or is cut in two goes out."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks import mrkdwn

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


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.9, "59 s"), (420, "7 min"), (7_500, "2 h 05 min"), (273_600, "3 d 4 h")],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert mrkdwn.duration(seconds) == said


def test_a_uuid_is_shortened_for_a_button() -> None:
    assert mrkdwn.short_ids("trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9") == "trace 8f3a11d7…"
