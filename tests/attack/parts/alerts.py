"""The alerts of a planted HuleEdu: opened, changed, resolved, told by the day and by the week."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta

import aiohttp
import redis

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.morning import Morning
from bot.alerts.policy.weekly import MondayAt
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.alerts.weekly_post import WeeklyPost
from bot.diagnosis.changes.noter import Noter
from bot.ports import Detector, Sources
from bot.ports.detectors import ChangeNoter, all_needles
from bot.service.sources import build_sources
from bot.service.watched import any_wants, build_detectors, own_facts
from bot.service.weekly import told_week
from bot.settings import load_settings
from bot.slack.outbound.alert_threads import Threads
from bot.slack.outbound.web_api import Web, make_client
from tests.attack.parts.outlet import Outlet, keep_sent
from tests.attack.parts.world import World
from tests.support.fakes.alerts import Clock
from tests.support.slack.web_api import SlackApi, slack_api

CHANNEL, EVERY = "C0ALERTS00", timedelta(seconds=60)


async def tell(world: World, out: Outlet, ticks: int) -> int:
    """Let the bot look until every detector could conclude, then end it all; return the posts."""
    clock = Clock(world.now)
    async with AsyncExitStack() as stack:
        store = Store(world.memory_url, "test")
        await store.open()
        stack.push_async_callback(store.close)
        sources = await build_sources(load_settings(), stack, store)
        slack = await stack.enter_async_context(slack_api())
        tick = _tick(store, sources, clock)
        stack.push_async_callback(tick.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        threads = Threads(Web(make_client("xoxb-test", f"{slack.url}/api/", session)))
        poster = Poster(store, threads, CHANNEL, now=clock, sleep=clock.sleep)
        await store.lead()
        for _ in range(ticks):
            await _step(tick, poster, clock, EVERY)
        await _mend(world)
        for _ in range(3):
            await _step(tick, poster, clock, EVERY)
        # A new day, and the Monday after it.
        for span in (timedelta(days=1), timedelta(days=7)):
            await _step(tick, poster, clock, span)
        _keep(slack, out)
        return len(slack.said)


def _tick(store: Store, sources: Sources, clock: Clock) -> Tick:
    made, noter = build_detectors(), Noter(own_facts(load_settings()))
    watched: list[Detector | ChangeNoter] = [*made, noter]

    async def week(since: datetime, now: datetime) -> object:
        return await told_week(sources, since, now)

    return Tick(
        store, made,
        LiveWatcher(sources, environment="test", wants=any_wants(watched),
                    needles=all_needles(watched)),
        environment="test", now=clock, tick_seconds=EVERY.total_seconds(),
        morning=Morning(time(8), UTC), noter=noter,
        weekly=WeeklyPost(MondayAt(time(8), UTC), week),  # type: ignore[arg-type]
    )  # fmt: skip


async def _step(tick: Tick, poster: Poster, clock: Clock, span: timedelta) -> None:
    clock.now += span
    await tick.run()
    for _ in range(40):
        if not await poster.step():
            break


async def _mend(world: World) -> None:
    """Empty the queue, so that what stood there is resolved."""
    with redis.Redis.from_url(world.redis_url) as client:
        client.flushall()


def _keep(slack: SlackApi, out: Outlet) -> None:
    for said in slack.said:
        keep_sent(out, f"alert, {said.way}", said.arguments)
    for file in slack.files.values():
        out.put("alert, file", file.get("content", b""))
