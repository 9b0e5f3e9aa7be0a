"""The Web API methods that the bot calls, refusing what Slack refuses by Slack's names."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.demo.workspace.refusal import Refusal
from bot.demo.workspace.sockets import SocketDoor
from bot.demo.workspace.space import (
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER,
    CHANNELS,
    TEAM,
    USERS,
    Space,
)
from bot.demo.workspace.validation import check_message, check_update, check_view

SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,commands,files:write,"
    "groups:history,groups:read,im:write,users:read"
)
READS = ("conversations.history", "conversations.replies")
WRITES = ("chat.postMessage", "chat.postEphemeral", "chat.update")


class WebApi:
    """Answers /api/<method> from the space."""

    def __init__(self, space: Space, door: SocketDoor) -> None:
        self._space = space
        self._door = door
        self._methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.list": self._channels,
            "conversations.info": self._channel,
            "users.list": self._users,
            "views.publish": self._publish,
            "files.completeUploadExternal": self._share_files,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method, values = request.match_info["method"], await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = token or str(values.get("token") or "")
        faults = self._space.faults
        await asyncio.sleep(faults.delay_ms / 1000)
        if method in WRITES and faults.rate_limit:
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "2"}
            )
        if method in WRITES and random.random() < faults.errors:  # noqa: S311
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        refused = {
            **dict.fromkeys(WRITES, faults.refuse),
            **dict.fromkeys(READS, faults.refuse_history),
        }
        if refused.get(method):
            return web.json_response({"ok": False, "error": refused[method]})
        answer = self._answered(request, method, values, token)
        if method in WRITES and random.random() < faults.drop_after_accept:  # noqa: S311
            assert request.transport is not None  # noqa: S101
            request.transport.close()
        return web.json_response(answer, headers={"x-oauth-scopes": SCOPES})

    def _answered(
        self, request: web.Request, method: str, values: dict[str, Any], token: str
    ) -> dict[str, Any]:
        if method == "apps.connections.open":
            if token != APP_TOKEN:
                return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
            return {"ok": True, "url": f"ws://{request.host}/link?ticket={self._door.ticket()}"}
        if token != BOT_TOKEN:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        if method == "files.getUploadURLExternal":
            return self._upload_url(request, values)
        call = self._methods.get(method)
        if call is None:
            return {"ok": False, "error": "unknown_method"}
        try:
            return {"ok": True, **call(values)}
        except Refusal as refusal:
            return refusal.body()

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"url": "http://local/", "team": "HuleEdu", "team_id": TEAM, "user": "batchbot",
                "user_id": BOT_USER, "bot_id": BOT_ID}  # fmt: skip

    def _post(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        check_message(values, refused=self._space.faults.refuse_blocks)
        thread = values.get("thread_ts")
        if thread and self._space.find(channel, thread) is None:
            raise Refusal("thread_not_found")
        ts = self._space.post(channel, values, user=BOT_USER)
        return {"channel": channel, "ts": ts, "message": self._space.find(channel, ts)}

    def _post_ephemeral(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        check_message(values, refused=self._space.faults.refuse_blocks)
        to = str(values.get("user") or "")
        return {"message_ts": self._space.post(channel, values, user=BOT_USER, to=to)}

    def _update(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        message = self._space.find(channel, str(values.get("ts")))
        if message is None:
            raise Refusal("message_not_found")
        if message["user"] != BOT_USER:
            raise Refusal("cant_update_message")
        check_update(values, refused=self._space.faults.refuse_blocks)
        message |= {"text": values.get("text") or "", "blocks": values.get("blocks") or []}
        message["metadata"] = values.get("metadata") or message["metadata"]
        return {"channel": channel, "ts": message["ts"], "text": message["text"]}

    def _delete(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        message = self._space.find(channel, str(values.get("ts")))
        if message is None:
            raise Refusal("message_not_found")
        self._space.messages[channel].remove(message)
        return {"channel": channel, "ts": message["ts"]}

    def _history(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        heads = [m for m in self._space.messages[channel]
                 if not m["thread_ts"] and not m["ephemeral_to"]]  # fmt: skip
        return _page(heads[::-1], values)

    def _replies(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of(values)
        thread = self._space.replies(channel, str(values.get("ts")))
        if not thread:
            raise Refusal("thread_not_found")
        return _page(thread, values)

    def _channels(self, _: dict[str, Any]) -> dict[str, Any]:
        rows = [_channel_row(name) for name in CHANNELS]
        return {"channels": rows, "response_metadata": {"next_cursor": ""}}

    def _channel(self, values: dict[str, Any]) -> dict[str, Any]:
        id = _channel_of(values)
        return {"channel": next(_channel_row(name) for name in CHANNELS if CHANNELS[name] == id)}

    def _users(self, _: dict[str, Any]) -> dict[str, Any]:
        rows = [{"id": id, "name": name, "deleted": False} for name, id in USERS.items()]
        return {"members": rows, "response_metadata": {"next_cursor": ""}}

    def _publish(self, values: dict[str, Any]) -> dict[str, Any]:
        check_view(values.get("view"), "home")
        self._space.homes[str(values.get("user_id"))] = values.get("view")
        return {"view": values.get("view")}

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file whose upload was asked for."""
        file = self._space.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404, text="file_not_found")
        file["size"] = len(await request.read())
        return web.Response(text=f"OK - {file['size']}")

    def _upload_url(self, request: web.Request, values: dict[str, Any]) -> dict[str, Any]:
        if not str(values.get("length") or "").isdecimal() or int(values["length"]) <= 0:
            return {"ok": False, "error": "invalid_arguments"}
        id = f"F{len(self._space.files) + 1:08d}"
        self._space.files[id] = {"id": id, "name": str(values.get("filename") or id), "size": None}
        return {"ok": True, "file_id": id, "upload_url": f"http://{request.host}/upload/{id}"}

    def _share_files(self, values: dict[str, Any]) -> dict[str, Any]:
        channel = _channel_of({"channel": values.get("channel_id")})
        asked = values.get("files") or []
        rows = _decoded(asked) if isinstance(asked, str) else asked
        files = [self._space.files.get(str(row.get("id"))) for row in rows]
        shared = [file for file in files if file is not None and file["size"]]
        if not shared or len(shared) != len(files):
            raise Refusal("file_not_found")
        content = {"text": values.get("initial_comment") or "", "files": shared,
                   "thread_ts": values.get("thread_ts")}  # fmt: skip
        self._space.post(channel, content, user=BOT_USER)
        return {"files": shared}


