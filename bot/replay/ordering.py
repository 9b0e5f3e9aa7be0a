"""Puts a recorded log's events in time order: clocks slip, and zones are set wrong.

One line dated far ahead would take the clock, and all that follows, with it. A slip differs from a
quiet night in what follows: after a slip the time comes back.

A service on a host whose clock is ahead writes a whole stretch so, until its clock is set right:
then the time comes back into the gap that it jumped over. Such a stretch is moved back as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, islice

from bot.domain.log import taken_at
from bot.replay.passed import PassedEvent, Recorded

# Streams that mix stray by less; what lies further back is an older piece, replayed already.
STRAY = timedelta(minutes=1)
AHEAD = timedelta(minutes=5)
# No service is silent for so long and then says one last thing.
UNBELIEVABLE = timedelta(days=31)
LOOK_AHEAD = 500
# So many events of a stretch are held until it is known whether its clock was ahead.
LONGEST_STRETCH = 5_000

Dated = list[tuple[Recorded, datetime]]


@dataclass(frozen=True, slots=True)
class FastStretch:
    """Events of a clock that was ahead: how many, by how much, and to when the time came back."""

    count: int
    by: timedelta
    back: datetime


def _ignored(_: Recorded) -> None:
    """Take an event that is left out."""


def _unsaid(_: Recorded, by: timedelta) -> None:
    """Take a stretch that is moved."""


def in_order(
    events: Iterable[Recorded],
    late: Callable[[Recorded], object] = _ignored,
    undated: Callable[[Recorded], object] = _ignored,
    ahead: Callable[[Recorded, timedelta], object] = _unsaid,
) -> Iterator[Recorded]:
    """Yield the dated events in time order; one whose time slipped takes the time reached.

    One that lies further back than streams stray is left out and given to `late`, one without a
    time to `undated`, and to `ahead` the first of a stretch whose clock was ahead, with by how
    much at least.
    """
    reached: datetime | None = None
    stretch, left = None, 0
    for block, following in _with_what_follows(events, undated):
        for place, (event, at) in enumerate(block):
            if stretch is not None and reached is not None and left:
                left -= 1
                reached = max(reached, min(_earlier(at, stretch.by), stretch.back))
            elif reached is not None and at <= reached:
                if reached - at > STRAY:
                    late(event)
                    continue
            elif reached is not None and at - reached <= AHEAD:
                reached = at
            else:
                stretch = following.stretch(place, at, reached) if reached else None
                if stretch is not None and reached is not None:
                    left = stretch.count - 1
                    ahead(event, stretch.by)
                    reached = max(reached, min(_earlier(at, stretch.by), stretch.back))
                else:
                    least = following.least(place)
                    reached = (reached or least or at) if _slipped(at, reached, least) else at
            yield event if at == reached else _moved(event, reached)


def _earlier(at: datetime, by: timedelta) -> datetime:
    return at - min(by, at - datetime.min.replace(tzinfo=at.tzinfo))


def _moved(event: Recorded, at: datetime) -> Recorded:
    return event._replace(at=at) if isinstance(event, PassedEvent) else taken_at(event, at)


def _slipped(at: datetime, reached: datetime | None, next_least: datetime | None) -> bool:
    if next_least is None:
        return reached is not None and at - reached > UNBELIEVABLE
    return at - next_least > AHEAD


class _Following:
    """What follows each event of a block: the least time of the next ones, and what came back.

    Few are ever asked for.
    """

    def __init__(self, block: Dated, then: Dated) -> None:
        self._blocks = block, then
        self._rest: Sequence[datetime] = ()
        self._then: Sequence[datetime] = ()

    def least(self, place: int) -> datetime | None:
        """Return the least of LOOK_AHEAD times after the event at `place`, None for none."""
        return min((at for _, at in islice(self._after(place), LOOK_AHEAD)), default=None)

    def stretch(self, place: int, at: datetime, reached: datetime) -> FastStretch | None:
        """Return what jumped ahead with the event at `place` and came back into the gap."""
        if self._least_of_all(place, at) >= _earlier(at, AHEAD):
            return None  # as after a night without a word, and without looking at each
        last = at
        for count, (_, time) in enumerate(self._after(place), 1):
            if time < _earlier(at, AHEAD):
                lasts = last - at > STRAY and time >= _earlier(reached, STRAY)
                return FastStretch(count, last - time, time) if lasts else None
            last = max(last, time)
        return None

    def _after(self, place: int) -> Iterator[tuple[Recorded, datetime]]:
        block, then = self._blocks
        return chain(islice(block, place + 1, None), then)

    def _least_of_all(self, place: int, at: datetime) -> datetime:
        block, then = self._blocks
        if not self._rest:
            self._rest = list(accumulate((at for _, at in reversed(block)), min))[::-1]
            self._then = [min((at for _, at in then), default=datetime.max.replace(tzinfo=UTC))]
        return min((*self._rest[place + 1 : place + 2], *self._then), default=at)


def _with_what_follows(
    events: Iterable[Recorded], undated: Callable[[Recorded], object]
) -> Iterator[tuple[Dated, _Following]]:
    """Yield the dated events with their times, in long blocks, and what is after each."""
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
        if len(block) == LONGEST_STRETCH:
            yield block
            block = []
    yield block
