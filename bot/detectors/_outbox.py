"""What detectors keep of the CJ service's outbox."""

from bot.detectors._rows import Fact
from bot.domain.outbox import OutboxGroup


def waiting(group: OutboxGroup) -> Fact | None:
    """Return how many events of a type wait, since when and after how many tries; pure."""
    if not group.unpublished:
        return None
    return {
        "subject": group.event_type,
        "since": group.oldest_unpublished_at or group.first_at,
        "count": group.unpublished,
        "retries": group.max_retry_count,
    }
