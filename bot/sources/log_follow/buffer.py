"""Holds followed events until they are taken; bounded, and counts what was dropped."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping

from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role

MAX_EVENTS = 50_000
MAX_CHARS = 64 << 20


class EventBuffer:
    """Events from several threads, oldest dropped first and counted when they are too many."""

    def __init__(self, *, max_events: int = MAX_EVENTS, max_chars: int = MAX_CHARS) -> None:
        self._lock = threading.Lock()
        self._events: deque[LogEvent] = deque()
        self._max_events = max_events
        self._max_chars = max_chars
        self._chars = 0
        self._lost = 0
        self._unreadable = 0
        self._restarted: dict[str, None] = {}

    def add(self, events: Iterable[LogEvent], *, unreadable: int = 0, lost: int = 0) -> None:
        """Take events in arrival order."""
        with self._lock:
            self._unreadable += unreadable
            self._lost += lost
            for event in events:
                self._events.append(event)
                self._chars += len(event.text)
            while self._events and (
                len(self._events) > self._max_events or self._chars > self._max_chars
            ):
                dropped = self._events.popleft()
                self._chars -= len(dropped.text)
                self._lost += 1 + dropped.text.count("\n")

    def lose(self, lines: int) -> None:
        """Count lines that were never read because they came too fast."""
        with self._lock:
            self._lost += lines

    def restart(self, container: str) -> None:
        """Remember that a container started again."""
        with self._lock:
            self._restarted[container] = None

    @property
    def has_any(self) -> bool:
        """Whether an event waits to be taken."""
        return bool(self._events)

    def take(
        self, containers: Mapping[str, Role], missing: Mapping[str, str], *, behind: bool = False
    ) -> Followed:
        """Return and forget everything that arrived."""
        with self._lock:
            followed = Followed(
                events=tuple(self._events),
                containers=dict(containers),
                lost=self._lost,
                unreadable=self._unreadable,
                missing=dict(missing),
                restarted=tuple(self._restarted),
                behind=behind,
            )
            self._events.clear()
            self._restarted.clear()
            self._chars = self._lost = self._unreadable = 0
        return followed
