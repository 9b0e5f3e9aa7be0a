"""A queue beside the provider's own, of which only the front is seen."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.queue import QueueFront

# A longest bundle of another provider takes three minutes as well.
LONGEST_SECONDS = 180.0


@dataclass
class Further:
    """Works its items off one by one, rests now and then, and stands still when told to."""

    prefix: str
    dice: random.Random
    now: datetime
    stands: bool = False
    _front: str = ""
    _until: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.now

    def at(self, now: datetime) -> QueueFront:
        """Return the front at a later time."""
        while self._until <= now and not (self.stands and self._front):
            self._next()
        status = "processing" if self._front else ""
        return QueueFront(self.prefix, self._front, status)

    def _next(self) -> None:
        """Take the next item, or rest."""
        rests = not self.stands and self.dice.random() < 0.2
        self._front = "" if rests else str(UUID(int=self.dice.getrandbits(128), version=4))
        self._until += timedelta(seconds=self.dice.uniform(2, LONGEST_SECONDS))
