"""A reading that fails is absence of evidence, never an empty answer."""

from typing import Any

from bot.diagnosis.evidence.read import configured, read, reading
from bot.domain.evidence import Missing, SourceReading, SourceState
from bot.errors import SourceError


async def _answer(value: Any) -> Any:
    return value


async def _raise(error: BaseException) -> Any:
    raise error


async def test_a_failed_read_says_what_can_be_done() -> None:
    error = SourceError("x", "password refused", hint="Set CJ_DATABASE_URL.")
    answer = await read("database", object(), lambda _: _raise(error), 1)
    assert isinstance(answer, Missing)
    assert answer.reason == "password refused. Set CJ_DATABASE_URL."


async def test_a_source_that_is_not_there_is_never_called() -> None:
    broken = Missing("redis", "wrong address")
    for source, expected in ((None, SourceState.NOT_CONFIGURED), (broken, SourceState.MISSING)):
        answer = await read("redis", source, lambda _: _raise(AssertionError("called")), 1)
        assert isinstance(answer, Missing)
        assert answer.state is expected
    assert await read("redis", object(), lambda _: _answer(1), 1) == 1


def test_readings_name_their_state() -> None:
    gone = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)
    assert reading("redis", gone) == SourceReading(
        "redis", SourceState.NOT_CONFIGURED, "not configured"
    )
    assert reading("redis", 1, "3 items") == SourceReading("redis", SourceState.OK, "3 items")
    assert not configured(gone)
    assert configured(Missing("redis", "down"))
    assert configured(0)
