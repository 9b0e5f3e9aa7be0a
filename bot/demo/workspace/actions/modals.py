"""What people do with the app's home and modals; the /workspace/* calls for them."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.actions.payloads import Payloads
from bot.demo.workspace.actions.requests import pressed, state_of, unfilled, user_of
from bot.demo.workspace.state.installation import Installation
from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.sockets import SocketConnections
from bot.demo.workspace.web_api.calls import body_of
from bot.demo.workspace.web_api.views import View, Views

TROUBLE = "We had some trouble connecting. Try again?"


class Modals:
    """Turns what a person does in a view into what Slack would send to the bot."""

    def __init__(
        self, views: Views, door: SocketConnections, payloads: Payloads, app: Installation
    ) -> None:
        self._views = views
        self._door = door
        self._payloads = payloads
        self._app = app

    async def home(self, request: web.Request) -> web.Response:
        """GET /workspace/home?user=: the home that the bot published last, or null."""
        user = user_of(request.query)
        return web.json_response({"view": self._views.home(user)})

    async def open_home(self, request: web.Request) -> web.Response:
        """POST /workspace/home {"user","tab"}: open the app's home or messages tab."""
        body = await body_of(request)
        user, tab = user_of(body), str(body.get("tab") or "home")
        if tab not in ("home", "messages"):
            raise web.HTTPBadRequest(text="tabs are home and messages")
        heard = True
        if "app_home_opened" in self._app.events and self._app.home:
            payload = self._payloads.home_opened(user, tab)
            heard = await self._door.send("events_api", payload) is not None
        return web.json_response({"ok": True, "acknowledged": heard})

    async def stack(self, request: web.Request) -> web.Response:
        """GET /workspace/views?user=: the open modals, the one in front last."""
        return web.json_response({"views": self._views.stack(user_of(request.query))})

    async def act(self, body: Mapping[str, Any]) -> web.Response:
        """POST /workspace/act on a view: {"view_id","user","action_id","value"}."""
        user, view = self._found(body)
        view["state"] = {"values": _state(view, body)}
        action = pressed(view["blocks"], body)
        ack = await self._door.send("interactive", self._payloads.view_press(user, view, action))
        return web.json_response({"ok": ack is not None, **({} if ack else {"error": TROUBLE})})

    async def submit(self, request: web.Request) -> web.Response:
        """POST /workspace/submit {"user","view_id","values":{block:{action:value}}}.

        Answers with `errors` by block id, with `response_action`, or with `error` when the bot
        did not acknowledge within three seconds.
        """
        body = await body_of(request)
        user, view = self._found(body)
        state = _state(view, body)
        if missing := unfilled(view["blocks"], state):
            return web.json_response({"ok": False, "errors": missing})
        view["state"] = {"values": state}
        ack = await self._door.send("interactive", self._payloads.submission(user, view))
        if ack is None:
            return web.json_response({"ok": False, "error": TROUBLE})
        answer = ack.get("payload")
        try:
            return self._follow(user, view, answer if isinstance(answer, dict) else {})
        except Refusal as refusal:
            told = {"ok": False, "error": TROUBLE, "reason": refusal.error,
                    "messages": list(refusal.messages)}  # fmt: skip
            return web.json_response(told)

    async def close(self, request: web.Request) -> web.Response:
        """POST /workspace/close {"user","view_id","all"}: cancel a modal, or all of them."""
        body = await body_of(request)
        user, view = self._found(body)
        every = bool(body.get("all") or view["clear_on_close"])
        closing = list(self._views.stack(user)) if every else [view]
        self._views.close(user, view, every=every)
        for one in closing:
            if one["notify_on_close"]:
                payload = self._payloads.closed(user, one, cleared=every)
                await self._door.send("interactive", payload)
        return web.json_response({"ok": True})

    def _follow(self, user: str, view: View, answer: Mapping[str, Any]) -> web.Response:
        """Do what the acknowledgement of a submission says."""
        action = answer.get("response_action")
        if action == "errors":
            return web.json_response({"ok": False, "errors": _errors(view, answer.get("errors"))})
        if action == "update":
            self._views.replace(user, view, self._views.made(answer.get("view")))
        elif action == "push":
            self._views.put(user, self._views.made(answer.get("view")))
        elif action == "clear":
            self._views.close(user, view, every=True)
        elif action is None:
            self._views.close(user, view)
        else:
            raise Refusal("invalid_response_action")
        return web.json_response({"ok": True, "response_action": action})

    def _found(self, body: Mapping[str, Any]) -> tuple[str, View]:
        user = user_of(body)
        view = self._views.find(user, str(body.get("view_id") or ""))
        if view is None:
            raise web.HTTPNotFound(text="there is no such view")
        return user, view


def _state(view: View, body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    given = body.get("values")
    return state_of(view["blocks"], given if isinstance(given, dict) else {})


def _errors(view: View, told: Any) -> dict[str, str]:
    """Return errors by block id; Slack refuses those of blocks that are no input of the view."""
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(told, dict) or not told or not told.keys() <= inputs:
        raise Refusal("invalid_errors")
    return {str(block): str(words) for block, words in told.items()}
