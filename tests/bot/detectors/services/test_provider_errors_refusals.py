"""What refuses every request is told by itself and at once, whatever failed besides."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from bot.detectors.services.provider_errors import ProviderErrors, ProviderErrorsSettings
from bot.domain.alert import Condition
from bot.domain.log import Followed, LogEvent, Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

KEY = 'Anthropic API call failed: 401, message=\'{"error": {"message": "invalid x-api-key"}}\''
CREDIT = "Anthropic API call failed: 400, message='Your credit balance is too low'"
BUSY = "Anthropic API call failed: 429, message='Too Many Requests'"
SLOW = "LLM service error processing request 8f3a: [RATE_LIMIT] slow down"


def failed(number: int, why: str, seconds: float = 0) -> LogEvent:
    text = f"Request {UUID(int=number)} failed with HuleEduError: {why}"
    at = NOW + timedelta(seconds=seconds)
    return said(at, text, role=Role.LLM_PROVIDER, level="error")


def answered(seconds: float = 0) -> LogEvent:
    text = f"Request {UUID(int=99)} completed successfully, correlation_id: {UUID(int=98)}"
    return said(NOW + timedelta(seconds=seconds), text, role=Role.LLM_PROVIDER)


async def conditions(*ticks: Sequence[LogEvent]) -> tuple[Condition, ...]:
    watches = [
        GivenWatch(NOW + TICK * (n + 1), NOW + TICK * n, logs=Followed(tuple(events)))
        for n, events in enumerate(ticks)
    ]
    return (await played(ProviderErrors(ProviderErrorsSettings()), watches)).conditions


@pytest.mark.parametrize(
    ("ticks", "told"),
    [
        # A bundle's requests at once; two requests while nothing is answered for 15 s.
        ([[failed(n, CREDIT) for n in range(8)]], ["credit_used_up"]),
        ([[failed(1, KEY)], [failed(2, KEY, 16)]], ["key_refused"]),
        # One request that is tried again and again, and what others are answered meanwhile.
        ([[failed(1, KEY)], [failed(1, KEY, 16)], [failed(1, KEY, 31)]], []),
        ([[failed(1, KEY), failed(2, KEY)], [answered(16), failed(3, KEY, 17)]], []),
        ([[failed(n, KEY) for n in range(8)], [answered(16)]], []),
        # What passes by itself is no refusal.
        ([[failed(n, BUSY) for n in range(4)], [failed(5, BUSY, 16)]], []),
    ],
    ids=["bundle", "for a while", "one request", "others answered", "over", "passes"],
)
async def test_what_refuses_every_request_is_told_by_its_cause(
    ticks: list[list[LogEvent]], told: list[str]
) -> None:
    found = await conditions(*ticks)
    refused = [one.subject for one in found if one.subject != "llm_provider"]
    assert refused == [f"llm_provider_{reason}" for reason in told]


async def test_a_key_that_is_refused_leads_though_a_rate_limit_came_first() -> None:
    slow = [said(NOW, SLOW, role=Role.LLM_PROVIDER) for _ in range(6)]
    refused = [failed(n, KEY, 16 + n) for n in range(6)]
    (first, burst) = await conditions(slow, refused, [failed(7, KEY, 31)])
    assert first.headline == "Model provider refuses all: no valid key (401)"
    assert first.since == NOW + timedelta(seconds=16)
    assert "a valid API key" in str(first.next[0])
    assert burst.subject == "llm_provider"
    assert "401" not in str(burst.title)


async def test_a_refusal_is_no_burst_besides_and_none_after_it() -> None:
    refused = [failed(n, KEY, n) for n in range(8)]
    (only,) = await conditions(refused, [failed(9, KEY, 16)])
    assert only.subject == "llm_provider_key_refused"
    assert await conditions(refused, [failed(9, KEY, 16)], [answered(31)], [answered(46)]) == ()


async def test_a_refusal_goes_on_where_another_process_left_it() -> None:
    first = ProviderErrors(ProviderErrorsSettings())
    watch = GivenWatch(NOW + TICK, NOW, logs=Followed((failed(1, KEY),)))
    sample = await first.sample(watch)
    second = ProviderErrors(ProviderErrorsSettings())
    second.resume([sample])
    later = GivenWatch(NOW + TICK * 2, NOW + TICK, logs=Followed((failed(2, KEY, 16),)))
    (run,) = (await second.sample(later)).data["refusals"]
    assert (run["for_all"], len(run["ids"])) == (True, 2)
