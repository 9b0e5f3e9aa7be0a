"""The bot's own health: what /readyz, the heartbeat log line and `vital_metrics` show.

The heartbeat is a log line every ten minutes while ticks are on time, so that its absence can
be alerted on from outside (https://prometheus.io/docs/practices/alerting/#metamonitoring); a late
tick is a warning at once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.words import Time, words
from bot.errors import SourceError
from bot.monitoring.state import PosterState, TickState
from bot.text.wording import many

POLL_SECONDS = 10.0
LINE_EVERY = timedelta(minutes=10)
LATE_TICKS = 4
LEAST_LATE = timedelta(seconds=60)
OLD_MESSAGE = timedelta(minutes=5)
# A database of the bot's own that was killed is there again within seconds.
COMES_BACK = timedelta(seconds=60)
SLOW_LOOP_SECONDS = 5.0

log = logging.getLogger(__name__)

Check = Callable[[], tuple[bool, str]]


class Outbox(Protocol):
    """The part of the bot's database that Vitals reads."""

    async def outbox_health(self) -> Any:
        """Return depth, oldest and problem. Raises SourceError."""
        ...


@dataclass(eq=False)
class Vitals:
    """The bot's health; made once, polled by `run`, read by checks and by VitalMetrics.

    `owns_memory` says that the bot runs the server of its database itself.
    """

    ticks: TickState
    memory: Outbox
    now: Callable[[], datetime]
    tick_seconds: float
    posts: PosterState | None = None
    sockets: Callable[[], Awaitable[int]] | None = None
    started_at: datetime | None = None
    depth: int = 0
    oldest: datetime | None = None
    connected: int = 0
    loop_lag: float = 0.0
    owns_memory: bool = False
    memory_problem: str = ""
    memory_lost_at: datetime | None = None
    _late: bool = False
    _mute: bool = False
    _line_at: datetime | None = field(default=None)

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Poll for ever; cancel it to stop."""
        while True:
            await self.poll()
            began = time.monotonic()
            await sleep(POLL_SECONDS)
            self.loop_lag = max(0.0, time.monotonic() - began - POLL_SECONDS)

    async def poll(self) -> None:
        """Look once at the outbox, the sockets and the ticks."""
        self.started_at = self.started_at or self.now()
        if self.sockets is not None:
            self.connected = await self.sockets()
        try:
            health = await self.memory.outbox_health()
        except SourceError as error:
            self.memory_problem = error.message
            self.memory_lost_at = self.memory_lost_at or self.now()
        else:
            self.memory_problem, self.memory_lost_at = "", None
            self.depth, self.oldest = health.depth, health.oldest
        self._log_state(self.now())

    def checks(self) -> dict[str, Check]:
        """Return what /readyz asks: each says whether it is well, and what it saw."""
        found: dict[str, Check] = {
            "ticks": self.tick_check,
            "sources": self.source_check,
            "memory": lambda: (not self.memory_problem, self.memory_problem or "ok"),
            "loop": lambda: (
                self.loop_lag < SLOW_LOOP_SECONDS,
                f"the event loop was {self.loop_lag:.1f} s late",
            ),
        }
        if self.posts is not None:
            found["alerts"] = self.post_check
        return found

    def life_check(self) -> tuple[bool, str]:
        """Say what /healthz shows: False where the bot's own server is gone for good.

        Another's database that is away comes back without a new start of the bot.
        """
        lost = self.memory_lost_at
        if not self.owns_memory or lost is None or self.now() - lost <= COMES_BACK:
            return True, "alive"
        why = f"the embedded PostgreSQL is away: {self.memory_problem}"
        return False, str(words(why, Time(lost, "; since ")))

    def tick_check(self) -> tuple[bool, str]:
        """Say whether this process leads or stands by, as it should; else what is wrong."""
        if self.ticks.problem:
            return False, self.ticks.problem
        late = self.lateness(self.now())
        if late:
            return False, f"no tick for {int(late.total_seconds())} s"
        return True, "leading" if self.ticks.leading else "standing by"

    def source_check(self) -> tuple[bool, str]:
        """Say which sources the last tick could not read: which is no reason for a restart."""
        if not self.ticks.ticks:
            return True, "not looked at by this process"
        unread = self.ticks.unread
        told = "; ".join(f"{name} cannot be read: {why}" for name, why in sorted(unread.items()))
        return True, told or "what the last tick needed was read"

    def post_check(self) -> tuple[bool, str]:
        """Say whether alerts reach Slack, and since when they do not."""
        since = self._refused_since()
        if self.posts is not None and since is not None:
            return False, str(words(self.posts.problem, Time(since, " since ")))
        age = self.now() - self.oldest if self.oldest else timedelta(0)
        if self.ticks.leading and age > OLD_MESSAGE:
            minutes = int(age.total_seconds() // 60)
            return (
                False,
                f"{many(self.depth, 'message', ('waits', 'wait'))}, the oldest for {minutes} min",
            )
        return True, "ok"

    def lateness(self, now: datetime) -> timedelta | None:
        """Return how long no tick was made where one was due; None when all is on time.

        One is due from the leader, and from a process that cannot find out who leads.
        """
        ticks = self.ticks
        if not ticks.leading and not ticks.problem:
            return None
        known = [at for at in (ticks.last_at, ticks.stood_by_at) if at is not None]
        last = max(known, default=self.started_at)
        allowed = max(LEAST_LATE, LATE_TICKS * timedelta(seconds=self.tick_seconds))
        return now - last if last is not None and now - last > allowed else None

    def _refused_since(self) -> datetime | None:
        """Return since when Slack refuses the messages that wait; None when it takes them.

        Another replica may have posted them meanwhile, so only the leader's state counts, and
        only while something waits. A missing channel counts whether or not something waits.
        """
        if self.posts is None:
            return None
        if not self.posts.channel_missing and not (self.ticks.leading and self.depth):
            return None
        return self.posts.failing_since

    def _log_state(self, now: datetime) -> None:
        late = self.lateness(now)
        if late and not self._late:
            log.warning("ticks are late: none for %d s, nothing is watched", late.total_seconds())
        if self._late and not late:
            log.warning("ticks go on")
        self._late = late is not None
        self._log_slack(now)
        if late or (self._line_at is not None and now - self._line_at < LINE_EVERY):
            return
        self._line_at = now
        what = "watching" if self.ticks.leading else "standing by"
        log.info("alive and %s: %d ticks, %d waiting", what, self.ticks.ticks, self.depth)

    def _log_slack(self, now: datetime) -> None:
        """Log once that Slack has taken no alert for long, and once that it does again."""
        since = self._refused_since()
        silent = since is not None and now - since > OLD_MESSAGE
        if silent and not self._mute and self.posts is not None and since is not None:
            log.error(
                "alerts do not reach Slack %s (%s); %d wait and will be said in order",
                *(words(Time(since, "since ")), self.posts.problem, self.depth),
            )
        if self._mute and not silent and self.ticks.leading:
            log.warning("alerts reach Slack again")
        self._mute = silent
