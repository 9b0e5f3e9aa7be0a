"""Why Redis refuses what the LLM provider's queue writes, by the provider's own lines; pure."""

import re
from dataclasses import dataclass

from bot.border.outside import raw
from bot.domain.log import LogEvent, Role

# What the provider says of a command of its queue that Redis did not do.
NEEDLES = ("Failed to add request", "Failed to update request", "Failed to delete request")


@dataclass(frozen=True, slots=True)
class RedisRefusal:
    """One reason for which Redis does no command: what it is, and what to do."""

    name: str
    said: re.Pattern[str]
    what: str
    step: str


REFUSALS = (
    RedisRefusal("memory_full", re.compile(r"used memory > 'maxmemory'"),
                 "its memory is full (maxmemory)",
                 "Free memory at Redis or raise maxmemory; nothing can be queued meanwhile."),
    RedisRefusal("read_only", re.compile(r"read only replica"),
                 "it is a read-only replica",
                 "Point the LLM provider to the master, or end the failover."),
    RedisRefusal("cannot_save", re.compile(r"\bMISCONF\b"),
                 "it cannot save to its disk",
                 "See Redis' log and its disk: it takes no writes until it can save."),
    RedisRefusal("too_few_replicas", re.compile(r"Not enough good replicas"),
                 "it has too few replicas",
                 "Bring its replicas back: it takes no writes without them."),
    RedisRefusal("login", re.compile(r"Authentication required|\bWRONGPASS\b"),
                 "it refuses the login",
                 "Correct the Redis password of the LLM provider."),
    RedisRefusal("not_permitted", re.compile(r"no permissions to run the"),
                 "its user may not do it",
                 "Give the LLM provider's Redis user the commands and keys of its queue."),
    RedisRefusal("loading", re.compile(r"loading the dataset in memory"),
                 "it is still loading its data", "It passes by itself: wait."),
    RedisRefusal("cluster_down", re.compile(r"\bCLUSTERDOWN\b"),
                 "its cluster is down", "Bring the cluster's nodes back."),
    RedisRefusal("master_down", re.compile(r"Link with MASTER is down"),
                 "its master is away", "Bring the master back, or end the failover."),
    RedisRefusal("no_connection_left", re.compile(r"max number of clients"),
                 "it has no connection left",
                 "See CLIENT LIST: who holds them? maxclients is the bound."),
)  # fmt: skip
BY_NAME = {known.name: known for known in REFUSALS}
_PATTERNS = tuple((known.said, known) for known in REFUSALS)


def refusal_of(event: LogEvent) -> RedisRefusal | None:
    """Return why Redis refused a command of the provider's queue by a line; None for another."""
    said = raw(event.event)
    if event.role is not Role.LLM_PROVIDER or event.at is None or not said.startswith(NEEDLES):
        return None
    return next((refusal for pattern, refusal in _PATTERNS if pattern.search(said)), None)
