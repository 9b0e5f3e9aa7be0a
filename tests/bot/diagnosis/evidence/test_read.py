"""A reading that fails is absence of evidence, never an empty answer."""

import asyncio
from typing import Any

import pytest

from bot.diagnosis.evidence.read import absence, attempt, configured, read, reading
from bot.domain.evidence import Missing, SourceReading, SourceState
from bot.errors import SourceError


async def _answer(value: Any) -> Any:
    return value


async def _raise(error: BaseException) -> Any:
    raise error


async def test_an_answer_passes_through() -> None:
    assert await attempt("database", _answer(34), 1) == 34


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (SourceError("x", "connection refused"), SourceState.MISSING, "connection refused"),
        (
            SourceError("x", "password refused.", hint="Set CJ_DATABASE_URL."),
            SourceState.MISSING,
            "password refused. Set CJ_DATABASE_URL.",
        ),
        (
            SourceError("x", "password refused", hint="Set CJ_DATABASE_URL."),
            SourceState.MISSING,
            "password refused. Set CJ_DATABASE_URL.",
        ),
        (SourceError("x", "statement too slow", timed_out=True), SourceState.TIMEOUT, "too slow"),
        (TimeoutError(), SourceState.TIMEOUT, "no answer within 1 s"),
    ],
)
async def test_a_failed_reading_becomes_missing_with_its_reason(
    error: Exception, state: SourceState, reason: str
) -> None:
    answer = await attempt("database", _raise(error), 1)
    assert isinstance(answer, Missing)
    assert (answer.source, answer.state) == ("database", state)
    assert reason in answer.reason


async def test_a_reading_that_never_answers_is_cut_at_its_deadline() -> None:
    answer = await attempt("logs", asyncio.Event().wait(), 0.001)
    assert isinstance(answer, Missing)
    assert answer.state is SourceState.TIMEOUT


async def test_cancellation_and_programming_errors_pass_through() -> None:
    with pytest.raises(KeyError):
        await attempt("logs", _raise(KeyError("bug")), 1)
    task = asyncio.create_task(attempt("logs", asyncio.Event().wait(), 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_source_that_is_not_there_is_never_called() -> None:
    broken = Missing("redis", "wrong address")
    for source, expected in ((None, SourceState.NOT_CONFIGURED), (broken, SourceState.MISSING)):
        answer = await read("redis", source, lambda _: _raise(AssertionError("called")), 1)
        assert isinstance(answer, Missing)
        assert answer.state is expected
    assert await read("redis", object(), lambda _: _answer(1), 1) == 1


def test_readings_name_their_state() -> None:
    gone = absence("redis", None)
    assert gone is not None
    assert reading("redis", gone) == SourceReading(
        "redis", SourceState.NOT_CONFIGURED, "not configured"
    )
    assert reading("redis", 1, "3 items") == SourceReading("redis", SourceState.OK, "3 items")
    assert not configured(gone)
    assert configured(Missing("redis", "down"))
    assert configured(0)
