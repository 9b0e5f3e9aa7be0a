"""The Web API methods that the bot calls, refusing what Slack refuses by Slack's names."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.demo.workspace.state.installation import Installation
from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.sockets import SocketConnections
from bot.demo.workspace.state.space import (
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER,
    TEAM,
    USERS,
    Space,
)
from bot.demo.workspace.validation.messages import (
    MESSAGE_TEXT,
    check_files,
    check_message,
    check_update,
)
from bot.demo.workspace.web_api.calls import base_of
from bot.demo.workspace.web_api.canvases import Canvases
from bot.demo.workspace.web_api.conversations import Conversations, conversation_of
from bot.demo.workspace.web_api.files import Files
from bot.demo.workspace.web_api.views import Views

READS = ("conversations.history", "conversations.replies")
GREETING, AWAY = "auth.test", "service_unavailable"
WRITES = ("chat.postMessage", "chat.postEphemeral", "chat.update")
VIEW_WRITES = ("views.open", "views.update", "views.push", "views.publish")
# Ten times 0.1 is a little less than one.
ROUNDING = 1e-9

Values = dict[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class EvenShare:
    """Counts calls; a share of 0.2 takes each fifth of them, so that faults are reproducible."""

    _due: float = 0.0

    def takes(self, share: float) -> bool:
        """Say whether this call is one of the share."""
        if not share > 0:
            return False
        self._due += min(share, 1.0)
        if self._due < 1 - ROUNDING:
            return False
        self._due -= 1
        return True


class WebApi:
    """Answers /api/<method> from the space."""

    def __init__(
        self,
        space: Space,
        door: SocketConnections,
        views: Views,
        files: Files,
        app: Installation,
        canvases: Canvases,
    ) -> None:
        self._space = space
        self._door = door
        self._files = files
        self._app = app
        self._errors, self._drops = EvenShare(), EvenShare()
        talk = Conversations(space)
        self._methods: Mapping[str, Callable[[str, Values], Answer]] = {
            "auth.test": lambda base, _: self._auth_test(base),
            "canvases.create": lambda _, values: canvases.create(values),
            "canvases.access.set": lambda _, values: canvases.share(values),
            "chat.postMessage": lambda _, values: self._post(values),
            "chat.postEphemeral": lambda _, values: self._post_ephemeral(values),
            "chat.update": lambda _, values: self._update(values),
            "chat.delete": lambda _, values: self._delete(values),
            "chat.getPermalink": talk.permalink,
            "conversations.history": lambda _, values: talk.history(values),
            "conversations.replies": lambda _, values: talk.replies(values),
            "conversations.list": lambda _, values: talk.all(values),
            "conversations.info": lambda _, values: talk.info(values),
            "conversations.members": lambda _, values: talk.members(values),
            "conversations.join": lambda _, values: talk.join(values),
            "conversations.open": lambda _, values: talk.open(values),
            "users.list": lambda _, values: talk.users(values),
            "users.conversations": lambda _, values: talk.all(values),
            "users.info": lambda _, values: talk.user(values),
            "usergroups.list": lambda _, values: talk.groups(values),
            "views.open": lambda _, values: views.open(values),
            "views.push": lambda _, values: views.push(values),
            "views.update": lambda _, values: views.update(values),
            "views.publish": lambda _, values: views.publish(values),
            "files.getUploadURLExternal": files.offer,
            "files.completeUploadExternal": lambda _, values: self._share_files(values),
            "files.info": lambda _, values: {"file": files.info(str(values.get("file") or ""))},
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method, values = request.match_info["method"], await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = token or str(values.get("token") or "")
        faults = self._space.faults
        await asyncio.sleep(faults.delay_ms / 1000)
        try:
            self._fail(method)
            answer = {"ok": True, **self._answered(request, method, values, token)}
        except Refusal as refusal:
            return web.json_response(
                refusal.body(), status=refusal.status, headers=self._headers(refusal.headers)
            )
        if method in WRITES and self._drops.takes(faults.drop_after_accept):
            assert request.transport is not None  # noqa: S101
            request.transport.close()
        return web.json_response(answer, headers=self._headers({}))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"x-oauth-scopes": self._app.granted, **more}

    def _fail(self, method: str) -> None:
        """Raise what goes wrong on purpose."""
        faults, writes = self._space.faults, method in (*WRITES, *VIEW_WRITES, GREETING)
        if writes and faults.rate_limit:
            raise Refusal("ratelimited", status=429, headers={"Retry-After": "2"})
        if writes and self._errors.takes(faults.errors):
            raise Refusal("internal_error", status=500)
        refused = {
            **dict.fromkeys(WRITES, faults.refuse),
            **dict.fromkeys(READS, faults.refuse_history),
            # A message may be refused for many reasons, auth.test only while Slack is down.
            GREETING: faults.refuse if faults.refuse == AWAY else "",
        }
        if refused.get(method):
            raise Refusal(refused[method])

    def _answered(self, request: web.Request, method: str, values: Values, token: str) -> Answer:
        wanted = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if token != wanted:
            raise Refusal("invalid_auth" if token else "not_authed")
        if method == "apps.connections.open":
            return {"url": f"ws://{request.host}/link?ticket={self._door.ticket()}"}
        call = self._methods.get(method)
        if call is None:
            raise Refusal("unknown_method", extra={"req_method": method})
        if lacking := self._app.lacks(method):
            provided = {"needed": lacking, "provided": self._app.granted}
            raise Refusal("missing_scope", extra=provided)
        return call(base_of(request), values)

    def _auth_test(self, base: str) -> Answer:
        return {"url": f"{base}/", "team": "HuleEdu", "team_id": TEAM, "user": "batchbot",
                "user_id": BOT_USER, "bot_id": BOT_ID}  # fmt: skip

    def _check(self, values: Values) -> None:
        check_message(values, refused=self._space.faults.refuse_blocks)
        check_files(values.get("blocks"), self._files.known)

    def _in_thread(self, channel: str, values: Values) -> None:
        thread = values.get("thread_ts")
        if thread and self._space.find(channel, str(thread)) is None:
            raise Refusal("thread_not_found")

    def _post(self, values: Values) -> Answer:
        channel = conversation_of(values)
        self._check(values)
        self._in_thread(channel, values)
        content, warning = _truncated(values)
        ts = self._space.post(channel, content, user=BOT_USER)
        return {"channel": channel, "ts": ts, "message": self._space.find(channel, ts), **warning}

    def _post_ephemeral(self, values: Values) -> Answer:
        channel = conversation_of(values)
        self._check(values)
        self._in_thread(channel, values)
        to = str(values.get("user") or "")
        if to not in USERS.values():
            raise Refusal("user_not_in_channel")
        return {"message_ts": self._space.post(channel, values, user=BOT_USER, to=to)}

    def _update(self, values: Values) -> Answer:
        channel = conversation_of(values)
        message = self._own(channel, values, "cant_update_message")
        check_update(values, refused=self._space.faults.refuse_blocks)
        check_files(values.get("blocks"), self._files.known)
        self._space.edit(channel, message, values)
        return {"channel": channel, "ts": message["ts"], "text": message["text"]}

    def _delete(self, values: Values) -> Answer:
        channel = conversation_of(values)
        message = self._own(channel, values, "cant_delete_message")
        self._space.remove(channel, message)
        return {"channel": channel, "ts": message["ts"]}

    def _own(self, channel: str, values: Values, refusal: str) -> Answer:
        message = self._space.find(channel, str(values.get("ts")))
        if message is None:
            raise Refusal("message_not_found")
        if message["user"] != BOT_USER:
            raise Refusal(refusal)
        return message

    def _share_files(self, values: Values) -> Answer:
        asked = values.get("files") or []
        files = self._files.complete(_decoded(asked) if isinstance(asked, str) else asked)
        if values.get("channel_id"):
            channel = conversation_of({"channel": values["channel_id"]})
            self._in_thread(channel, values)
            content = {"text": values.get("initial_comment") or "", "files": files,
                       "thread_ts": values.get("thread_ts")}  # fmt: skip
            self._space.post(channel, content, user=BOT_USER)
        return {"files": files}


async def _arguments(request: web.Request) -> Values:
    values: Values = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = await request.json()
        except ValueError:
            body = {}
        return {**values, **body} if isinstance(body, dict) else values
    form = {key: str(value) for key, value in (await request.post()).items()}
    return {**values, **{key: _read(key, value) for key, value in form.items()}}


def _read(key: str, value: str) -> Any:
    return _decoded(value) if key in ("blocks", "metadata", "view", "attachments") else value


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _truncated(values: Values) -> tuple[Values, Answer]:
    """Cut a text over 40,000 characters, with the warning that Slack gives."""
    text = str(values.get("text") or "")
    if len(text) <= MESSAGE_TEXT:
        return values, {}
    warning = {"warning": "message_truncated",
               "response_metadata": {"warnings": ["message_truncated"]}}  # fmt: skip
    return {**values, "text": text[:MESSAGE_TEXT]}, warning
