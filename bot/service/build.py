"""Builds and runs the whole bot: Slack, dispatcher, alerts and the HTTP side, in one exit stack."""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from bot.charts.drawing import Drawing
from bot.domain.evidence import Missing
from bot.monitoring.http import Handler, Health, build_site, serve
from bot.monitoring.metrics import Metrics
from bot.monitoring.source_calls import timed_sources
from bot.monitoring.version import version
from bot.monitoring.vital_metrics import VitalMetrics
from bot.monitoring.vitals import Vitals
from bot.ports import Sources
from bot.ports.action_ids import EVENTS_PATH
from bot.registry import commands, import_answers
from bot.requests.admission import Admission, Limits
from bot.requests.app_home import AppHome
from bot.requests.dispatcher import Dispatcher
from bot.requests.forms import Forms
from bot.requests.jobs import JobRunner
from bot.requests.questions.asking import Questions
from bot.requests.replies import Replies
from bot.requests.sharing import Shares
from bot.requests.watching import BatchWatcher
from bot.service.alerting import start_alerts, takes_buttons
from bot.service.clock import utc_now
from bot.service.command_options import command_options
from bot.service.listening import cannot_listen
from bot.service.memory import build_memory
from bot.service.other_bots import Look, warn_of_environments, warn_of_others
from bot.service.sources import build_sources
from bot.service.tasks import kept_going, run_until_closed, stopped_by_signals, unless
from bot.settings import Settings, SlackSettings
from bot.slack.blocks.renderer import BlockKit
from bot.slack.inbound.listeners import BoltReceiver, build_app
from bot.slack.inbound.signed_posts import SignedPosts, Takes
from bot.slack.inbound.socket_mode import SOCKETS, Sockets
from bot.slack.outbound.alert_threads import Threads
from bot.slack.outbound.block_fallback import BlockFallback
from bot.slack.outbound.replies import SlackReplies
from bot.slack.outbound.views import SlackViews
from bot.slack.outbound.watch_messages import WatchMessages
from bot.slack.outbound.web_api import make_client
from bot.slack.setup.environments import answering_at, posted_for
from bot.slack.setup.identity import check_app_token, patient
from bot.slack.setup.workspace import SlackWorkspace, join, keep_names
from bot.text.markdown_report import render

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot; closing the stack it was built on stops it."""

    dispatcher: Dispatcher
    sources: Sources
    port: int
    health: Health
    alert_channel: str


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C; everything is closed in reverse order."""
    with stopped_by_signals() as stop:
        async with AsyncExitStack() as stack:
            bot = await unless(stop, build_bot(settings, stack))
            if bot is None:
                log.info("stopped while starting")
                return
            own = settings.bot.environment or "(no name)"
            log.info("batchbot %s is ready for %s, http on port %d", version(), own, bot.port)
            await stop.wait()
            log.info("stopping: running commands may end")


async def build_bot(settings: Settings, stack: AsyncExitStack, *, durable: bool = True) -> Bot:
    """Build and start the bot; it stops when `stack` closes.

    Raises SettingsError when Slack refuses the tokens, SourceError when the bot's own database
    is not there, AwayError when another program holds the port. `durable=False` is for demos.
    """
    space = await join(settings.slack, stack)
    space.web.environment = settings.bot.environment
    memory = await build_memory(settings, stack, durable=durable, upgrades=True)
    metrics = Metrics()
    sources = await build_sources(settings, stack, memory)
    if sources.callbacks is not None and not isinstance(sources.callbacks, Missing):
        await sources.callbacks.start()
    sources = timed_sources(sources, metrics.observe)
    drawing = Drawing(settings.bot.data_dir / "charts")
    fallback = BlockFallback()
    replies = Replies(
        SlackReplies(space.web, space.session, drawing.draw, fallback),
        SlackViews(space.web),
        BlockKit(whole=render),
    )
    dispatcher = _dispatcher(settings, space, sources, replies, metrics)
    threads = Threads(
        space.web, takes_buttons(settings), space.access.names, drawing.draw, fallback
    )
    vitals = await start_alerts(settings, space, sources, memory, threads, stack)
    checks = vitals.checks()
    receiver = _receiver(settings.slack, space, dispatcher)
    if settings.slack.socket_mode:
        sockets = await _listen(settings.slack, space, receiver, stack)
        vitals.sockets, checks["slack"] = sockets.connected, sockets.health
        looked = warn_of_others(
            lambda: sockets.of_the_app, memory.replicas, SOCKETS, settings.bot.environment
        )
        run_until_closed(looked, stack)
    metrics.watch(VitalMetrics(vitals))
    _keep_going(settings, space, sources, memory, vitals, stack)
    environment = settings.bot.environment
    health = Health(checks, metrics.exposition, vitals.life_check, environment)
    over_http = not settings.slack.socket_mode
    routes = {EVENTS_PATH: _signed(settings.slack, receiver, memory.takes)} if over_http else {}
    runner = await _serve(settings, build_site(health, routes), stack)
    stack.push_async_callback(dispatcher.close)
    return Bot(dispatcher, sources, _port(runner), health, space.access.alert_channel)