async def _arguments(request: web.Request) -> dict[str, Any]:
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and request.can_read_body:
        try:
            body = await request.json()
        except ValueError:
            body = {}
        return {**values, **body} if isinstance(body, dict) else values
    form = {key: str(value) for key, value in (await request.post()).items()}
    for key in ("blocks", "metadata", "view"):
        if key in form:
            values[key] = _decoded(form.pop(key))
    return {**values, **form}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _channel_of(values: dict[str, Any]) -> str:
    wanted = str(values.get("channel") or "")
    id = CHANNELS.get(wanted.lstrip("#"), wanted)
    if id not in CHANNELS.values():
        raise Refusal("channel_not_found")
    return id


def _channel_row(name: str) -> dict[str, Any]:
    return {"id": CHANNELS[name], "name": name, "is_channel": True, "is_member": True,
            "is_archived": False}  # fmt: skip


def _page(rows: list[dict[str, Any]], values: dict[str, Any]) -> dict[str, Any]:
    oldest, latest = str(values.get("oldest") or ""), str(values.get("latest") or "")
    found = [m for m in rows if (not oldest or float(m["ts"]) >= float(oldest))
             and (not latest or float(m["ts"]) <= float(latest))]  # fmt: skip
    start = int(values.get("cursor") or 0)
    limit = int(values.get("limit") or 100)
    page = found[start : start + limit]
    more = start + limit < len(found)
    return {
        "messages": [{**m, "ephemeral_to": None} for m in page],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }
