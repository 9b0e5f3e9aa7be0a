"""Work grows with outside text as the text does: steps of 64 kB against 1 MB, without a clock."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from bot.border.passing import let_out, name
from bot.domain.mute import Mute
from bot.requests.command_text import unwrapped
from bot.sources.redis.item import item_of
from bot.text.redaction import presented, redact
from tests.attack import steps
from tests.attack.regex_steps import StepCounter, literals
from tests.attack.ways import events_of

SMALL, LARGE = 64 << 10, 1 << 20
# Read of a text that is bounded before: the first 2,000 bytes of an error, the first 4,096
# characters of a message or of what somebody typed, or matched at a message's beginning only.
BOUNDED = (
    "bot.sources.loki.http.",
    "bot.diagnosis.comparison.log_events._PATTERNS",
    "bot.diagnosis.publishing.signs._PATTERNS",
    "bot.requests.command_text._BOLD",
)
READERS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "border": (
        let_out,
        ("a=", "(", '"a": ', "\\u0041", "&#65;", "%41", "a.", "@a", "00 ", "'a', "),
    ),
    "name": (name, ("a.", "a/", "a_")),
    "our words": (presented, ("a=", "://", "00 ", "sk-", "@a", "00:")),
    "redacted": (redact, ("a=", "://", "00 ", "eyJ", "\x1b[0m")),
    "log": (
        lambda text: list(events_of(text)),
        ("k=", "%(a)s", '{"a":', "[a] ", "│ ", ": "),
    ),
    "JSON log": (lambda text: list(events_of(f'{{"event": "{text}')), ("a", "\\u0041", "{", "\\")),
    "Redis item": (lambda text: item_of("q", text), ("{", "[", '"a",', "\\u0041")),
    "glob": (lambda text: Mute(text).matches(f"a/b/{'a' * 200}"), ("*", "*a", "?", "[a]")),
    "command": (unwrapped, (" ?", "*", "&gt; ", " ", "<@U1> ")),
}


def test_the_steps_of_every_pattern_grow_as_its_text_does() -> None:
    found = {
        f"{pattern} {literal!r}"
        for pattern, used in steps.patterns().items()
        if not pattern.startswith(BOUNDED)
        for literal in literals(used.pattern)
        if steps.growth(used, literal) > steps.MOST_RATIO
    }
    assert found == set()


def _text(word: str, size: int) -> str:
    return word * (size // len(word))


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_calls_no_more_than_its_text_grows(reader: str) -> None:
    call, words = READERS[reader]
    for word in words:
        few, many = (steps.calls(partial(call, _text(word, size))) for size in (SMALL, LARGE))
        assert many <= steps.MOST_RATIO * few, (word, few, many)


@pytest.mark.parametrize(
    ("pattern", "text"), [(r"\s*\n", " "), (r"(?:a|b|ab)*c", "ab"), (r"a*b", "a")]
)
def test_a_pattern_that_starts_anew_at_each_character_is_seen(pattern: str, text: str) -> None:
    used = steps.Used(re.compile(pattern), anchored=False)
    assert steps.growth(used, text) > steps.MOST_RATIO


def test_a_pattern_is_followed_as_re_does() -> None:
    for pattern, text in ((r"(a|ab)(c|bcd)(d*)", "abcd"), (r"(?<=x)\d{2,3}?(?!y)", "x123y")):
        counter = StepCounter(re.compile(pattern), 1_000)
        assert counter.search_all(text) > 0
        found = [one.span() for one in re.finditer(pattern, text)]
        assert counter.found == found
