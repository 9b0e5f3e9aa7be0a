"""What people do in the workspace: type, press, read; the /workspace/* calls."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.demo.workspace.refusal import Refusal
from bot.demo.workspace.sockets import SocketDoor
from bot.demo.workspace.space import (
    APP,
    BOT_USER,
    CHANNELS,
    RESPONSE_SECONDS,
    RESPONSE_USES,
    TEAM,
    USERS,
    Space,
)
from bot.demo.workspace.validation import check_message, elements_of

MENTION = "@batchbot"


class People:
    """Turns what a person does into what Slack would send to the bot."""

    def __init__(self, space: Space, door: SocketDoor) -> None:
        self._space = space
        self._door = door
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, request: web.Request) -> web.Response:
        """POST /workspace/send: type a message; `/x` is a slash command."""
        body = await _body(request)
        channel, user = _channel(body), _user(body)
        text = str(body.get("text") or "").strip()
        thread = str(body.get("thread_ts") or "")
        if not text:
            raise web.HTTPBadRequest(text="text is empty")
        if text.startswith("/"):
            if thread:
                raise web.HTTPBadRequest(text=f"{text.split()[0]} is not supported in threads.")
            self._start(self._slash(_base(request), channel, user, text))
            return web.json_response({"ok": True})
        ts = self._space.post(channel, {"text": text, "thread_ts": thread}, user=user)
        if MENTION in text:
            self._start(self._mention(channel, user, text, ts, thread))
        return web.json_response({"ok": True, "ts": ts})

    async def messages(self, request: web.Request) -> web.Response:
        """GET /workspace/messages: a channel or thread as a person sees it."""
        channel = CHANNELS.get(request.query.get("channel", "").lstrip("#"))
        if channel is None:
            raise web.HTTPNotFound(text=f"channels are {', '.join(CHANNELS)}")
        viewer = USERS.get(request.query.get("viewer", ""), "")
        thread = request.query.get("thread_ts", "")
        return web.json_response({"messages": self._space.seen(channel, thread, viewer)})

    async def act(self, request: web.Request) -> web.Response:
        """POST /workspace/act: press a button, or run a shortcut on a message."""
        body = await _body(request)
        channel, user, ts = _channel(body), _user(body), str(body.get("ts") or "")
        message = next((m for m in self._space.messages[channel] if m["ts"] == ts), None)
        if message is None:
            raise web.HTTPNotFound(text="there is no such message")
        base = _base(request)
        payload = self._common(base, channel, user) | {"message": message}
        if body.get("callback_id"):
            payload |= {"type": "message_action", "callback_id": body["callback_id"],
                        "message_ts": ts}  # fmt: skip
        else:
            action = _element(message, str(body.get("action_id") or ""))
            payload |= {
                "type": "block_actions",
                "actions": [action | {"action_ts": str(time.time())}],
                "container": {"type": "message", "message_ts": ts, "channel_id": channel,
                              "thread_ts": message["thread_ts"] or None,
                              "is_ephemeral": bool(message["ephemeral_to"])},
            }  # fmt: skip
        self._start(self._door.send("interactive", payload))
        return web.json_response({"ok": True})

    async def faults(self, request: web.Request) -> web.Response:
        """POST /workspace/faults: set what goes wrong."""
        body = await _body(request)
        faults = self._space.faults
        for key, kind in (("rate_limit", bool), ("errors", float), ("drop_after_accept", float),
                          ("delay_ms", int), ("refuse_blocks", list),
                          ("refuse", str), ("refuse_history", str)):  # fmt: skip
            if key in body:
                try:
                    setattr(faults, key, kind(body[key]))
                except (TypeError, ValueError):
                    raise web.HTTPBadRequest(text=f"{key} is malformed") from None
        if body.get("drop_sockets"):
            await self._door.drop()
        return web.json_response({"ok": True, "faults": asdict(faults)})

    async def stats(self, _: web.Request) -> web.Response:
        """GET /workspace/stats: acknowledgement times and mentions that would have notified."""
        times = sorted(self._space.acks_ms)
        return web.json_response(
            {
                "acks": len(times),
                "ack_p50_ms": _share(times, 0.5),
                "ack_p99_ms": _share(times, 0.99),
                "ack_max_ms": times[-1] if times else None,
                "ack_ms": times[-1000:],
                "would_have_notified": self._space.would_notify,
            }
        )

    async def respond(self, request: web.Request) -> web.Response:
        """Take an answer at a response_url: five times in half an hour."""
        url = self._space.response_urls.get(request.match_info["key"])
        if url is None or time.time() - url.made_at > RESPONSE_SECONDS:
            return web.Response(status=404, text="expired_url")
        if url.uses >= RESPONSE_USES:
            return web.Response(status=404, text="used_url")
        url.uses += 1
        body = await _body(request)
        try:
            check_message(body, refused=self._space.faults.refuse_blocks)
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=400)
        to = "" if body.get("response_type") == "in_channel" else url.user
        self._space.post(url.channel, body, user=BOT_USER, to=to)
        return web.Response(text="ok")

    async def _slash(self, base: str, channel: str, user: str, text: str) -> None:
        command, _, rest = text.partition(" ")
        payload = self._common(base, channel, user)
        payload = {
            **{key: payload[key] for key in ("token", "api_app_id", "response_url", "trigger_id")},
            "team_id": TEAM, "team_domain": "huleedu", "channel_id": channel,
            "channel_name": _name(CHANNELS, channel), "user_id": user,
            "user_name": _name(USERS, user), "command": command, "text": rest.strip(),
            "is_enterprise_install": "false",
        }  # fmt: skip
        ack = await self._door.send("slash_commands", payload)
        said = (ack or {}).get("payload")
        if ack is None:
            words = f"{command} failed with the error “operation_timeout”"
            self._space.post(channel, {"text": words}, user="slackbot", to=user)
        elif isinstance(said, dict) and (said.get("text") or said.get("blocks")):
            to = "" if said.get("response_type") == "in_channel" else user
            self._space.post(channel, said, user=BOT_USER, to=to)

    async def _mention(self, channel: str, user: str, text: str, ts: str, thread: str) -> None:
        event = {"type": "app_mention", "user": user, "ts": ts, "channel": channel,
                 "text": text.replace(MENTION, f"<@{BOT_USER}>"), "event_ts": ts}  # fmt: skip
        if thread:
            event["thread_ts"] = thread
        await self._door.send(
            "events_api",
            {"token": "x", "team_id": TEAM, "api_app_id": APP, "event": event,
             "type": "event_callback", "event_id": f"Ev{uuid4().hex[:10]}",
             "event_time": int(time.time())},
        )  # fmt: skip

    def _common(self, base: str, channel: str, user: str) -> dict[str, Any]:
        return {
            "token": "x", "api_app_id": APP, "team": {"id": TEAM, "domain": "huleedu"},
            "user": {"id": user, "username": _name(USERS, user), "name": _name(USERS, user),
                     "team_id": TEAM},
            "channel": {"id": channel, "name": _name(CHANNELS, channel)},
            "response_url": self._space.response_url(base, channel, user),
            "trigger_id": uuid4().hex, "is_enterprise_install": False,
        }  # fmt: skip

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body is no JSON object")
    return body


def _channel(body: Mapping[str, Any]) -> str:
    channel = CHANNELS.get(str(body.get("channel") or "").lstrip("#"))
    if channel is None:
        raise web.HTTPBadRequest(text=f"channels are {', '.join(CHANNELS)}")
    return channel


def _user(body: Mapping[str, Any]) -> str:
    user = USERS.get(str(body.get("user") or ""))
    if user is None:
        raise web.HTTPBadRequest(text=f"users are {', '.join(USERS)}")
    return user


def _element(message: Mapping[str, Any], action_id: str) -> dict[str, Any]:
    for block in message["blocks"]:
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                keep = ("type", "action_id", "value", "text")
                chosen = {key: element[key] for key in keep if key in element}
                return {**chosen, "block_id": block.get("block_id", "b")}
    raise web.HTTPNotFound(text="the message has no such button")


def _base(request: web.Request) -> str:
    return f"http://{request.host}"


def _name(table: Mapping[str, str], id: str) -> str:
    return next((name for name, known in table.items() if known == id), id)


def _share(times: list[float], share: float) -> float | None:
    return times[min(len(times) - 1, int(len(times) * share))] if times else None
