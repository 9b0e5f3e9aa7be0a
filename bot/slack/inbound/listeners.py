"""The only Slack listeners: acknowledge first, then hand each question to the dispatcher.

Slack gives three seconds for an acknowledgement, so nothing is awaited before it. Everything
that can go wrong after it ends in words for the asker; an unexpected error ends in an error id
that stands in the log with the cause.
"""

import logging
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.errors import FormError
from bot.ports import Place
from bot.ports.action_ids import (
    CANCEL_ACTION,
    FORM_CALLBACK,
    REFRESH_ACTION,
    SHARE_ACTION,
    TRACE_SHORTCUT,
)
from bot.requests.boundary import bounded
from bot.requests.command_text import traces_in
from bot.requests.dispatcher import Dispatcher
from bot.slack.inbound.payload import Body, id_of, object_of, place_of, pressed, teams_of, values_of
from bot.slack.setup.identity import Identity

log = logging.getLogger(__name__)

REMEMBERED_EVENTS = 2_000

Ack = Callable[..., Awaitable[Any]]


class OfOurOwn(logging.Filter):
    """Keeps back that Bolt does not use a token: it is given a client, and reads ours from where
    settings are."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is for who runs the bot."""
        return "`token` will be unused" not in record.getMessage()


class RecentEvents:
    """Remembers the last events by id: Slack delivers one again when it missed the answer."""

    def __init__(self, limit: int = REMEMBERED_EVENTS) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._limit = limit

    def again(self, id: str) -> bool:
        """Say whether `id` was here before, and remember it; an empty id is always new."""
        if not id:
            return False
        if id in self._ids:
            return True
        self._ids[id] = None
        if len(self._ids) > self._limit:
            self._ids.popitem(last=False)
        return False


def build_app(
    client: Any, dispatcher: Dispatcher, identity: Identity, *, signing_secret: str = ""
) -> AsyncApp:
    """Return the Bolt app with every listener; the one place where listeners are made.

    `client` is an AsyncWebClient; requests are authorised as `identity`, without a call to Slack.
    """

    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team_id,
            bot_token=identity.bot_token,
            bot_id=identity.bot_id,
            bot_user_id=identity.bot_user_id,
        )

    logger = logging.getLogger("slack_bolt.batchbot")
    logger.filters[:] = [OfOurOwn()]
    app = AsyncApp(
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=bool(signing_secret),
        logger=logger,
        name="batchbot",
    )
    _listen_for_commands(app, dispatcher)
    _listen_for_presses(app, dispatcher)
    _listen_for_forms(app, dispatcher)
    _listen_for_events(app, dispatcher)
    _listen_for_errors(app, dispatcher)
    return app


def _listen_for_commands(app: AsyncApp, dispatcher: Dispatcher) -> None:
    names = "|".join(re.escape(name) for name in dispatcher.admission.commands)

    @app.command(re.compile(rf"^/{re.escape(dispatcher.admission.prefix)}(?:{names})$"))
    async def slash(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        typed = f"{body.get('command', '')} {body.get('text') or ''}".strip()
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.answer(place, typed))


