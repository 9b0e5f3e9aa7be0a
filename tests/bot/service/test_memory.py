"""The bot's own database is started again after a failure that may pass, and only then."""

import logging

import pytest

from bot.errors import SourceError
from bot.service.memory import tried_again


class Starts:
    """Fails with each of these errors in turn, and then starts."""

    def __init__(self, *errors: SourceError) -> None:
        self.errors = list(errors)
        self.slept: list[float] = []

    async def start(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "started"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def passing() -> SourceError:
    return SourceError("embedded_postgres", "no space left")


async def test_a_start_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    one = Starts(passing(), passing())
    assert await tried_again(one.start, (1.0, 2.0, 4.0), one.sleep) == "started"
    assert one.slept == [1.0, 2.0]
    assert [row.getMessage() for row in caplog.records] == [
        "the bot's database does not start: no space left; again in 1 s",
        "the bot's database does not start: no space left; again in 2 s",
    ]


async def test_one_that_goes_on_failing_is_told_in_the_end() -> None:
    one = Starts(*(passing() for _ in range(9)))
    with pytest.raises(SourceError, match="no space left"):
        await tried_again(one.start, (1.0, 2.0), one.sleep)
    assert one.slept == [1.0, 2.0]


async def test_one_that_never_passes_is_told_at_once() -> None:
    one = Starts(SourceError("embedded_postgres", "belongs to somebody else", permanent=True))
    with pytest.raises(SourceError, match="somebody else"):
        await tried_again(one.start, (1.0, 2.0), one.sleep)
    assert one.slept == []