def _keep_going(
    settings: Settings,
    space: SlackWorkspace,
    sources: Sources,
    memory: Any,
    vitals: Vitals,
    stack: AsyncExitStack,
) -> None:
    """Start what runs beside the requests until `stack` closes."""
    run_until_closed(kept_going("the watch over the bot itself", vitals.run), stack)
    watcher = BatchWatcher(sources, memory, WatchMessages(space.web), utc_now)
    run_until_closed(
        kept_going("watched batches", lambda: watcher.run(lambda: memory.leads)), stack
    )
    looked_for = warn_of_environments(_looks(settings, space), settings.bot.environment)
    run_until_closed(looked_for, stack)
    kept = partial(keep_names, space, settings.slack, routes=settings.bot.alert_routes)
    run_until_closed(kept_going("the names of the settings", kept), stack)


def _looks(settings: Settings, space: SlackWorkspace) -> Sequence[Look]:
    """Return where another environment's bot of this app may show: its posts, Slack's address."""
    url = "" if settings.slack.socket_mode else settings.bot.http_public_url
    return (
        partial(posted_for, space.web, space.access, space.identity.bot_user_id),
        partial(answering_at, space.session, url),
    )


def _dispatcher(
    settings: Settings, space: SlackWorkspace, sources: Sources, replies: Replies, metrics: Metrics
) -> Dispatcher:
    import_answers()
    admission = Admission(
        commands(),
        sources,
        space.access,
        utc_now,
        environment=settings.bot.environment,
        prefix=settings.slack.command_prefix,
        options=command_options(settings, space.access.names),
    )
    return Dispatcher(
        admission,
        JobRunner(replies, Limits()),
        Forms(admission, replies),
        AppHome(admission, replies),
        Questions(admission, replies.sender),
        Shares(replies, space.access, utc_now),
        replies,
        metrics,
    )


def _receiver(
    settings: SlackSettings, space: SlackWorkspace, dispatcher: Dispatcher
) -> BoltReceiver:
    secret = settings.signing_secret
    client = make_client(None, settings.api_url, space.session)
    return BoltReceiver(
        build_app(
            client,
            dispatcher,
            space.identity,
            signing_secret=secret.get_secret_value() if secret else "",
        ),
        frozenset(
            f"/{dispatcher.admission.prefix}{name}" for name in dispatcher.admission.commands
        ),
    )


def _signed(settings: SlackSettings, receiver: BoltReceiver, takes: Takes) -> Handler:
    assert settings.signing_secret is not None  # noqa: S101 - join says so
    return SignedPosts(settings.signing_secret.get_secret_value(), receiver.post, takes).post


async def _listen(
    settings: SlackSettings, space: SlackWorkspace, receiver: BoltReceiver, stack: AsyncExitStack
) -> Sockets:
    assert settings.app_token is not None  # noqa: S101 - socket_mode says so
    token = settings.app_token.get_secret_value()
    first = await patient(lambda: check_app_token(space.web, token))
    sockets = Sockets(space.web, token, receiver.envelope, knows=receiver.knows)
    stack.push_async_callback(sockets.close)
    await sockets.open(first)
    return sockets


async def _serve(settings: Settings, site: web.Application, stack: AsyncExitStack) -> web.AppRunner:
    host, port = settings.bot.http_host, settings.bot.http_port
    try:
        runner = await serve(site, host, port)
    except (OSError, UnicodeError) as error:
        raise cannot_listen(error, host, port) from error
    stack.push_async_callback(runner.cleanup)
    return runner


def _port(runner: web.AppRunner) -> int:
    return int(runner.addresses[0][1]) if runner.addresses else 0
