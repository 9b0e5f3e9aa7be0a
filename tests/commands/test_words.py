"""Words survive whatever a phone, a chat window or a hostile hand puts around them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.registry import Usage
from commands._words import MAX_CHARS, choose, misuse, nearest, span, split_options, tokens

UUID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   \t ", []),
        ("status 34", ["status", "34"]),
        ("Status `34`.", ["Status", "34"]),
        ("status “34”,", ["status", "34"]),
        ("status ‘#34’", ["status", "#34"]),
        (f"`{UUID}`", [UUID]),
        (f"<{UUID}>", [UUID]),
        (f"<http://x.example/{UUID}|{UUID}>", [UUID]),
        ("<tel:0034|0034>", ["0034"]),
        ("<#C123|incidents> <@U9|ann> <!channel>", ["#C123", "@U9", "channel"]),
        ("<", ["<"]),
        (f"{UUID}.", [UUID]),
        (f"({UUID})", [UUID]),
        ("status\u00a034", ["status", "34"]),
        ("sta\u200btus \u202e34\u202c", ["status", "34"]),
        ("34 —since 2h", ["34", "--since", "2h"]),
        ("34 — since 2h", ["34", "--since", "2h"]),
        (UUID.replace("-", "\u2011"), [UUID]),
        ("34\x00\x07\x1b[31m", ["34", "31m"]),
        ("34; DROP TABLE x; --", ["34", "DROP", "TABLE", "x", "--"]),
        ("🔥 34 👩‍💻", ["🔥", "34", "👩💻"]),
        ("... , !", []),
        ("serial-bundle-20251119-0018", ["serial-bundle-20251119-0018"]),
        ("_private_", ["_private"]),
    ],
)
def test_tokens_are_the_words_that_were_meant(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_ten_kilobytes_of_arguments_are_refused_with_a_sentence() -> None:
    with pytest.raises(UsageError, match="10,000 characters"):
        tokens("x" * 10_000)


def test_too_many_words_are_refused() -> None:
    with pytest.raises(UsageError, match="words"):
        tokens("a " * 1_000)


@given(st.text(max_size=MAX_CHARS))
def test_tokens_never_raise_on_a_line_of_bearable_length_and_few_words(text: str) -> None:
    try:
        words = tokens(text)
    except UsageError:
        return
    assert all(word and not any(char.isspace() for char in word) for word in words)
    assert not any(mark in word for word in words for mark in "`\"'“”\u200b\x00\n")


@given(st.lists(st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True), max_size=20))
def test_plain_words_come_back_as_they_are(words: list[str]) -> None:
    assert tokens("  ".join(words)) == words


@pytest.mark.parametrize(
    ("word", "expected"),
    [("statsu", "status"), ("STATUS", "status"), ("lst", "list"), ("zzz", None), ("", None)],
)
def test_nearest_offers_what_was_likely_meant(word: str, expected: str | None) -> None:
    assert nearest(word, ("status", "list", "investigate")) == expected


def test_choose_ignores_the_capital_a_phone_adds() -> None:
    assert choose("Status", ("status", "list")) == "status"
    assert choose("stat", ("status", "list")) is None


def test_options_are_taken_out_of_the_words() -> None:
    words = ["cj", "--since", "2h", "boom", "--HERE", "--level=error"]
    assert split_options(words, valued=("since", "level")) == (
        ("cj", "boom"),
        {"since": "2h", "here": "yes", "level": "error"},
    )


def test_a_lone_double_dash_is_a_word() -> None:
    assert split_options(["34", "--"]) == (("34", "--"), {})


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--sinse", "2h"], "no option --sinse", "Did you mean --since?"),
        (["--since"], "--since needs a value", ""),
        (["--since", "--here"], "--since needs a value", ""),
    ],
)
def test_a_wrong_option_says_what_is_wrong(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        split_options(words, valued=("since",))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("30min", timedelta(minutes=30)),
        ("1h30m", timedelta(minutes=90)),
        ("2H", timedelta(hours=2)),
        ("1w", timedelta(weeks=1)),
        ("0s", None),
        ("999999w", None),
        ("2", None),
        ("h2", None),
        ("2h!", None),
        ("٣h", None),
    ],
)
def test_spans_are_read_or_refused(text: str, expected: timedelta | None) -> None:
    assert span(text) == expected


def test_misuse_shows_usage_and_the_nearest_match() -> None:
    usages = (Usage("status <id>", "what is wrong with a batch", "/batch status 34"),)
    error = misuse("There is no statsu.", "batch", usages, word="statsu", choices=("status",))
    assert error.usage == ("/batch status <id> - what is wrong with a batch",)
    assert error.hint == "Did you mean status?"
