"""Progress: what was read, what is being read, how much was searched, and when it is told."""

import asyncio
import io
from datetime import UTC, datetime

import pytest

from bot.cli.progress import Replayed, Work, byte_words, shown_progress
from bot.domain.evidence import Missing
from bot.domain.log import LogCoverage, LogQuery, LogSearch
from bot.errors import SourceError
from bot.ports import Sources


class Logs:
    """A log source that answers when it is let."""

    name = "log_files"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def search(self, query: LogQuery) -> LogSearch:
        await self.go.wait()
        return LogSearch((), (LogCoverage("cj", "cj", bytes_read=1_200_000_000),))


class Broken:
    """A queue that cannot be read."""

    name = "llm_queue"
    prefix = "p"

    async def read(self) -> None:
        raise SourceError("llm_queue", "refused")


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_the_line_tells_what_is_read_what_answered_and_how_much_was_searched() -> None:
    clock = Clock()
    work = Work(clock)
    logs = Logs()
    sources = work.watched(Sources(logs=logs, queue=Broken(), database=Missing("db", "no")))  # type: ignore[arg-type]
    search = asyncio.create_task(sources.logs.search(LogQuery()))  # type: ignore[union-attr]
    with pytest.raises(SourceError):
        await sources.queue.read()  # type: ignore[union-attr]
    await asyncio.sleep(0)
    clock.now += 3
    work("judging")
    assert work.line() == "3 s · reading log_files · not readable: llm_queue · judging"
    logs.go.set()
    await search
    assert "answered: log_files" in work.line()
    assert "1.2 GB searched" in work.line()


def test_what_is_no_call_is_handed_on() -> None:
    sources = Work().watched(Sources(queue=Broken(), database=Missing("db", "no")))  # type: ignore[arg-type]
    assert sources.queue.prefix == "p"  # type: ignore[union-attr]
    assert isinstance(sources.database, Missing)
    assert sources.logs is None


@pytest.mark.parametrize(("lines", "count"), [(True, 3), (False, 0)])
async def test_a_pipe_gets_a_line_now_and_then_or_none(
    lines: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, stream, waits = Clock(), io.StringIO(), []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.now += seconds
        if len(waits) > 3:
            enough.set()
            await asyncio.Event().wait()

    monkeypatch.setattr("bot.cli.progress.asyncio.sleep", sleep)
    async with shown_progress(Work(clock), stream, lines=lines):
        if lines:
            await enough.wait()
    assert len(stream.getvalue().splitlines()) == count
    assert waits[:4] == ([2.0, 2.0, 4.0, 8.0] if lines else [])


def test_a_long_replay_says_now_and_then_how_far_it_has_come() -> None:
    stream, seconds = io.StringIO(), iter((0.0, 1.9, 2.0, 3.9, 4.0, 7.0))
    told = Replayed(stream, clock=lambda: next(seconds))
    for _ in range(5):
        told(datetime(2025, 11, 18, 23, 4, tzinfo=UTC))
    assert stream.getvalue().splitlines() == [
        "2 s · replayed until 2025-11-18 23:04:00 UTC",
        "4 s · replayed until 2025-11-18 23:04:00 UTC",
    ]


async def test_quick_work_is_not_told_of() -> None:
    stream = io.StringIO()
    async with shown_progress(Work(), stream):
        await asyncio.sleep(0)
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1_200_000_000, "1.2 GB")]
)
def test_bytes_in_words(count: int, words: str) -> None:
    assert byte_words(count) == words
