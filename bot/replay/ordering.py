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


def _ignored(_: LogEvent) -> None:
    """Take an event that is left out."""


def in_order(
    events: Iterable[LogEvent],
    late: Callable[[LogEvent], object] = _ignored,
    undated: Callable[[LogEvent], object] = _ignored,
) -> Iterator[LogEvent]:
    """Yield the dated events in time order; one whose time slipped takes the time reached.

    One that lies further back than streams stray is left out and given to `late`, one without a
    time to `undated`.
    """
    reached: datetime | None = None
    for event, at, next_least in _with_what_follows(events, undated):
        if reached is not None and reached - at > STRAY:
            late(event)
            continue
        if (reached is None or at - reached > AHEAD) and _slipped(at, reached, next_least):
            at = reached or next_least or at
        if reached is None or at > reached:
            reached = at
        yield event if event.at == reached else replace(event, at=reached)


def _slipped(at: datetime, reached: datetime | None, next_least: datetime | None) -> bool:
    if reached is not None and at - reached <= AHEAD:
        return False
    if next_least is None:
        return reached is not None and at - reached > UNBELIEVABLE
    return at - next_least > AHEAD


def _with_what_follows(
    events: Iterable[LogEvent], undated: Callable[[LogEvent], object]
) -> Iterator[tuple[LogEvent, datetime, datetime | None]]:
    """Yield each dated event, its time, and the least time among the events soon after it."""
    waiting: deque[tuple[int, LogEvent, datetime]] = deque()
    # Rising times with their places: the first is the least of all that wait.
    least: deque[tuple[int, datetime]] = deque()
    for place, event in enumerate(events):
        at = event.at
        if at is None:
            undated(event)
            continue
        while least and least[-1][1] >= at:
            least.pop()
        least.append((place, at))
        waiting.append((place, event, at))
        if len(waiting) > LOOK_AHEAD:
            first, event, at = waiting.popleft()
            while least and least[0][0] <= first:
                least.popleft()
            yield event, at, least[0][1] if least else None
    while waiting:
        yield _taken(waiting, least)


def _taken(
    waiting: deque[tuple[int, LogEvent, datetime]], least: deque[tuple[int, datetime]]
) -> tuple[LogEvent, datetime, datetime | None]:
    place, event, at = waiting.popleft()
    while least and least[0][0] <= place:
        least.popleft()
    return event, at, least[0][1] if least else None
