"""Answers that took no time are alerted on, but for those that a request asked a mock for."""

from datetime import timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.mock_answers import MockAnswers
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said


def line(provider: str, took: str, role: Role = Role.LLM_PROVIDER) -> LogEvent:
    text = f"Comparison processing successful for provider {provider}, correlation_id: a"
    return said(NOW, f"{text}, response_time: {took}", role=role)


@pytest.mark.parametrize(
    ("events", "headline"),
    [
        ([line("anthropic", "0ms")] * 5,
         "A mock answers in place of the model: 5 answers in no time"),
        ([line("anthropic", f"{took}ms") for took in (0, 1, 2, 4)],
         "A mock answers in place of the model: 4 answers in no time"),
        ([line("anthropic", "5ms"), line("anthropic", "42ms")], ""),
        ([line("anthropic", "0ms")], ""),
        ([line("anthropic", "640ms")] * 5, ""),
        ([line("mock", "0ms")] * 5, ""),
        ([line("anthropic", "0ms", Role.RUNNER)] * 5, ""),
    ],
)  # fmt: skip
async def test_answers_in_no_time_are_alerted_on(events: list[LogEvent], headline: str) -> None:
    watches = [
        GivenWatch(NOW, NOW - TICK, logs=Followed(tuple(events))),
        GivenWatch(NOW + timedelta(seconds=30), NOW, logs=Followed(())),
    ]
    found = (await played(MockAnswers(QuietSettings()), watches)).conditions
    assert [str(one.headline) for one in found] == ([headline] if headline else [])
