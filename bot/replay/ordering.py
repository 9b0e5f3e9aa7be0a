"""Puts a recorded log's events in time order: clocks slip, and zones are set wrong.

One line dated far ahead would take the clock, and all that follows, with it. A slip differs from a
quiet night in what follows: after a slip the time comes back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, chain

from bot.domain.log import taken_at
from bot.replay.passed import PassedEvent, Recorded

# Streams that mix stray by less; what lies further back is an older piece, replayed already.
STRAY = timedelta(minutes=1)
AHEAD = timedelta(minutes=5)
# No service is silent for so long and then says one last thing.
UNBELIEVABLE = timedelta(days=31)
LOOK_AHEAD = 500

Dated = list[tuple[Recorded, datetime]]


def _ignored(_: Recorded) -> None:
    """Take an event that is left out."""


def in_order(
    events: Iterable[Recorded],
    late: Callable[[Recorded], object] = _ignored,
    undated: Callable[[Recorded], object] = _ignored,
) -> Iterator[Recorded]:
    """Yield the dated events in time order; one whose time slipped takes the time reached.

    One that lies further back than streams stray is left out and given to `late`, one without a
    time to `undated`.
    """
    reached: datetime | None = None
    for block, following in _with_what_follows(events, undated):
        for place, (event, at) in enumerate(block):
            if reached is not None and at <= reached:
                if reached - at > STRAY:
                    late(event)
                else:
                    yield event if at == reached else _moved(event, reached)
            elif reached is not None and at - reached <= AHEAD:
                reached = at
                yield event
            else:
                least = following.least(place)
                reached = (reached or least or at) if _slipped(at, reached, least) else at
                yield event if at == reached else _moved(event, reached)


def _moved(event: Recorded, at: datetime) -> Recorded:
    return event._replace(at=at) if isinstance(event, PassedEvent) else taken_at(event, at)


def _slipped(at: datetime, reached: datetime | None, next_least: datetime | None) -> bool:
    if next_least is None:
        return reached is not None and at - reached > UNBELIEVABLE
    return at - next_least > AHEAD


class _Following:
    """The least time among the LOOK_AHEAD events after each of a block; few are ever asked for."""

    def __init__(self, block: Dated, then: Dated) -> None:
        self._blocks = block, then
        self._rest: Sequence[datetime] = ()
        self._then: Sequence[datetime] = ()

    def least(self, place: int) -> datetime | None:
        """Return it for the event at `place`, None where nothing follows."""
        block, then = self._blocks
        if not self._rest:
            self._rest = list(accumulate((at for _, at in reversed(block)), min))[::-1]
            self._then = list(accumulate((at for _, at in then), min))
        after = chain(self._rest[place + 1 : place + 2], self._then[: place + 1][-1:])
        return min(after, default=None)


def _with_what_follows(
    events: Iterable[Recorded], undated: Callable[[Recorded], object]
) -> Iterator[tuple[Dated, _Following]]:
    """Yield the dated events with their times, LOOK_AHEAD at a time, and what is after each."""
    block: Dated = []
    for then in _blocks(events, undated):
        yield block, _Following(block, then)
        block = then
    yield block, _Following(block, [])


def _blocks(events: Iterable[Recorded], undated: Callable[[Recorded], object]) -> Iterator[Dated]:
    block: Dated = []
    for event in events:
        at = event.at
        if at is None:
            undated(event)
            continue
        block.append((event, at))
        if len(block) == LOOK_AHEAD:
            yield block
            block = []
    yield block
