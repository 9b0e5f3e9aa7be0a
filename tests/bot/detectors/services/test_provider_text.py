"""What the alert of a failing model provider says of why, for whom, and what to do."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.detectors.services.provider_errors import ProviderErrors, ProviderErrorsSettings
from bot.diagnosis.comparison.failure_advice import remedy_of
from bot.diagnosis.comparison.failures import failures_of
from bot.domain.alert import Condition
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.service_state import ServiceHealth
from bot.sources.log_format.parser import parse_lines
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

IDS = [f"86e26627-1135-4553-bfbf-{n:012d}" for n in range(6)]
QUEUED = [f"2c6f32cf-db5a-4a7a-847a-{n:012d}" for n in range(6)]
AT = "2025-11-19 00:30:00"
OVERLOADED = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


def parsed(lines: list[str], role: Role) -> list[LogEvent]:
    raw = [line.encode() for line in lines]
    return list(parse_lines(raw, service="s", container="c", role=role, zone=UTC))


def failing(answer: str) -> list[LogEvent]:
    """Return six requests that fail with an answer, as the service of today logs them."""
    lines = [
        f"{AT} [error    ] Request {id} failed with HuleEduError: {answer} "
        "[llm_provider_service.result_handler]"
        for id in QUEUED
    ]
    return parsed(lines, Role.LLM_PROVIDER)


async def condition(*events: LogEvent, **given: Any) -> Condition:
    watch = GivenWatch(NOW, NOW - TICK, logs=Followed(events), **given)
    detector = ProviderErrors(ProviderErrorsSettings())
    assert all(detector.wants(one) for one in events)
    (found,) = (await played(detector, [watch])).conditions
    return found


@pytest.mark.parametrize(
    ("answer", "named", "remedy"),
    [
        ("Anthropic API call failed: 529, message='Overloaded'", "overloaded (529)", "capacity"),
        ("Anthropic API call failed: 429, message='rate_limit_error'", "rate limit (429)", "Wait"),
        ("Anthropic API call failed: Server disconnected", "connection lost", "network"),
        ("Anthropic API call failed: 400, message='prompt is too long'", "essay too long", "Short"),
        ("Anthropic API call failed: 400, credit balance is too low", "credit used up", "Top up"),
        ("Anthropic API call failed: 401, invalid x-api-key", "no valid key (401)", "API key"),
        ("OpenAI API key not configured", "no valid key", "API key"),
        ("Anthropic API call failed: 404, not_found_error", "model unknown (404)", "model's name"),
        ("Anthropic API call failed: 500, Internal server error", "server error (500)", "well"),
        ("Request timed out", "timed out", "fewer at once"),
        ("Anthropic truncated response due to max_tokens limit", "answer cut off", "max_tokens"),
    ],
)
async def test_the_alert_names_what_the_provider_answered_and_what_to_do(
    answer: str, named: str, remedy: str
) -> None:
    told = await condition(*failing(answer))
    lasting = any(word in named for word in ("credit", "key", "model"))
    # Without a status it may be that nothing was asked of it: here there is no key at all.
    verb = ("answers none" if "configured" in answer else "refuses all") if lasting else "fails"
    assert str(told.headline).startswith(f"Model provider {verb}: {named}")
    assert remedy in str(told.next[0])


async def test_the_line_of_november_names_the_cause_and_its_request() -> None:
    lines = [
        f"{AT} [error    ] Request {queued} failed: Anthropic API error: 529 - {OVERLOADED}, "
        f"correlation_id: {id} [llm_provider_service.queue_processor]"
        for queued, id in zip(QUEUED, IDS, strict=True)
    ]
    owners = {UUID(id): 33 for id in IDS}
    told = await condition(*parsed(lines, Role.LLM_PROVIDER), owners=owners)
    assert str(told.headline).startswith("Model provider fails for batch 33: overloaded (529)")
    assert told.batch == "33"
    assert "/batch investigate 33" in told.next


async def test_what_retry_after_says_is_in_the_remedy_and_the_evidence() -> None:
    line = (
        f"{AT} [error    ] Anthropic API failure: 429     [llm_provider_service.anthropic_provider]"
        " extra={'status_code': 429, 'error_text': 'rate_limit_error', 'correlation_id': "
        f"'{IDS[0]}', 'retry-after': '5'}}"
    )
    told = await condition(
        *parsed([line], Role.LLM_PROVIDER), *failing("Anthropic API call failed: 429")
    )
    assert told.next[0] == "Wait 5 s (its Retry-After), then send fewer at once."
    assert "HTTP 429, rate_limit, Retry-After 5 s" in [str(one.text) for one in told.evidence]


async def test_the_queue_names_the_batch_of_what_was_given_back() -> None:
    items = tuple(QueueItem(id, "queued", cj_batch_id="9") for id in QUEUED)
    told = await condition(*failing("overloaded"), reading=QueueReading(NOW, 6, items))
    assert told.batch == "9"


TAKEN = (
    f"{AT} [info     ] Callback processed for batch {{batch}}, workflow continues asynchronously "
    "[cj_assessment_service.batch_callback_handler] "
    "extra={{'request_id': '{id}', 'is_error': {error}, 'batch_id': {batch}}}"
)


@pytest.mark.parametrize(
    ("id", "error", "named"),
    [
        (QUEUED[0], True, "8"),
        (QUEUED[0], False, ""),
        # An error of another batch at the same time has a cause of its own.
        (IDS[5], True, ""),
    ],
)
async def test_the_line_of_cj_names_the_batch_of_the_request_that_it_is_about(
    id: str, error: bool, named: str
) -> None:
    line = parsed([TAKEN.format(batch=8, id=id, error=error)], Role.CJ)
    told = await condition(*failing("overloaded"), *line, owners=Missing("cj", "away"))
    assert (told.batch, "8" in told.headline) == (named, bool(named))


async def test_the_batch_of_a_failure_is_the_one_whose_request_the_line_names() -> None:
    """As CJ asks for a wave it says whose it is; the provider's lines name the request alone."""
    waves = [
        (7, "6907910f-4180-474f-b2af-9fa85e20969e", IDS[0]),
        (8, "b4636785-55f1-4152-9901-2c565bdbec70", IDS[1]),
    ]
    asked = parsed(
        [
            line
            for batch, own, request in waves
            for line in (
                f"{AT} [info     ] DEBUG: Created tracking_map with 1 entries for batch {batch} "
                f"[cj_assessment_service.batch_submission] extra={{'correlation_id': '{own}'}}",
                f"{AT} [info     ] DEBUG: Using tracking_map correlation ID {request} for task "
                "('a', 'b') [cj_assessment_service.llm_interaction_impl] "
                f"extra={{'batch_correlation_id': '{own}'}}",
            )
        ],
        Role.CJ,
    )
    bound = parsed(
        [
            f"{AT} [debug    ] Request queued successfully for provider anthropic, "
            f"queue_id: {QUEUED[n]}, correlation_id: {IDS[n]} [llm_provider_service.orchestrator]"
            for n in (0, 1)
        ],
        Role.LLM_PROVIDER,
    )
    long = failing("Anthropic API call failed: 400, message='prompt is too long'")
    cut = failing("Anthropic truncated response due to max_tokens limit")
    one = await condition(*asked, *bound, long[0], *lines_of_a_burst(), owners={})
    assert one.batch == "7"
    both = await condition(*asked, *bound, long[0], cut[1], *lines_of_a_burst(), owners={})
    assert "for batches 7 and 8" in both.headline
    assert "an essay is too long for the model (400) in batch 7" in both.title
    assert "cut off" in str(both.title)
    assert "in batch 8" in str(both.title).partition("cut off")[2]
    # Whose the second is, no line tells: none is named, lest it be laid at the first one's door.
    some = await condition(*asked, *bound, long[0], cut[2], *lines_of_a_burst(), owners={})
    assert (some.batch, "batch" in some.headline) == ("", False)
    assert "in batch 7" in " ".join(str(line.text) for line in some.evidence)


