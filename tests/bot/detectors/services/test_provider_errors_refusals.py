"""What refuses every request is told by itself and at once, whatever failed besides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bot.detectors.services.provider_errors import ProviderErrors, ProviderErrorsSettings
from bot.domain.alert import Condition
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

KEY = 'Anthropic API call failed: 401, message=\'{"error": {"message": "invalid x-api-key"}}\''
CREDIT = "Anthropic API call failed: 400, message='Your credit balance is too low'"
DENIED = "Anthropic API call failed: 403, message='permission_error'"
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
        # An answer that only an accepted key gets, be it a refusal too.
        ([[failed(n, KEY) for n in range(8)], [failed(9, CREDIT, 16)]], []),
        ([[failed(n, CREDIT) for n in range(8)], [failed(9, KEY, 16)]], ["credit_used_up"]),
        # What was for all and was not: it is told of again when nothing was answered for long.
        (
            [
                [failed(n, KEY) for n in range(8)],
                [answered(16)],
                [failed(n, KEY, 31) for n in range(8)],
            ],
            [],
        ),
        (
            [
                [failed(n, KEY) for n in range(8)],
                [answered(16)],
                *[[failed(20 + n, KEY, 31 + 15 * n)] for n in range(21)],
            ],
            ["key_refused"],
        ),
        # What the key may not is no word on the key.
        ([[failed(n, DENIED) for n in range(8)]], ["permission_denied"]),
        ([[failed(n, KEY) for n in range(8)], [failed(9, DENIED, 16)]], []),
        # What passes by itself is no refusal.
        ([[failed(n, BUSY) for n in range(4)], [failed(5, BUSY, 16)]], []),
    ],
    ids=[
        "bundle",
        "for a while",
        "one request",
        "others answered",
        "over",
        "accepted key",
        "refused key",
        "in doubt",
        "in doubt no more",
        "denied",
        "known key",
        "passes",
    ],
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


async def test_what_fails_otherwise_while_all_is_refused_is_told_of_the_outbreak_before() -> None:
    slow = [said(NOW, SLOW, role=Role.LLM_PROVIDER) for _ in range(6)]
    refused = [failed(n, DENIED, 16 + n / 10) for n in range(6)] + [failed(20, CREDIT, 17)]
    first, burst = await conditions(slow, refused)
    assert first.subject == "llm_provider_permission_denied"
    assert "credit is used up (400)" in str(burst.title)
    assert "permission" not in str(burst.title)


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


async def test_the_batches_of_a_refusal_are_those_whose_requests_it_refused() -> None:
    """Others fail at the same time for reasons of their own."""

    def taken(number: int, batch: int) -> LogEvent:
        event = said(NOW, f"Callback processed for batch {batch}, workflow continues", role=Role.CJ)
        return replace(event, fields={"request_id": str(UUID(int=number)), "is_error": True})

    cut = "Anthropic truncated response due to max_tokens limit"
    first = [failed(n, CREDIT) for n in range(6)] + [failed(20, cut)]
    found = await conditions(first, [taken(20, 20), *(taken(n, 18) for n in range(6))])
    (told,) = [one for one in found if one.subject.endswith("credit_used_up")]
    assert told.batch == "18"
    assert "refuses all for batch 18: credit used up (400)" in str(told.headline)


async def test_what_hit_another_batch_is_laid_at_none_of_a_refusal() -> None:
    """It stands as evidence, with the batch that it hit."""

    def taken(number: int, batch: int) -> LogEvent:
        event = said(NOW, f"Callback processed for batch {batch}, workflow continues", role=Role.CJ)
        return replace(event, fields={"request_id": str(UUID(int=number)), "is_error": True})

    lines = [*(failed(n, DENIED) for n in range(6)), failed(20, CREDIT)]
    for whose, mine in ((10, False), (11, True)):
        owners = [taken(20, whose), *(taken(n, 11) for n in range(6))]
        found = await conditions(lines, owners)
        (told,) = [one for one in found if one.subject.endswith("permission_denied")]
        assert told.batch == "11"
        assert ("credit" in str(told.title)) is mine
        assert any("Top up" in str(one) for one in told.next) is mine
        besides = [one.text for one in told.evidence if "in batch 10" in one.text]
        assert besides == ["HTTP 400, credit_used_up in batch 10"] * (not mine)


@pytest.mark.parametrize(
    ("after", "over"),
    [(answered(16), "its answers come again"),
     (failed(9, CREDIT, 16), "it does not refuse all for that any more")],
)  # fmt: skip
async def test_a_refusal_ends_as_answered_only_where_something_was(
    after: LogEvent, over: str
) -> None:
    ticks = [[failed(n, KEY) for n in range(8)], [after], []]
    detector = ProviderErrors(ProviderErrorsSettings())
    watches = [
        GivenWatch(NOW + TICK * (n + 1), NOW + TICK * n, logs=Followed(tuple(events)))
        for n, events in enumerate(ticks)
    ]
    judgement = await played(detector, watches)
    assert str(judgement.closing["llm_provider_key_refused"]) == over
