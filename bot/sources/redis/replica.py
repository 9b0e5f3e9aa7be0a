"""What a Redis says of its replication: a replica's data is only as good as its master's link."""

from collections.abc import Mapping
from typing import Any

from bot.domain.evidence import QUEUE
from bot.errors import SourceError
from bot.sources.redis.address import SETTING

# Masters ping their replicas every ten seconds; one that has heard nothing for longer than this
# holds a queue of the past.
OLDEST_SECONDS = 60


def replica_age(told: Mapping[str, Any]) -> int | None:
    """Return how many seconds ago a replica heard its master, None of a master. Pure.

    Raises SourceError where it never had its master's data, or has lost it.
    """
    if told.get("role") != "slave":
        return None
    age = int(told.get("master_last_io_seconds_ago", -1))
    if told.get("master_link_status") == "up" and 0 <= age <= OLDEST_SECONDS:
        return age
    if told.get("master_link_status") == "up":
        why = f"heard nothing of its master for {age} s"
    elif int(told.get("master_link_down_since_seconds", 0)) < 0:
        why = "never had its master's data (master_link_status:down)"
    else:
        down = told.get("master_link_down_since_seconds", "?")
        why = f"has lost its master for {down} s (master_link_status:down)"
    raise SourceError(
        QUEUE,
        f"it is a replica that {why}, so what it holds proves nothing",
        hint=f"Set the address of the master, {told.get('master_host')}:"
        f"{told.get('master_port')}, in {SETTING}.",
    )
