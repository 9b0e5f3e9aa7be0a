"""Work grows with outside text as the text does: steps of 16 kB against 256 kB, without a clock."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from bot.border.passing import let_out, name
from bot.domain.callbacks.contract import seen_of
from bot.domain.evidence import TOPIC
from bot.domain.ids import label_of_request
from bot.domain.mute import Mute
from bot.errors import BatchbotError
from bot.requests.command_text import unwrapped
from bot.sources.redis.item import item_of
from bot.text.redaction import presented, redact
from tests.attack import steps, takers
from tests.attack.regex_steps import StepCounter, literals
from tests.attack.ways import events_of

SIZES = (steps.SMALL_CHARS, steps.LARGE_CHARS)
# Of those that call for each character, and of what somebody typed, of which Slack sends 4,000
# characters: a shorter text may be read in another way.
TYPED_SIZES = (256, 2 << 10)
# Read of a text that is bounded before: the first 2,000 bytes of an error, the first 4,096
# characters of a message or of what somebody typed, a command of ours in a button, or matched at a
# message's beginning only.
BOUNDED = (
    "bot.sources.loki.http.",
    "bot.sources.loki.refusals.",
    "bot.diagnosis.comparison.log_events._PATTERNS",
    "bot.diagnosis.publishing.signs._PATTERNS",
    "bot.requests.command_text._BOLD",
    "bot.requests.questions.words.times._DAYS",
    "bot.slack.blocks.command_buttons._LABELS",
)
# Patterns within a function, and why their steps need no count.
_ROW = "the pattern is a row's, and counted with its table"
INLINE = {
    "bot.sources.log_search.level_marks._named": "one level's name, as it is",
    "bot.deferred.__getattr__": "compiles what stands at a module's top, where it is counted",
    "bot.cli.doctor.sources.examine_source": "signs of ours in a detail of ours",
    "bot.diagnosis.batch.without_database._names": "one id, between digits",
    "bot.diagnosis.publishing.signs._sign": "one uuid in one field",
    "bot.drivers.network.has_port_above": "one character at a time",
    "bot.requests.command_text.offers_meant": "one word as it was typed",
    "bot.requests.questions.words.codes._is_told": "what somebody typed, of 4,000 characters",
    "bot.requests.questions.words.calendar._month_of": "one month's name, from its beginning",
    "bot.requests.questions.words.calendar._number": "one word of a date, from its beginning",
    "bot.requests.questions.words.codes.codes_in": "the numbers of one short list",
    "bot.requests.questions.words.times._made": "one time, as a pattern took it",
    "bot.requests.questions.words.times._shape": "makes patterns that are counted by their names",
    "bot.requests.questions.words.times._take_parts": "what somebody typed, of 4,096 characters",
    "bot.requests.questions.words.times.span": "one length, as a pattern took it",
    "bot.slack.inbound.listeners._listen_for_commands": "names of ours, matched from the beginning",
    "bot.slack.inbound.listeners._listen_for_presses": "takes any id",
    "bot.slack.inbound.listeners.slash": "names of ours, matched from the beginning",
    "bot.slack.inbound.listeners.press": "takes any id",
    "bot.sources.docker.errors._answer": _ROW,
    "bot.sources.kafka.errors.kafka_error": _ROW,
    "bot.sources.redis.errors.redis_error": _ROW,
    "bot.sources.log_search.scan._word_hits": "one word, as it is, and what is left of its line",
    "bot.sources.log_format.codec._last": "all is taken at once, then stepped back over once",
    "bot.sources.log_format.json_line._found": "each attempt ends at the next quote",
}
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
    "callback": (lambda text: seen_of(text.encode(), takers.AT), ("{", '{"data": ', "[", '"a",')),
    "request": (
        lambda text: label_of_request(text.encode(), takers.AT, TOPIC),
        ('{"metadata": ', "[", "\\u0041"),
    ),
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


def test_no_pattern_is_written_where_its_steps_are_not_counted() -> None:
    assert steps.inline() - set(INLINE) == set()


def _text(word: str, size: int) -> str:
    return word * (size // len(word))


def test_every_function_that_takes_a_text_is_judged_or_says_why_not() -> None:
    assert takers.left_out() == set()
    assert all(takers.OTHERWISE.values())


@pytest.mark.parametrize("share", range(2))
def test_no_function_that_takes_a_text_calls_more_than_its_text_grows(share: int) -> None:
    own, found = takers.own_literals(), set()
    for taker, call in list(takers.takers().items())[share::2]:
        small, large = TYPED_SIZES if takers.is_short(taker) else SIZES
        for word in (*takers.GENERIC, *own.get(taker.rpartition(".")[0], [])[:2]):
            few, many = (_calls(call, _text(word, size)) for size in (small, large))
            # A short text may be read in another way; each character may cost a call.
            if many > steps.MOST_MORE * large / small * max(few, small):
                found.add(f"{taker} {word!r}: {few}, {many}")
    assert found == set()


def _calls(call: Callable[[str], object], text: str) -> int:
    """Return how many calls it takes to read a text, or to say that it cannot be read."""

    def read() -> None:
        with suppress(ValueError, BatchbotError):
            call(text)

    return steps.calls(read)


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_calls_no_more_than_its_text_grows(reader: str) -> None:
    call, words = READERS[reader]
    for word in words:
        few, many = (steps.calls(partial(call, _text(word, size))) for size in SIZES)
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
