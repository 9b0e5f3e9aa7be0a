"""A small Slack: the Web API methods and response_url that the bot uses, on a real socket.

It keeps what was said, can refuse on demand, and lets a test wait for the next message instead
of sleeping.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

OK: dict[str, Any] = {"ok": True}
IDENTITY = {"ok": True, "user_id": "UBOT00000", "bot_id": "BBOT00000", "team_id": "T00000000"}
Refusal = Callable[[Mapping[str, Any]], web.Response]


@dataclass
class Said:
    """One thing the bot said: by which way, and the arguments."""

    way: str
    arguments: dict[str, Any]

    @property
    def text(self) -> str:
        """The message's top-level text; of a modal all of it."""
        view = self.arguments.get("view")
        return json.dumps(view, ensure_ascii=False) if view else str(self.arguments.get("text", ""))


@dataclass
class SlackApi:
    """The state of the small Slack; `refusals` maps a method to what it answers instead.

    `busy_threads` are those that have replies, in which alone Slack shows ephemeral messages.
    """

    url: str = ""
    said: list[Said] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: dict[str, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    users: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    scopes: str = "commands,chat:write"
    busy_threads: set[str] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    async def wait_for(self, count: int) -> list[Said]:
        """Return what was said once it is at least `count` things."""
        async with asyncio.timeout(20):
            while len(self.said) < count:
                self._news.clear()
                await self._news.wait()
        return self.said

    async def wait_for_text(self, text: str) -> Said:
        """Return the first thing said that holds `text`."""
        count = 0
        while True:
            for one in self.said:
                if text in one.text:
                    return one
            count = len(await self.wait_for(count + 1))

    def refuse(
        self,
        method: str,
        error: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Let the next `times` calls of a method (or `respond`) fail with Slack's error word."""
        body = error if method == "respond" else json.dumps({"ok": False, "error": error})
        kind = "text/plain" if method == "respond" else "application/json"

        def answer(_: Mapping[str, Any]) -> web.Response:
            return web.Response(text=body, status=status, headers=headers, content_type=kind)

        self.refusals[method] += [answer] * times

    def learn(self, payload: Mapping[str, Any]) -> None:
        """Take from a payload which thread has replies: that in which somebody wrote or pressed."""
        message = payload.get("message") or {}
        parts = (payload.get("event") or {}, payload.get("container") or {}, message)
        self.busy_threads |= {str(part["thread_ts"]) for part in parts if part.get("thread_ts")}

    def response_url(self, name: str = "1") -> str:
        """Return a response_url of this Slack."""
        return f"{self.url}/respond/{name}"

    def _say(self, way: str, arguments: dict[str, Any]) -> None:
        self.said.append(Said(way, arguments))
        self._news.set()

    async def api(self, request: web.Request) -> web.Response:
        """Answer one Web API call."""
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        if self.refusals[method]:
            return self.refusals[method].pop(0)(arguments)
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        answer = handler(arguments) if handler else OK
        return web.json_response(answer, headers={"x-oauth-scopes": self.scopes})

    async def respond(self, request: web.Request) -> web.Response:
        """Take an answer through a response_url."""
        arguments = await request.json()
        if self.refusals["respond"]:
            return self.refusals["respond"].pop(0)(arguments)
        self._say("respond", arguments)
        return web.Response(text="ok")

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return dict(IDENTITY)

    def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        known = [one for one in self.users if one.get("id") == arguments.get("user")]
        return {"ok": True, "user": known[0]} if known else {"ok": False, "error": "user_not_found"}

    def _chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        ts = f"1700000000.{self._count:06d}"
        said = {"user": IDENTITY["user_id"], **arguments, "ts": ts}
        self.messages[arguments["channel"]].append(said)
        self._say("chat.postMessage", arguments)
        channel = arguments["channel"]
        return {"ok": True, "ts": ts, "channel": f"D{channel}" if channel[0] == "U" else channel}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._say("chat.update", arguments)
        return {"ok": True, "ts": arguments["ts"]}

    def _chat_postEphemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._say("chat.postEphemeral", arguments)
        return {"ok": True, "message_ts": "1.1"}

    def _views_publish(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._say("views.publish", arguments)
        return OK

    def _views_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._show("views.open", arguments, "V0MODAL000")

    def _views_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._show("views.update", arguments, arguments["view_id"])

    def _show(self, way: str, arguments: dict[str, Any], id: str) -> dict[str, Any]:
        self._say(way, arguments)
        return {"ok": True, "view": {**arguments["view"], "id": id, "hash": "1.a"}}

    def _files_getUploadURLExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:
        id = f"F{len(self.files) + 1:08d}"
        self.files[id] = {"asked": arguments}
        return {"ok": True, "file_id": id, "upload_url": f"{self.url}/upload/{id}"}

    def _files_completeUploadExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._say("files", arguments)
        return {"ok": True, "files": [{"id": id} for id in self.files]}

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes of a file."""
        self.files[request.match_info["id"]]["content"] = await request.read()
        return web.Response(text="OK")

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = [row for row in self.messages[arguments["channel"]] if not row.get("thread_ts")]
        return {"ok": True, "messages": found[::-1]}

    def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        rows = self.messages[arguments["channel"]]
        return {"ok": True, "messages": [r for r in rows if r.get("thread_ts") == arguments["ts"]]}

    def _users_list(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "members": self.users}

    def _conversations_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        asked = arguments.get("channel")
        known = [one for one in self.channels if one.get("id") == asked]
        return {"ok": True, "channel": known[0]} if known else OK

    def _conversations_list(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "channels": self.channels}


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    found = {**request.query, **(await request.post())}
    return {key: str(value) for key, value in found.items()}


@asynccontextmanager
async def slack_api() -> AsyncIterator[SlackApi]:
    """Run a small Slack on a port of its own."""
    slack = SlackApi()
    site = web.Application()
    site.router.add_route("*", "/api/{method}", slack.api)
    site.router.add_post("/respond/{name}", slack.respond)
    site.router.add_post("/upload/{id}", slack.upload)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    place = web.TCPSite(runner, "127.0.0.1", 0)
    await place.start()
    host, port = runner.addresses[0][:2]
    slack.url = f"http://{host}:{port}"
    try:
        yield slack
    finally:
        await runner.cleanup()
