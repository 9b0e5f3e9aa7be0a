"""Collects run labels from logs and messages that are read anyway, and stores them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.domain.followed import Followed
from bot.domain.ids import NEEDLES, RunLabel, label_of_event
from bot.domain.log import LogQuery, LogSearch, Service
from bot.errors import SourceError
from bot.ports import BotMemory, LogFollow, LogSource

log = logging.getLogger(__name__)

MAX_KNOWN = 5_000
MAX_WAITING = 500

OnLabel = Callable[[RunLabel], None]


class RunLabelRecorder:
    """Writes run labels to the bot's database in the background, each once.

    What the database does not take is kept, up to a bound, until another label is recorded.
    """

    def __init__(self, memory: BotMemory) -> None:
        self._memory = memory
        self._known: dict[tuple[str, str], None] = {}
        self._waiting: list[RunLabel] = []
        self._task: asyncio.Task[None] | None = None

    def record(self, learned: RunLabel) -> None:
        """Queue a label for writing; one that is known already is skipped."""
        key = (learned.label, learned.bos_batch_id)
        if key in self._known:
            return
        self._known[key] = None
        if len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._waiting = [*self._waiting, learned][-MAX_WAITING:]
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name="run labels")

    async def close(self) -> None:
        """Wait until everything is written."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self) -> None:
        while self._waiting:
            labels, self._waiting = self._waiting, []
            try:
                await self._memory.learn(labels)
            except SourceError as error:
                log.warning("%d run labels wait to be remembered: %s", len(labels), error.message)
                self._waiting = [*labels, *self._waiting][-MAX_WAITING:]
                return


class LabelledLogs:
    """A log source that passes each run label in what it returns to `on_label`."""

    def __init__(self, logs: LogSource, on_label: OnLabel) -> None:
        self.name = logs.name
        self._logs = logs
        self._on_label = on_label

    async def search(self, query: LogQuery) -> LogSearch:
        """Search as the source does."""
        found = await self._logs.search(query)
        for event in found.events:
            _report(self._on_label, label_of_event(event))
        return found

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> LogFollow:
        """Follow as the source does; lines with a run label come as well."""
        words = None if needles is None else (*needles, *NEEDLES)
        return _LabelledFollow(await self._logs.follow(since=since, needles=words), self._on_label)

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return what the source does."""
        return await self._logs.services()

    async def check(self) -> str:
        """Check as the source does."""
        return await self._logs.check()


class _LabelledFollow:
    def __init__(self, follow: LogFollow, on_label: OnLabel) -> None:
        self._follow = follow
        self._on_label = on_label

    def take(self) -> Followed:
        followed = self._follow.take()
        for event in followed.events:
            _report(self._on_label, label_of_event(event))
        return followed

    async def close(self) -> None:
        await self._follow.close()


def _report(on_label: OnLabel, learned: RunLabel | None) -> None:
    if learned is not None:
        on_label(learned)
