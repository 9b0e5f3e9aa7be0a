"""Learns run labels in passing, from what is read anyway, and passes them on to the memory."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.domain.ids import NEEDLES, RunLabel, label_of_event
from bot.domain.log import Followed, LogQuery, LogSearch, Service
from bot.errors import SourceError
from bot.ports import BotMemory, LogFollow, LogSource

log = logging.getLogger(__name__)

MAX_KNOWN = 5_000
MAX_WAITING = 500

Hear = Callable[[RunLabel], None]


class LabelBook:
    """Takes what was heard and writes it to the memory in the background, each label once.

    What the memory does not take is kept, up to a bound, until something else is heard.
    """

    def __init__(self, memory: BotMemory) -> None:
        self._memory = memory
        self._known: dict[tuple[str, str], None] = {}
        self._waiting: list[RunLabel] = []
        self._task: asyncio.Task[None] | None = None

    def hear(self, learned: RunLabel) -> None:
        """Note a label; one that is known already costs nothing."""
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
        """Write what still waits."""
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


class LearningLogs:
    """A log source that hears the run labels in whatever is searched or followed."""

    def __init__(self, logs: LogSource, hear: Hear) -> None:
        self.name = logs.name
        self._logs = logs
        self._hear = hear

    async def search(self, query: LogQuery) -> LogSearch:
        """Search as the source does."""
        found = await self._logs.search(query)
        for event in found.events:
            _listen(self._hear, label_of_event(event))
        return found

    async def follow(self, *, since: datetime, needles: Sequence[str] | None = None) -> LogFollow:
        """Follow as the source does; lines that tell a label come as well."""
        words = None if needles is None else (*needles, *NEEDLES)
        return _LearningFollow(await self._logs.follow(since=since, needles=words), self._hear)

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return what the source does."""
        return await self._logs.services()

    async def check(self) -> str:
        """Check as the source does."""
        return await self._logs.check()


class _LearningFollow:
    def __init__(self, follow: LogFollow, hear: Hear) -> None:
        self._follow = follow
        self._hear = hear

    def take(self) -> Followed:
        followed = self._follow.take()
        for event in followed.events:
            _listen(self._hear, label_of_event(event))
        return followed

    async def close(self) -> None:
        await self._follow.close()


def _listen(hear: Hear, learned: RunLabel | None) -> None:
    if learned is not None:
        hear(learned)
