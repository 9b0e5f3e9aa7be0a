"""The LLM provider's request queue as it was read at one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.border.outside import seal


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One request in the queue; prompts and user ids are never read out of the source.

    `status` is queued, processing, completed, expired or failed in lower case, as written by the
    service, or "leaked" when the id is in the sorted set and its data is gone. Times are aware
    UTC; `ttl` counts from `queued_at`. `mode` is the queue_processing_mode of its metadata.
    """

    queue_id: str
    status: str
    queued_at: datetime | None = None
    processing_started_at: datetime | None = None
    ttl: timedelta | None = None
    retry_count: int = 0
    correlation_id: str = ""
    bos_batch_id: str = ""
    cj_batch_id: str = ""
    mode: str = ""
    provider: str = ""
    in_order: bool = True

    def __post_init__(self) -> None:
        seal(
            self,
            texts=(
                "queue_id",
                "correlation_id",
                "bos_batch_id",
                "cj_batch_id",
            ),
            names=(
                "status",
                "mode",
                "provider",
            ),
        )

    @property
    def expires_at(self) -> datetime | None:
        """When the service will drop the item without a callback."""
        if self.queued_at is None or self.ttl is None:
            return None
        return self.queued_at + self.ttl


class Requeued(StrEnum):
    """What became of an item: put back, would be, or left as it is and why."""

    DONE = "done"
    WOULD = "would"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class QueueFront:
    """The item at the front of one further queue, "" when it is empty."""

    prefix: str
    queue_id: str = ""
    status: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("queue_id",), names=("status",))


@dataclass(frozen=True, slots=True)
class QueueReading:
    """Both keys of the queue, read together.

    `items` come in queue order (data without an order entry last, `in_order` False). `size`
    counts the sorted set as the service does: every status. `unreadable` counts entries whose
    JSON could not be read. `truncated` says that items beyond the bound were counted only.
    `replica_age` is how many seconds ago a replica heard its master, None where it was the master.
    """

    at: datetime
    size: int
    items: tuple[QueueItem, ...] = ()
    unreadable: int = 0
    truncated: bool = False
    replica_age: int | None = None

    def by_status(self) -> dict[str, int]:
        """Count the items read, by status."""
        counts: dict[str, int] = {}
        for item in self.items:
            counts[item.status] = counts.get(item.status, 0) + 1
        return counts
