"""Follows a fleet in a process of its own until all wanted lines came; prints what it cost.

Arguments: the Engine's address, its folder or "" for the API, how many wanted events to await,
and whether the detectors' needles are used.
"""

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.ports.detectors import all_needles
from bot.service.watched import build_detectors
from bot.sources.docker.logs import DockerLogs
from tests.benchmarks.logs import NEEDLE, SERVICES

SECONDS = 120
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


async def main(url: str, folder: str, awaited: int, needles: bool) -> None:
    """Say `ready`, then follow."""
    logs = DockerLogs([url], SERVICES, UTC, Path(folder) if folder else None)
    made = [one for one in build_detectors() if getattr(one, "needles", None)]
    words = all_needles(made) if needles else None
    began, cpu = time.perf_counter(), time.process_time()
    follow = await logs.follow(since=SINCE, needles=words)
    say("ready")
    sys.stdin.readline()
    if folder:  # what the API serves stands there already, and is read from the first moment on
        began, cpu = time.perf_counter(), time.process_time()
    wanted = lost = 0
    while wanted < awaited and time.perf_counter() - began < SECONDS:
        await asyncio.sleep(0.1)
        taken = follow.take()
        lost += taken.lost
        wanted += sum(NEEDLE in event.event for event in taken.events)
    told = {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "wanted": wanted,
        "lost": lost,
        "needles": len(words or ()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    say(json.dumps(told))
    await follow.close()
    await logs.close()


def say(line: str) -> None:
    """Tell the parent."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "yes"))
