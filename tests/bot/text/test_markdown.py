"""Outside text as Markdown: no mention, wherever a part of a text ends."""

import re
from datetime import timedelta

import pytest

from bot.domain.words import Id, Span, Text, words
from bot.text.markdown import MarkdownWriter
from bot.text.times import UtcTimes


@pytest.mark.parametrize(
    "text",
    [
        "ask @channel",
        "a `@channel",
        words("ask @", Span(timedelta(days=9))),
        words("ask @", "channel"),
        words(Id("34"), "@channel"),
    ],
)
def test_no_text_mentions_anybody(text: Text) -> None:
    written = MarkdownWriter(UtcTimes()).text(text)
    assert not re.search(r"(?<![\w\u200b])@\w", written)


def test_an_address_stays_as_it_is() -> None:
    assert MarkdownWriter(UtcTimes()).text("bot@example.org") == "bot@example.org"
