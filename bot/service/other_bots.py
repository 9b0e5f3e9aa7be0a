"""Another environment's bot of the same Slack app, noticed at start: Slack deals questions out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from bot.errors import SourceError

# By then both connections stand, and each replica has asked for the lead once.
LOOK_AFTER_SECONDS = 30.0
# A bot leaves no trace before it has posted something.
LOOK_AGAIN_SECONDS = 3_600.0

Look = Callable[[], Awaitable[frozenset[str]]]
Sleep = Callable[[float], Awaitable[None]]
log = logging.getLogger(__name__)


def strangers(connections: int, replicas: int, each: int) -> int:
    """Return how many of an app's connections are none of our replicas'. Pure."""
    return max(0, connections - max(1, replicas) * each)


async def warn_of_others(
    connections: Callable[[], int],
    replicas: Callable[[], Awaitable[int]],
    each: int,
    environment: str,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Say once, soon after the start, that another bot listens for the same app."""
    await sleep(LOOK_AFTER_SECONDS)
    try:
        ours = await replicas()
    except SourceError:
        return  # without its database it is not ready, and says so elsewhere
    if others := strangers(connections(), ours, each):
        log.warning(
            "another bot listens for this Slack app (%d connections are not of the %d replicas of "
            "environment %s): each answers questions meant for the other. Give each environment a "
            "Slack app of its own, or SLACK_COMMAND_PREFIX and an app each in one workspace",
            others,
            ours,
            environment or "''",
        )


async def warn_of_environments(
    looks: Sequence[Look], environment: str, sleep: Sleep = asyncio.sleep
) -> None:
    """Say of each other environment once that its bot uses the same app; look again every hour.

    Of connections that come in over HTTP nothing is counted; what bots post says whose they are.
    """
    said = {environment}
    await sleep(LOOK_AFTER_SECONDS)
    while True:
        for look in looks:
            for other in sorted(await look() - said):
                said.add(other)
                log.warning(
                    "the bot of environment %r uses this Slack app, too, and this is %r: each is "
                    "sent questions and presses meant for the other. Give each environment a "
                    "Slack app of its own, and SLACK_COMMAND_PREFIX in one of them",
                    other,
                    environment,
                )
        await sleep(LOOK_AGAIN_SECONDS)
