"""Searches a fleet's logs once, in a process of its own, and prints seconds, events, peak RSS."""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC
from pathlib import Path

import bot.service.build  # noqa: F401 - the memory of the whole bot, not of one module
from bot.domain.log import LogQuery
from bot.sources.docker.logs import DockerLogs
from tests.benchmarks.logs import SERVICES, TRACED


async def main(url: str, folder: str, repeats: int) -> None:
    """Search `repeats` times; an empty `folder` means through the API."""
    logs = DockerLogs([url], SERVICES, UTC, Path(folder) if folder else None)
    await logs.check()
    seconds, events = [], 0
    for _ in range(repeats):
        began = time.perf_counter()
        found = await logs.search(LogQuery(any_of=(TRACED,)))
        seconds.append(time.perf_counter() - began)
        events = len(found.events)
        assert not found.missing, found.missing
    await logs.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "events": events, "peak_mb": peak}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
