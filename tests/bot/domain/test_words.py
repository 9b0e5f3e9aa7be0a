"""Words are sequences of typed parts that join, nest and keep what is typed."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.words import Command, Id, Part, Span, Time, Words, joined, parts_of, words

AT = Time(datetime(2026, 2, 10, 9, 30, tzinfo=UTC))
SPAN = Span(timedelta(minutes=6))


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ((), ()),
        (("",), ()),
        (("a", "b"), ("ab",)),
        (("since ", AT, "", ", for ", SPAN), ("since ", AT, ", for ", SPAN)),
        ((words("a", AT), "b"), ("a", AT, "b")),
        ((words("a"), words("b")), ("ab",)),
        ((Id("x"), Command("/queue")), (Id("x"), Command("/queue"))),
    ],
)
def test_parts_are_flattened_and_strings_joined(
    given: tuple[Part | Words, ...], parts: tuple[Part, ...]
) -> None:
    assert words(*given).parts == parts


def test_words_add_to_strings_on_both_sides() -> None:
    assert ("at " + words(AT) + ".").parts == ("at ", AT, ".")


def test_joining_puts_the_separator_between_items_only() -> None:
    assert joined(", ", [Id("a"), words("b"), "c"]).parts == (Id("a"), ", b, c")
    assert joined(", ", []) == Words()


@pytest.mark.parametrize(("text", "parts"), [("", ()), ("a", ("a",)), (words(AT), (AT,))])
def test_a_text_gives_its_parts(text: str | Words, parts: tuple[Part, ...]) -> None:
    assert parts_of(text) == parts
