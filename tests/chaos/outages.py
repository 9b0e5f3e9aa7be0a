"""Each part is taken away for two minutes and given back, once while all is well and once while
a queue is stuck: nothing false may open, and nothing may resolve meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis

from bot.domain.alert import Reason
from bot.service import embedded_postgres
from tests.chaos.table import Row, shown
from tests.chaos.world import PROVIDER, TICK_SECONDS, World, world

WARM_TICKS = 30
OUT_TICKS = 8
AFTER_TICKS = 50
STUCK = "stuck_queue"

Act = Callable[[World], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outage:
    """How a part is taken away and given back; `moves_on`: a stuck item does not outlive it.

    `true` names the detectors whose alerts tell the outage itself.
    """

    name: str
    take: Act
    give: Act
    moves_on: bool = False
    kafka: bool = False
    true: tuple[str, ...] = ()


async def _nothing(_: World) -> None:
    return


async def _stop_memory(one: World) -> None:
    await one.memory.stop()


async def _start_memory(one: World) -> None:
    one.memory = await embedded_postgres.start(one.folder.parent / "memory", durable=False)


async def _stop_cj(one: World) -> None:
    await one.cj.stop()


async def _start_cj(one: World) -> None:
    one.cj = await embedded_postgres.start(one.folder.parent / "cj", durable=False)


async def _stop_redis(one: World) -> None:
    one.redis.stop()


async def _start_redis(one: World) -> None:
    one.redis.start()


async def _flush(one: World) -> None:
    with redis.Redis.from_url(one.redis.url) as client:
        client.flushall()


async def _rotate(one: World) -> None:
    log = one.folder / f"{PROVIDER}.log"
    log.rename(Path(f"{log}.1"))


async def _forward(one: World) -> None:
    one.clock.now += timedelta(hours=1)


async def _back(one: World) -> None:
    one.clock.now -= timedelta(hours=1)


async def _cut(one: World) -> None:
    if one.wire is not None:
        await one.wire.cut()


async def _mend(one: World) -> None:
    if one.wire is not None:
        await one.wire.mend()


OUTAGES = (
    Outage("the bot's Postgres away", _stop_memory, _start_memory),
    Outage("the CJ Postgres away", _stop_cj, _start_cj),
    Outage("Redis away", _stop_redis, _start_redis, true=("local_queue",)),
    Outage("Redis flushed", _flush, _nothing, moves_on=True, true=("queue_unanswered",)),
    Outage("the log rotated", _rotate, _nothing),
    Outage("Kafka away", _cut, _mend, kafka=True),
    Outage("the clock 1 h ahead", _forward, _nothing),
    Outage("the clock 1 h back", _back, _nothing),
)


async def run(outages: tuple[Outage, ...] = OUTAGES) -> list[Row]:
    """Live through every outage, healthy and stuck."""
    rows: list[Row] = []
    for outage in outages:
        rows += [shown(row) for row in await _healthy(outage)]
        rows += [shown(row) for row in await _stuck(outage)]
    return rows


async def _healthy(outage: Outage) -> list[Row]:
    async with world(kafka=outage.kafka) as one:
        await one.pass_(WARM_TICKS)
        recovery = await _lived(one, outage)
        await one.pass_(AFTER_TICKS)
        opened = _false(outage, await one.told(Reason.OPEN))
    return [
        Row(outage.name, "false alerts", f"{len(opened)} {opened[:2] or ''}", not opened),
        Row(outage.name, "sees again after", _seconds(recovery), recovery is not None),
    ]


def _false(outage: Outage, keys: list[str]) -> list[str]:
    return [key for key in keys if not key.startswith(tuple(f"{name}/" for name in outage.true))]


async def _stuck(outage: Outage) -> list[Row]:
    async with world(kafka=outage.kafka) as one:
        await one.pass_(WARM_TICKS)
        one.frozen = True
        await one.pass_(WARM_TICKS)
        before = await one.told(Reason.OPEN)
        recovery = await _lived(one, outage)
        await one.pass_(AFTER_TICKS)
        opened = _false(outage, await one.told(Reason.OPEN))
        resolved = await one.told(Reason.RESOLVE)
    false_end = [key for key in resolved if STUCK in key and not outage.moves_on]
    return [
        Row(
            f"{outage.name}, queue stuck",
            "alerts before, after; false resolves",
            f"{len(before)}, {len(opened)}; {len(false_end)}",
            len(before) == 1 and len(opened) == 1 and not false_end and recovery is not None,
        )
    ]


async def _lived(one: World, outage: Outage) -> int | None:
    """Take the part away and give it back; return after how many ticks all is seen again."""
    await outage.take(one)
    await one.pass_(OUT_TICKS)
    await outage.give(one)
    for number in range(1, AFTER_TICKS):
        await one.pass_(1)
        if one.is_seeing:
            return number
    return None


def _seconds(ticks: int | None) -> str:
    return "never" if ticks is None else f"{ticks * TICK_SECONDS:.0f} s"