def lines_of_a_burst() -> list[LogEvent]:
    """Return failures enough for an alert, which name no cause and no request."""
    text = "Serial bundle processing hit provider error"
    return [said(NOW, text, role=Role.LLM_PROVIDER) for _ in range(6)]


async def test_several_batches_and_causes_are_named_and_none_is_singled_out() -> None:
    owners = {UUID(id): 9 + n % 3 for ids in (IDS, QUEUED) for n, id in enumerate(ids)}
    events = [
        said(NOW, f"Request {id} failed: overloaded, correlation_id: {id}", role=Role.LLM_PROVIDER,
             level="error")
        for id in IDS
    ]  # fmt: skip
    told = await condition(*events, *failing("Server disconnected"), owners=owners)
    assert "for 3 batches" in told.headline
    assert told.batch == ""
    assert {"/batch investigate 9", "/batch investigate 10"} <= set(told.next)
    assert "1 other cause too" in told.why


async def test_another_cause_is_news_and_more_of_the_same_is_not() -> None:
    detector = ProviderErrors(ProviderErrorsSettings())

    def told(*ticks: list[LogEvent]) -> list[GivenWatch]:
        return [
            GivenWatch(at := NOW + TICK * n, at - TICK, logs=Followed(tuple(one)))
            for n, one in enumerate(ticks)
        ]

    (first,) = (await played(detector, told(failing("overloaded")))).conditions
    twice = told(failing("overloaded"), failing("overloaded"))
    (same,) = (await played(ProviderErrors(ProviderErrorsSettings()), twice)).conditions
    other = told(failing("overloaded"), failing("rate_limit"))
    (more,) = (await played(ProviderErrors(ProviderErrorsSettings()), other)).conditions
    assert (first.known == same.known, first.known == more.known) == (True, False)


