from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors.provider_errors import ProviderErrors, ProviderErrorsSettings
from bot.diagnosis.span import clock
from bot.domain.log import Followed, LogEvent, Role
from bot.domain.service_state import ServiceHealth
from tests.bot.detectors.scenes import NOW, TICK, played, told
from tests.bot.detectors.watches import GivenWatch, said

BUNDLE = "Serial bundle processing hit provider error"
ITEM = "Request 8f3a failed: [EXTERNAL_SERVICE_ERROR] overloaded, correlation_id: 1"
SINGLE = "LLM service error processing request 8f3a: [RATE_LIMIT] slow down"
DONE = "Request 8f3a completed successfully, correlation_id: 1"


def lines(text: str, count: int) -> list[LogEvent]:
    return [said(NOW, text, role=Role.LLM_PROVIDER) for _ in range(count)]


@pytest.mark.parametrize(
    ("events", "severity"),
    [
        ([*lines(SINGLE, 5), *lines(DONE, 15)], ["warn"]),
        ([*lines(SINGLE, 6), *lines(DONE, 4)], ["error"]),
        ([*lines(SINGLE, 4), *lines(DONE, 1)], []),
        ([*lines(SINGLE, 5), *lines(DONE, 40)], []),
        # One failure of a bundle of eight is one failure.
        ([*lines(BUNDLE, 1), *lines(ITEM, 8), *lines(DONE, 20)], []),
        ([*lines(ITEM, 8), *lines(DONE, 4)], ["error"]),
        (lines("Circuit breaker open: anthropic", 1), ["error"]),
        (lines(DONE, 50), []),
    ],
)
async def test_a_burst_of_real_failures_is_told(
    events: list[LogEvent], severity: list[str]
) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    spread = [Followed(tuple(events[n::4])) for n in range(4)]
    watches = [GivenWatch(NOW - TICK * (4 - n), NOW, logs=logs) for n, logs in enumerate(spread)]
    assert told(await played(detector, watches), lambda c: c.severity.value) == severity


async def test_an_open_circuit_and_mock_mode_are_named() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    health = ServiceHealth("llm_provider_service", NOW, "healthy", True, ("anthropic",))
    watch = GivenWatch(NOW, NOW, logs=Followed(), services=(health,))
    (condition,) = (await played(detector, [watch])).conditions
    assert "circuit breaker is open" in condition.title
    assert "MOCK MODE" in condition.title
    calm = replace(watch, services=(replace(health, open_circuits=()),))
    assert told(await played(detector, [calm])) == []


async def test_a_burst_is_over_after_fifteen_quiet_minutes_and_not_before() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    failed, answered = Followed(tuple(lines(SINGLE, 6))), Followed(tuple(lines(DONE, 20)))
    quiet = timedelta(minutes=15)

    async def open_after(span: timedelta) -> list[str]:
        """Play a burst that ends `span` before NOW, with answers that come again after it."""
        ticks = [NOW - TICK * n for n in range(int((span + 4 * TICK) / TICK), -1, -1)]
        watches = [
            GivenWatch(at, at - TICK, logs=failed if at <= NOW - span else answered) for at in ticks
        ]
        return told(await played(detector, watches), lambda c: c.rule)

    assert await open_after(timedelta(minutes=3)) == ["provider-failures"]
    assert await open_after(quiet - TICK) == ["provider-failures"]
    assert await open_after(quiet) == []


async def test_a_burst_that_ended_says_since_when_it_is_quiet() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    logs = [Followed(tuple(lines(SINGLE, 6))), Followed()]
    watches = [
        GivenWatch(NOW - TICK * (1 - n), NOW - TICK * (2 - n), logs=one)
        for n, one in enumerate(logs)
    ]
    closing = (await played(detector, watches)).closing
    assert closing == {"llm_provider": f"quiet since {clock(NOW - TICK)} UTC"}


async def test_failures_whose_share_hovers_at_the_limit_are_one_burst() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    bursts = {20: lines(SINGLE, 5), 30: lines(DONE, 30), 42: lines(SINGLE, 4)}
    ticks = range(70)
    watches = [
        GivenWatch(at := NOW + TICK * n, at - TICK, logs=Followed(tuple(bursts.get(n, ()))))
        for n in ticks
    ]
    sights = [
        bool((await played(detector, watches[: n + 1])).conditions) for n in (19, 20, 30, 42, 69)
    ]
    assert sights == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("minutes", "answered_after", "found"),
    [
        ((0, 0, 12, 24, 36), None, ["error"]),
        ((0, 0, 12, 24, 36), 20, []),
        ((0, 0, 12, 24), None, []),
        ((0, 0, 30, 55, 62), None, []),
    ],
)
async def test_failures_that_come_seldom_add_up_while_nothing_is_answered(
    minutes: tuple[int, ...], answered_after: int | None, found: list[str]
) -> None:
    detector = ProviderErrors(ProviderErrorsSettings())
    watches = []
    for minute in range(max(minutes) + 1):
        at = NOW + timedelta(minutes=minute)
        events = lines(BUNDLE, minutes.count(minute))
        events += lines(DONE, 40) if minute == answered_after else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    assert told(await played(detector, watches), lambda c: c.severity.value) == found
