import asyncio
import logging

import pytest

from bot.service.tasks import kept_going


async def _at_once(_: float) -> None:
    pass


async def test_work_that_fails_is_logged_counted_and_begun_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ends: list[Exception | None] = [ValueError("cannot be rendered"), KeyError("x"), None]
    failures: list[int] = []

    async def work() -> None:
        error = ends.pop(0)
        if error is not None:
            raise error

    await kept_going("the poster", work, failed=lambda: failures.append(1), sleep=_at_once)
    assert (ends, len(failures)) == ([], 2)
    assert "the poster stopped unexpectedly" in caplog.text
    assert "cannot be rendered" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


async def test_work_ends_with_whoever_waits_for_it() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    kept = asyncio.create_task(kept_going("the poster", work))
    await begun.wait()
    kept.cancel()
    with pytest.raises(asyncio.CancelledError):
        await kept
    assert ended.is_set()
