"""The parser's work grows with a line, not with its square: counted by time against a shorter one.

The ratio allows for what a machine does besides; a square would be 1,024. Steps and calls are
counted in test_steps; timed here is what they do not see, as a text that is copied at each of them.
"""

import time
from collections.abc import Callable
from datetime import UTC

import pytest

from bot.border.passing import let_out
from bot.domain.log import Role
from bot.sources.log_format.message import MAX_FILLED_CHARS, filled
from bot.sources.log_format.parser import parse_lines

CONSOLE = "2026-02-10 09:29:32 [error    ] "
LITERALS = (
    "k=v ", "k=", "0",
    "a.a.", " ", '"', '\\"', "'", "(", "[", "{", "[a] ", "[a] k=[", "extra={'a': ",
    "%s", "%(a)s", "&amp;", "%25", "\\u0041", "\x1b[0m", "\u200b", "eyJ.", "a@", "a://b:c@",
    "Bearer ", "-----BEGIN PRIVATE KEY-----", "Key (a)=(", "Traceback (most recent call last):\n",
    "07 0", "200102", "--password ", "ValueError: ", "(a.B) <class 'a.B'>: ", "\n", "a_", "…",
    "input_value=", "<Aa: '", "UUID('", "│", "\x08", "\u202e", "a ",
)  # fmt: skip
SMALL, LARGE = 4_096, 131_072
MOST_RATIO, NOISE_SECONDS = 60, 0.25


def _parsed(text: str) -> None:
    for event in parse_lines(
        text.encode().split(b"\n"), service="s", container="c", role=Role.CJ, zone=UTC
    ):
        assert f"{event.event}{event.error}" is not None


def _seconds(call: Callable[[str], object], text: str) -> float:
    before = time.process_time()
    call(text)
    return time.process_time() - before


def _grows_as_its_text_does(call: Callable[[str], object], head: str, literal: str) -> bool:
    small = _seconds(call, head + literal * (SMALL // len(literal)))
    large = _seconds(call, head + literal * (LARGE // len(literal)))
    return large < NOISE_SECONDS + MOST_RATIO * small


@pytest.mark.parametrize("literal", LITERALS)
@pytest.mark.parametrize("head", ["", CONSOLE, '{"event": "', "2026-02-10T08:36:51."])
def test_a_line_of_one_literal_is_read_in_linear_time(head: str, literal: str) -> None:
    assert _grows_as_its_text_does(_parsed, head, literal)


@pytest.mark.parametrize("literal", LITERALS)
def test_a_text_of_one_literal_passes_the_border_in_linear_time(literal: str) -> None:
    assert _grows_as_its_text_does(let_out, "", literal)


def test_a_template_that_names_one_argument_often_is_not_filled() -> None:
    template = "%(a)s" * 20_000
    assert len(filled(template, {"a": "x" * 60_000})) <= MAX_FILLED_CHARS
