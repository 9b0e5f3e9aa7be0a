"""What one question has read so far, shown to a person who waits at a terminal."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

from bot.domain.log import LogSearch
from bot.errors import SourceError
from bot.monitoring.source_calls import instrumented_sources
from bot.ports import Sources

QUIET_SECONDS = 2.0
REDRAW_SECONDS = 0.25
SPINNER_WIDTH = 3
UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(slots=True)
class Work:
    """Which sources are being read and which answered; a command's own notes go in by a call.

    `began` is on the same clock as `clock`, in seconds.
    """

    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    note: str = ""
    reading: Counter[str] = field(default_factory=Counter)
    answered: dict[str, bool] = field(default_factory=dict)
    searched_bytes: int = 0

    def __post_init__(self) -> None:
        self.began = self.clock()

    def __call__(self, note: str) -> None:
        """Take a note from the command."""
        self.note = note

    def watched(self, sources: Sources) -> Sources:
        """Return the sources, each of which now reports when it is read."""
        return instrumented_sources(sources, self._read)

    def line(self) -> str:
        """Return one line: the time gone by, what is read now, what answered, bytes searched."""
        reading = [name for name, calls in self.reading.items() if calls]
        answered = [name for name, read in self.answered.items() if read and name not in reading]
        failed = [name for name, read in self.answered.items() if not read]
        parts = [f"{self.clock() - self.began:.0f} s"]
        parts += [f"reading {', '.join(reading)}"] if reading else []
        parts += [f"answered: {', '.join(answered)}"] if answered else []
        parts += [f"not readable: {', '.join(failed)}"] if failed else []
        parts += [f"{byte_words(self.searched_bytes)} searched"] if self.searched_bytes else []
        parts += [self.note] if self.note else []
        return " · ".join(parts)

    async def _read(self, source: str, _: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self.reading[source] += 1
        try:
            answer = await call()
        except SourceError:
            self.answered[source] = False
            raise
        else:
            self.answered[source] = True
            if isinstance(answer, LogSearch):
                self.searched_bytes += sum(part.bytes_read for part in answer.coverage)
            return answer
        finally:
            self.reading[source] -= 1


@asynccontextmanager
async def shown_progress(work: Work, stream: TextIO, *, lines: bool = True) -> AsyncIterator[None]:
    """Show how the work goes once it takes long: one line redrawn at a terminal.

    Elsewhere a line is written after 2, 4, 8 ... seconds, or with `lines=False` none.
    """
    if stream.isatty():
        showing = asyncio.create_task(_redraw(work))
    elif lines:
        showing = asyncio.create_task(_write(work, stream))
    else:
        yield
        return
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _redraw(work: Work) -> None:
    from rich.text import Text

    from bot.cli.terminal import console

    await asyncio.sleep(QUIET_SECONDS)
    screen = console(error=True)
    with screen.status("") as status:
        while True:
            line = Text(work.line())
            line.truncate(screen.width - SPINNER_WIDTH, overflow="ellipsis")
            status.update(line)
            await asyncio.sleep(REDRAW_SECONDS)


async def _write(work: Work, stream: TextIO) -> None:
    wait = QUIET_SECONDS
    while True:
        await asyncio.sleep(wait)
        stream.write(f"{work.line()}\n")
        stream.flush()
        wait = max(wait, work.clock() - work.began)


@dataclass(slots=True)
class Replayed:
    """Writes how far a replay has come after 2, 4, 8 ... seconds; called at each of its ticks."""

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    due: float = QUIET_SECONDS

    def __post_init__(self) -> None:
        self.began = self.clock()

    def __call__(self, now: datetime) -> None:
        """Take the moment of the recording that is judged now."""
        gone = self.clock() - self.began
        if gone < self.due:
            return
        self.due = 2 * gone
        self.stream.write(f"{gone:.0f} s · replayed until {now:%Y-%m-%d %H:%M:%S} UTC\n")
        self.stream.flush()


def byte_words(count: int) -> str:
    """Return a number of bytes for people, such as 1.2 GB."""
    amount, unit = float(count), 0
    while amount >= 1_000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{count} bytes" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"
