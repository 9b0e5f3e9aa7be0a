"""Puts a recorded log's events in time order: clocks slip, and zones are set wrong.

One line dated far ahead would take the clock, and all that follows, with it. A slip differs from a
quiet night in what follows: after a slip the time comes back.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.log import LogEvent

# Streams that mix stray by less; what lies further back is an older piece, replayed already.
STRAY = timedelta(minutes=1)
AHEAD = timedelta(minutes=5)
# No service is silent for so long and then says one last thing.
UNBELIEVABLE = timedelta(days=31)
LOOK_AHEAD = 500


def in_order(
    events: Iterable[LogEvent], late: Callable[[LogEvent], object] = lambda _: None
) -> Iterator[LogEvent]:
    """Yield the dated events in time order; one whose time slipped takes the time reached.

    One that lies further back than streams stray is left out and given to `late`.
    """
    reached: datetime | None = None
    for event, at, next_least in _with_what_follows(events):
        if reached is not None and reached - at > STRAY:
            late(event)
            continue
        if _slipped(at, reached, next_least):
            at = reached or next_least or at
        reached = max(reached or at, at)
        yield event if event.at == reached else replace(event, at=reached)


def _slipped(at: datetime, reached: datetime | None, next_least: datetime | None) -> bool:
    if reached is not None and at - reached <= AHEAD:
        return False
    if next_least is None:
        return reached is not None and at - reached > UNBELIEVABLE
    return at - next_least > AHEAD


def _with_what_follows(
    events: Iterable[LogEvent],
) -> Iterator[tuple[LogEvent, datetime, datetime | None]]:
    """Yield each dated event, its time, and the least time among the events soon after it."""
    waiting: deque[tuple[int, LogEvent, datetime]] = deque()
    # Rising times with their places: the first is the least of all that wait.
    least: deque[tuple[int, datetime]] = deque()
    for place, event in enumerate(events):
        if event.at is None:
            continue
        while least and least[-1][1] >= event.at:
            least.pop()
        least.append((place, event.at))
        waiting.append((place, event, event.at))
        if len(waiting) > LOOK_AHEAD:
            yield _taken(waiting, least)
    while waiting:
        yield _taken(waiting, least)


def _taken(
    waiting: deque[tuple[int, LogEvent, datetime]], least: deque[tuple[int, datetime]]
) -> tuple[LogEvent, datetime, datetime | None]:
    place, event, at = waiting.popleft()
    while least and least[0][0] <= place:
        least.popleft()
    return event, at, least[0][1] if least else None
