"""A log that takes too long costs the others nothing, and is named."""

import asyncio
import threading
from math import inf

import pytest

from bot.ports.bounded import bounded_read, seconds_left
from bot.sources.log_search import in_time as module
from bot.sources.log_search.in_time import in_time


async def quick(answer: str) -> str:
    return answer


async def hanging() -> str:
    await asyncio.Event().wait()
    return "never"


async def told(stop: threading.Event) -> str:
    """Give what was read by then, once the search is told to stop."""
    return await asyncio.to_thread(lambda: "a part" if stop.wait(60) else "never")


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "seconds_left", lambda: 0.01)


@pytest.mark.usefixtures("little_time")
async def test_what_hangs_is_named_and_the_others_answer() -> None:
    stop = threading.Event()
    searches = [("a", quick("x")), ("b", hanging()), ("c", quick("y"))]
    assert await in_time(searches, stop) == (["x", "y"], [("b", "not read within 0.01 s")])
    assert stop.is_set()


async def test_a_search_that_is_told_to_stop_gives_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "seconds_left", lambda: 0.01)
    monkeypatch.setattr(module, "ENDING", 6_000)
    stop = threading.Event()
    assert await in_time([("a", told(stop)), ("b", quick("x"))], stop) == (["a part", "x"], [])


async def test_nobody_s_bound_is_none() -> None:
    assert await in_time([("a", quick("x"))], threading.Event()) == (["x"], [])
    assert await in_time([], threading.Event()) == ([], [])


async def test_an_error_is_raised_at_once_and_stops_the_others() -> None:
    async def broken() -> str:
        raise ValueError("broken")

    stop = threading.Event()
    with pytest.raises(ValueError, match="broken"):
        await in_time([("a", hanging()), ("b", broken())], stop)
    assert stop.is_set()


async def test_a_bounded_read_says_what_is_left_and_an_inner_one_never_more() -> None:
    async def left() -> float:
        return seconds_left()

    async def inner() -> object:
        return await bounded_read("logs", left(), 600)

    assert seconds_left() == inf
    found = await bounded_read("logs", inner(), 60)
    assert isinstance(found, float)
    assert 0 < found <= 60
    assert seconds_left() == inf
