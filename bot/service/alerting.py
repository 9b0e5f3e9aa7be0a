"""Starts what alerts without being asked: the ticks, the poster, and what watches both."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from bot.diagnosis.changes.noter import Noter
from bot.domain.routing.route import Route
from bot.errors import UsageError
from bot.monitoring.state import PosterState
from bot.monitoring.vitals import Vitals
from bot.ports import Sources
from bot.ports.detectors import all_needles
from bot.registry import commands
from bot.requests.command_text import read_line
from bot.service.clock import utc_now
from bot.service.kept import morning_of, retention_of
from bot.service.tasks import kept_going, run_until_closed
from bot.service.watched import any_wants, build_detectors, own_facts
from bot.service.weekly import weekly_of
from bot.settings import Settings
from bot.slack.outbound.alert_threads import Threads
from bot.slack.setup.workspace import SlackWorkspace, look_up_routes

REQUEUE = "/queue requeue"

log = logging.getLogger(__name__)


async def start_alerts(
    settings: Settings,
    space: SlackWorkspace,
    sources: Sources,
    memory: Any,
    threads: Threads,
    stack: AsyncExitStack,
) -> Vitals:
    """Start the ticks and the poster; return what watches them."""
    from bot.alerts.live_watch import LiveWatcher
    from bot.alerts.schedule import Schedule
    from bot.alerts.tick import Tick

    made = build_detectors()
    routes = await look_up_routes(space, settings.bot.alert_routes)
    seconds, environment = settings.bot.tick_seconds, settings.bot.environment
    noter = Noter(own_facts(settings))
    watcher = LiveWatcher(
        sources,
        environment=environment,
        wants=any_wants([*made, noter]),
        needles=all_needles([*made, noter]),
    )
    tick = Tick(
        memory,
        made,
        watcher,
        environment=environment,
        now=utc_now,
        tick_seconds=seconds,
        digest_hours=settings.bot.digest_hours,
        morning=morning_of(settings),
        weekly=weekly_of(settings, sources),
        routes=routes,
        keeps=retention_of(settings.retention),
        noter=noter,
    )
    stack.push_async_callback(tick.close)
    schedule = Schedule(tick, seconds)
    schedule.start()
    stack.push_async_callback(schedule.close)
    vitals = Vitals(tick.state, memory, utc_now, seconds, owns_memory=not settings.bot.database_url)
    if settings.slack.alert_channel:
        vitals.posts = _post(space, memory, threads, stack, routes)
    else:
        log.warning("no alerts will be posted: SLACK_ALERT_CHANNEL is not set")
    return vitals


def _post(
    space: SlackWorkspace,
    memory: Any,
    threads: Threads,
    stack: AsyncExitStack,
    routes: Sequence[Route],
) -> PosterState:
    """Post as soon as the alert channel is known; until then the state says that it is not."""
    from bot.alerts.poster import Poster

    state = PosterState()
    if not space.access.alert_channel:
        state.channel_missing, state.problem, state.failing_since = True, space.missing, utc_now()

    async def post() -> None:
        if not space.access.alert_channel:
            await space.located.wait()
            state.channel_missing, state.problem, state.failing_since = False, "", None
        channel = space.access.alert_channel
        poster = Poster(memory, threads, channel, now=utc_now, state=state, routes=routes)
        await poster.run(lambda: memory.leads)

    def failed() -> None:
        state.failures["unforeseen"] = state.failures.get("unforeseen", 0) + 1

    run_until_closed(kept_going("the poster", post, failed=failed), stack)
    return state


def takes(typed: str) -> bool:
    """Say whether a button's command would be understood."""
    try:
        read_line(typed, commands()).request()
    except UsageError:
        return False
    return True


def takes_buttons(settings: Settings) -> Callable[[str], bool]:
    """Return what an alert's buttons may run: to put an item back only where that is on."""
    repairs = settings.queue.repair
    return lambda typed: takes(typed) and (repairs or not typed.startswith(REQUEUE))
