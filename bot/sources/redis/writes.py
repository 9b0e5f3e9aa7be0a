"""What a Redis says of whether it takes writes: one that takes none is read as ever."""

from collections.abc import Mapping
from typing import Any


def refused_writes(told: Mapping[str, Any]) -> str:
    """Return why services can queue nothing, "" where INFO gives no reason. Pure."""
    if told.get("min_slaves_good_slaves") == 0:
        return "the server takes no writes without its replicas (min-replicas-to-write)"
    failed = [
        name for name in ("rdb_last_bgsave_status", "aof_last_write_status")
        if told.get(name) == "err"
    ]  # fmt: skip
    if failed:
        return f"the server cannot save its data, so it may take no writes ({failed[0]}:err)"
    return ""
