"""One kind of plant through the whole bot: what was planted, and what came out."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.service.embedded_postgres import EmbeddedPostgres
from tests.attack.parts import alerts, answers, people, queue
from tests.attack.parts.outlet import Outlet, own_log
from tests.attack.parts.plants import Plant
from tests.attack.parts.world import planted
from tests.installs.user import installed

PLAIN = ("word", "name", "split", "coloured")
# What stands in these is a name that somebody gave, to be seen by it.
NAMED = ("name of a log file", "Loki container", "alias")
TYPED = ("typed", "/alerts")
TO_THE_ASKER = ("Slack, respond", "Slack, chat.postEphemeral", "Slack, views.open")
TICKS, AROUND = 12, 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of one kind was planted, the ways out and what of it each showed."""

    planted: int
    posts: int
    ways: Mapping[str, int]
    leaks: tuple[tuple[str, Plant, str], ...]
    seconds: float


async def carried(
    kind: str, folder: Path, server: EmbeddedPostgres, redis_url: str, *,
    loki: bool = False, few: bool = False, engine: bool = False,
) -> Outcome:  # fmt: skip
    """Plant one kind everywhere, let everything go out, and look for it."""
    begun, out, now = time.monotonic(), Outlet(), datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    async with AsyncExitStack() as stack:
        stack.enter_context(own_log(out))
        world = await stack.enter_async_context(
            planted(kind, folder, server, redis_url, now, loki=loki, engine=engine)
        )
        slack = await stack.enter_async_context(people.workspace(world.plant))
        stack.enter_context(installed(folder, {**world.settings, **people.settings_of(slack)}))
        posts = await alerts.tell(world, out, TICKS // 2 if few else TICKS)
        queue.fill(redis_url, world.plant, now)
        await answers.tell(world, out, few=few)
        await people.tell(world, out, slack, few=few)
    leaks = tuple(
        (way, one, _around(one.mark, text))
        for way, text in out.whole()
        for one in world.plant.found(text)
        if not may_show(way, one)
    )
    ways = {way: len(text) for way, text in out.whole()}
    return Outcome(len(world.plant.planted), posts, ways, leaks, time.monotonic() - begun)


def may_show(way: str, plant: Plant) -> bool:
    """Say whether a plain word names something, or came back to who typed it alone."""
    if plant.kind not in PLAIN:
        return False
    is_back = way.startswith(TO_THE_ASKER) or way.endswith(("carried", "error"))
    return plant.place in NAMED or (is_back and plant.place.startswith(TYPED))


def _around(mark: str, text: str) -> str:
    """Return what stands around a plant where it shows as it is."""
    at = text.lower().find(mark[:6])
    return " ".join(text[max(0, at - AROUND) : at + AROUND].split()) if at >= 0 else ""