def _listen_for_presses(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.action(CANCEL_ACTION)
    async def cancel(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.cancel(place, pressed(body)))

    @app.action(SHARE_ACTION)
    async def share(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.share(place, pressed(body)))

    @app.action(REFRESH_ACTION)
    async def refresh(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.home(place))

    @app.action(re.compile(r".*"))
    async def press(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        place, typed = place_of(body), pressed(body)
        if typed.startswith("/"):
            await _attend(dispatcher, place, dispatcher.answer(place, typed))

    @app.shortcut(TRACE_SHORTCUT)
    async def trace_this(ack: Ack, body: Body, context: Any) -> None:
        await _acknowledge(ack, context, dispatcher)
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.offer(place, traces_in(body.get("message"))))


def _listen_for_forms(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.view(FORM_CALLBACK)
    async def submitted(ack: Ack, body: Body, context: Any) -> None:
        view = object_of(body.get("view"))
        user, carried = id_of(body, "user"), str(view.get("private_metadata") or "")
        try:
            filled = dispatcher.filled(user, carried, values_of(view))
        except FormError as error:
            await _acknowledge(
                ack, context, dispatcher, response_action="errors", errors=error.problems
            )
            return
        place = replace(filled.place, teams=teams_of(body))
        if place.home:
            place = replace(place, view_id=str(view.get("id") or ""))
            shown = dispatcher.waiting(filled.typed)
            await _acknowledge(ack, context, dispatcher, response_action="update", view=shown)
        else:
            await _acknowledge(ack, context, dispatcher)
        await _attend(dispatcher, place, dispatcher.answer(place, filled.typed))


def _listen_for_events(app: AsyncApp, dispatcher: Dispatcher) -> None:
    recent = RecentEvents()

    @app.event("app_mention")
    async def mention(body: Body, event: Body) -> None:
        if recent.again(str(body.get("event_id") or "")) or event.get("bot_id"):
            return
        place = place_of(body)
        await _attend(dispatcher, place, dispatcher.answer(place, str(event.get("text") or "")))

    @app.event({"type": "message", "subtype": None})
    async def direct_message(body: Body, event: Body) -> None:
        is_ours = event.get("channel_type") != "im" or event.get("bot_id")
        if is_ours or recent.again(str(body.get("event_id") or "")):
            return
        place = replace(place_of(body), thread_ts=str(event.get("thread_ts") or ""))
        await _attend(dispatcher, place, dispatcher.answer(place, str(event.get("text") or "")))

    @app.event("app_home_opened")
    async def home_opened(body: Body, event: Body) -> None:
        again = recent.again(str(body.get("event_id") or ""))
        if not again and event.get("tab", "home") == "home":
            seen = place_of(body)
            place = replace(seen, channel=seen.user, home=True)
            await _attend(dispatcher, place, dispatcher.home(place))


def _listen_for_errors(app: AsyncApp, dispatcher: Dispatcher) -> None:
    @app.middleware
    async def begin(context: Any, next: Callable[[], Awaitable[Any]]) -> None:
        context["began"] = time.monotonic()
        await next()

    @app.error
    async def unexpected(error: Exception, body: Body) -> None:
        await _confess(dispatcher, place_of(body), error)


async def _attend(dispatcher: Dispatcher, place: Place, work: Awaitable[None]) -> None:
    """Await the dispatcher, and report an unexpected error to the asker.

    It may not reach Bolt: an error that comes within milliseconds of the acknowledgement makes
    Bolt forget that it was acknowledged, and the person sees a timeout.
    """

    async def confess(error: Exception) -> None:
        await _confess(dispatcher, place, error)

    await bounded(work, confess)


async def _confess(dispatcher: Dispatcher, place: Place, error: Exception) -> None:
    error_id = uuid.uuid4().hex[:10]
    log.error("unforeseen error %s", error_id, exc_info=error)
    if place.user and place.channel:
        await dispatcher.refuse(place, error, error_id=error_id)


async def _acknowledge(ack: Ack, context: Any, dispatcher: Dispatcher, **answer: Any) -> None:
    await ack(**answer)
    began = context.get("began")
    if began is not None:
        dispatcher.metrics.ack.observe(time.monotonic() - began)


class BoltReceiver:
    """Hands requests of either transport to Bolt: Socket Mode envelopes and signed HTTP posts."""

    def __init__(self, app: AsyncApp, commands: Container[str] = ()) -> None:
        self._app = app
        self._commands = commands

    def knows(self, payload: Body) -> bool:
        """Say whether a payload is a slash command with a listener; its ack says nothing more."""
        return str(payload.get("command") or "") in self._commands

    async def envelope(self, payload: Body, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Dispatch one Socket Mode payload; return status, content type and body of the ack."""
        request = AsyncBoltRequest(mode="socket_mode", body=dict(payload), headers=dict(headers))
        response = await self._app.async_dispatch(request)
        return response.status, response.first_headers().get("content-type", ""), response.body

    async def post(self, request: web.Request) -> web.Response:
        """Dispatch one HTTP request; SignedPosts lets through what Slack signed."""
        try:
            read = await to_bolt_request(request)
        except (ValueError, RecursionError):
            return web.json_response({"error": "no form or JSON that can be read"}, status=400)
        response = await self._app.async_dispatch(read)
        return await to_aiohttp_response(response)
