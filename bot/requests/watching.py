"""Watches batches for people: one message that is edited, and one reply when it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.batch import BatchRows
from bot.domain.evidence import Missing
from bot.domain.progress import BatchProgress, BatchWatch, progress_of
from bot.errors import PostError, SourceError
from bot.ports import BotMemory, Clock, Sources, WatchMessenger

WATCH_SECONDS = 15.0
DATABASE_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BatchWatcher:
    """Looks at every watched batch in turn; what it shows outlives a restart, as it is in Slack."""

    sources: Sources
    memory: BotMemory
    messenger: WatchMessenger
    now: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, leads: Callable[[], bool] = lambda: True) -> None:
        """Look again and again; cancel it to stop."""
        while True:
            if leads():
                try:
                    await self.step()
                except SourceError as error:
                    log.warning("watched batches cannot be read: %s", error.message)
            await self.sleep(WATCH_SECONDS)

    async def step(self) -> None:
        """Show how far each watched batch is; one that Slack refuses waits for the next look."""
        for watch in await self.memory.watches():
            rows = await self._rows(watch)
            if rows is None:
                continue
            try:
                await self._show(watch, progress_of(rows, self.now()), self.now())
            except PostError as error:
                log.warning("a watched batch cannot be shown: %s", error.message)

    async def _rows(self, watch: BatchWatch) -> BatchRows | None:
        database = self.sources.database
        if database is None or isinstance(database, Missing):
            return None
        async with asyncio.timeout(DATABASE_SECONDS):
            return await database.batch(watch.batch_id)

    async def _show(self, watch: BatchWatch, seen: BatchProgress, now: datetime) -> None:
        ts = await self.messenger.show(watch, seen, now)
        if ts != watch.ts:
            await self.memory.watched(watch.id, ts=ts, now=now)
        if seen.ended or seen.is_wrong(now):
            await self.messenger.tell(watch, seen, now, ts)
            await self.memory.watched(watch.id, ts=ts, now=now, ended=True)
