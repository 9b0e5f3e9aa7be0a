"""What left the queue must have been answered, given back, or expired: held by id, not by size.

A flush, an eviction or a removal by hand makes the size fall and answers nothing; what is answered
beside it hides the loss in every count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.queue.log_events import sign_of
from bot.diagnosis.queue.losses import ENDS, expired_away
from bot.domain.log import LogEvent
from bot.domain.queue import QueueItem, QueueReading

# Of a longer queue the first are followed: those leave first.
MOST = 300


@dataclass(frozen=True, slots=True)
class Departure:
    """An item that was in Redis and is not any more; `at` is the first look without it.

    `is_sound` says that the logs of that time were read without a gap.
    """

    at: datetime
    queue_id: str
    correlation_id: str = ""
    batch: str = ""
    is_sound: bool = True


@dataclass(frozen=True, slots=True)
class Conservation:
    """What is known between two looks: the items of the last one, and who left at it.

    `ended` are the requests whose end, return or expiry the last two looks' lines said: a line
    may be read a moment before or after its item leaves.
    """

    items: tuple[QueueItem, ...] = ()
    left: tuple[Departure, ...] = ()
    ended: tuple[str, ...] = ()

    def after(
        self, reading: QueueReading, ended: Iterable[str], *, sound: bool
    ) -> tuple["Conservation", tuple[Departure, ...]]:
        """Return it after one more look, and the items that were gone at two looks unexplained."""
        here = {item.queue_id for item in reading.items}
        new = tuple(ended)
        explained = {*new, *self.ended, *here}
        # Beyond the bound of a reading an item may be there, uncounted.
        gone = () if reading.truncated else self.items
        left = [
            Departure(reading.at, one.queue_id, one.correlation_id, one.cj_batch_id, sound)
            for one in gone
            if one.queue_id not in explained and not expired_away(one, reading.at)
        ]
        lost = tuple(
            Departure(one.at, one.queue_id, one.correlation_id, one.batch, one.is_sound and sound)
            for one in self.left
            if one.queue_id not in explained
        )
        return Conservation(reading.items[:MOST], tuple(left), new), lost


def ended_requests(events: Iterable[LogEvent]) -> tuple[str, ...]:
    """Return the queue ids of which lines say that they ended, went back, or expired."""
    signs = (sign_of(event) for event in events)
    return tuple(sign.queue_id for sign in signs if sign and sign.kind in ENDS and sign.queue_id)
