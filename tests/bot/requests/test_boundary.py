import asyncio

import pytest

from bot.requests.boundary import bounded


async def explain(error: Exception) -> str:
    return f"explained {type(error).__name__}"


async def test_what_a_request_gives_passes() -> None:
    async def answer() -> str:
        return "an answer"

    assert await bounded(answer(), explain) == "an answer"


@pytest.mark.parametrize(
    "error", [KeyError("x"), AssertionError(), ExceptionGroup("g", [OSError()])]
)
async def test_an_error_that_no_code_foresaw_ends_in_words(error: Exception) -> None:
    async def breaks() -> str:
        raise error

    assert await bounded(breaks(), explain) == f"explained {type(error).__name__}"


async def test_a_cancelled_request_stays_cancelled() -> None:
    task = asyncio.create_task(bounded(asyncio.sleep(60, "slept"), explain))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
