"""The CJ service's outbox: events that its relay publishes to Kafka."""

from dataclasses import dataclass
from datetime import datetime

from bot.border.outside import seal

# The relay looks every 5 seconds and gives an event up after so many tries.
RELAY_TRIES = 5
LATE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class OutboxGroup:
    """Outbox rows of one event type, for one batch or for all."""

    event_type: str
    count: int
    first_at: datetime | None = None
    last_at: datetime | None = None
    unpublished: int = 0
    oldest_unpublished_at: datetime | None = None
    max_retry_count: int = 0
    last_error: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("last_error",), names=("event_type",))