async def test_no_cause_is_said_to_be_missing_from_what_was_read() -> None:
    told = await condition(*failing("something"))
    assert told.headline == "Model provider fails: 100% of its answers are errors"
    assert "name no cause" in told.why


async def test_mock_mode_and_an_open_circuit_have_room_beside_the_cause() -> None:
    health = ServiceHealth("llm_provider_service", NOW, "healthy", True, ("anthropic",))
    told = await condition(*failing("overloaded"), services=(health,))
    assert "overloaded, circuit open, mock mode" in told.headline
    assert "mock mode off" in str(told.next[0])
    assert told.since >= NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "answer", ["529, 'Overloaded'", "429, too many requests", "Server disconnected"]
)
async def test_a_report_on_the_batch_says_the_same_of_the_same_lines(answer: str) -> None:
    events = failing(f"Anthropic API call failed: {answer}")
    (reported,) = failures_of((), events, {*QUEUED})
    told = await condition(*events)
    assert reported.short in str(told.headline)
    assert remedy_of(reported) == told.next[0]


async def test_two_causes_are_both_named_with_a_remedy_each() -> None:
    events = [*failing("Anthropic API call failed: 429, rate_limit"),
              *failing("Anthropic API call failed: 400, credit balance is too low")]  # fmt: skip
    told = await condition(*events)
    assert "refuses all: credit used up (400), also rate limit (429)" in str(told.headline)
    assert [
        next(part for part in ("send fewer at once", "Top up the account") if part in str(step))
        for step in told.next[:2]
    ] == ["Top up the account", "send fewer at once"]


async def test_the_cause_and_the_batch_of_an_earlier_outbreak_are_not_named() -> None:
    """Its failures stand in the ten minutes that are counted; answers came between the two."""
    first, second = failing("overloaded"), failing("Server disconnected")
    done = [said(NOW, f"Request {id} completed successfully, correlation_id: x", level="info",
                 role=Role.LLM_PROVIDER) for id in QUEUED[:2]]  # fmt: skip
    items = tuple(QueueItem(id, "queued", cj_batch_id="12") for id in QUEUED)
    ticks = {0: (first, "11"), 4: (done, ""), 30: (second, "12")}
    watches = []
    for n in range(31):
        events, batch = ticks.get(n, ([], ""))
        held = tuple(replace(one, cj_batch_id=batch) for one in items)
        at = NOW + TICK * n
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events)),
                                  reading=QueueReading(at, 6, held)))  # fmt: skip
    (told,) = (await played(ProviderErrors(ProviderErrorsSettings()), watches)).conditions
    assert told.since == NOW + TICK * 30
    assert "for batch 12: connection lost" in str(told.headline)
    assert "overloaded" not in told.title
