"""Ticks on a store and a clock that is moved, over a log that grows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.followed import Followed
from bot.domain.log import LogEvent
from bot.ports import Detector, Sources
from tests.support.fakes.alerts import Clock

TICK = timedelta(seconds=15)


class GrowingLog:
    """A log that grows; every follow begins at its `since`, and has read nothing while `behind`."""

    name = "logs"

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self.follows = 0
        self.behind = False

    async def follow(self, *, since: datetime) -> "GrowingFollow":
        self.follows += 1
        return GrowingFollow(self, since)


class GrowingFollow:
    """One follow of a GrowingLog."""

    def __init__(self, log: GrowingLog, since: datetime) -> None:
        self._log = log
        self._next = 0
        self._since = since

    def take(self) -> Followed:
        if self._log.behind:
            return Followed(behind=True)
        new = self._log.events[self._next :]
        self._next = len(self._log.events)
        return Followed(
            tuple(one for one in new if one.at and one.at >= self._since),
            containers={str(one.container): one.role for one in self._log.events},
        )

    async def close(self) -> None:
        pass


def tick_of(
    store: Store, detectors: Sequence[Detector], clock: Clock, log: GrowingLog | None = None
) -> Tick:
    sources = Sources(logs=log)  # type: ignore[arg-type]
    watcher = LiveWatcher(sources, environment="test", wants=lambda _: True)
    return Tick(store, detectors, watcher, environment="test", now=clock)


async def run(tick: Tick, clock: Clock, times: int = 1) -> None:
    for _ in range(times):
        await tick.run()
        clock.pass_(seconds=15)
