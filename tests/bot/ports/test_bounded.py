"""A reading that fails is absence of evidence, never an empty answer."""

import asyncio
from typing import Any

import pytest

from bot.domain.evidence import Missing, SourceState
from bot.errors import SourceError
from bot.ports.bounded import bounded_read


async def _answer(value: Any) -> Any:
    return value


async def _raise(error: BaseException) -> Any:
    raise error


async def test_an_answer_passes_through() -> None:
    assert await bounded_read("database", _answer(34), 1) == 34


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (SourceError("x", "connection refused"), SourceState.MISSING, "connection refused"),
        (SourceError("x", "statement too slow", timed_out=True), SourceState.TIMEOUT, "too slow"),
        (TimeoutError(), SourceState.TIMEOUT, "no answer within 1 s"),
    ],
)
async def test_a_failed_reading_becomes_missing_with_its_reason(
    error: Exception, state: SourceState, reason: str
) -> None:
    answer = await bounded_read("database", _raise(error), 1)
    assert isinstance(answer, Missing)
    assert (answer.source, answer.state) == ("database", state)
    assert reason in answer.reason


async def test_a_failed_reading_keeps_what_can_be_done_about_it() -> None:
    answer = await bounded_read("database", _raise(SourceError("x", "refused", hint="Set it.")), 1)
    assert answer == Missing("database", "refused", hint="Set it.")


async def test_a_reading_that_never_answers_is_cut_at_its_deadline() -> None:
    answer = await bounded_read("logs", asyncio.Event().wait(), 0.001)
    assert isinstance(answer, Missing)
    assert answer.state is SourceState.TIMEOUT


async def test_cancellation_and_programming_errors_pass_through() -> None:
    with pytest.raises(KeyError):
        await bounded_read("logs", _raise(KeyError("bug")), 1)
    task = asyncio.create_task(bounded_read("logs", asyncio.Event().wait(), 60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
