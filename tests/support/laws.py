"""Holds each finding and condition that any test makes to the laws of its words; a plug-in.

A cause (`what`, `why`) and a remedy are never cut, so they are written to fit, after filling in;
and they are people's words: columns, enum values and rule ids stand in the evidence. One of a thing
is said in the singular, with a verb that agrees.
"""

import sys
from collections.abc import Callable, Generator
from functools import lru_cache, wraps
from typing import Any

import pytest

from bot.domain.alert import Condition
from bot.domain.ids import short_id
from bot.domain.report import Finding
from bot.domain.words import Id, Part, Text, Time, spelled, words
from bot.slack.blocks.alert_details import remedy
from bot.slack.blocks.typed_steps import split_step
from bot.text.wording import split_command
from tests.support.code_names import code_names
from tests.support.grammar import disagreements

WHAT, WHY, REMEDY, HEADLINE = 80, 120, 90, 78
# What a reader sees of a time, and the longest that stands for an unknown word of outside text.
TIME = "18 Nov 23:48"

_problems: list[str] = []


def _shown(part: Part) -> str:
    if isinstance(part, Time):
        return f"{part.lead}{TIME}"
    return short_id(part.value) if isinstance(part, Id) else str(words(part))


def _judge(owner: str, texts: dict[str, tuple[Text, int]]) -> None:
    for name, (text, most) in texts.items():
        shown = spelled(text, _shown)
        if names := _code_names(spelled(split_step(split_command(text)[0])[0], _shown)):
            _problems.append(f"{owner}: {name} says {', '.join(names)}: {shown!r}")
        if len(shown) > most:
            _problems.append(f"{owner}: {name} has {len(shown)} of {most}: {shown!r}")


def _agree(owner: str, *texts: Text) -> None:
    for text in texts:
        shown = spelled(text, _shown)
        _problems.extend(f"{owner}: {place!r} in {shown!r}" for place in _disagreements(shown))


# The same words are made tick after tick.
@lru_cache(maxsize=4_096)
def _code_names(shown: str) -> tuple[str, ...]:
    return tuple(code_names(shown))


@lru_cache(maxsize=4_096)
def _disagreements(shown: str) -> tuple[str, ...]:
    return tuple(disagreements(shown))


def _finding(one: Finding) -> None:
    first: Text = one.next[0] if one.next else ""
    told = {"what": (one.what, WHAT), "why": (one.why, WHY), "remedy": (first, REMEDY)}
    _judge(one.rule, told)
    _agree(one.rule, one.what, one.why, *one.next, *(line.text for line in one.evidence))


def _condition(one: Condition) -> None:
    told = {"headline": (one.headline, HEADLINE), "why": (one.why, WHY)}
    _judge(one.rule, {**told, "remedy": (remedy(one), REMEDY)})
    own = (one.headline, one.title, one.why, *one.next)
    _agree(one.rule, *own, *(line.text for line in one.evidence))
    if not one.headline:
        _problems.append(f"{one.rule}: it has no headline")


def _watched(made: Callable[..., None], judge: Callable[[Any], None]) -> Callable[..., None]:
    """Judge what the bot itself makes; tests make others as they like."""

    @wraps(made)
    def init(self: Any, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        if sys._getframe(1).f_globals.get("__name__", "").startswith(MAKERS):
            judge(self)

    return init


# Tests of single rooms, in which each rule and detector speaks; days as a whole are held elsewhere.
OF_RULES = ("tests/bot/", "tests/commands/")
MAKERS = ("bot.diagnosis.", "bot.detectors.", "bot.alerts.")
Finding.__init__ = _watched(Finding.__init__, _finding)  # type: ignore[method-assign]
Condition.__init__ = _watched(Condition.__init__, _condition)  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail the test in which words were too long to be shown whole, or did not agree."""
    before = len(_problems)
    answer = yield
    found = _problems[before:] if item.nodeid.startswith(OF_RULES) else []
    if found:
        pytest.fail(f"words that do not fit: {'; '.join(found[:5])}", pytrace=False)
    return answer
