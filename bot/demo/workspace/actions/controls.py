"""What a person can see of and do to the workspace itself: faults, counts, what is installed."""

import re
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bot.demo.incidents import Incidents
from bot.demo.workspace.state.installation import Installation
from bot.demo.workspace.state.sockets import SocketConnections
from bot.demo.workspace.state.space import BOT_NAME, CHANNELS, DMS, USERS, Space
from bot.demo.workspace.web_api.calls import base_of, body_of
from bot.errors import UsageError

FAULTS = (
    ("rate_limit", bool), ("errors", float), ("drop_after_accept", float), ("delay_ms", int),
    ("refuse_blocks", list), ("refuse", str), ("refuse_history", str), ("withhold", list),
)  # fmt: skip
_PERMALINK = re.compile(r"p(\d+)(\d{6})")


class Console:
    """The workspace's own calls."""

    def __init__(
        self,
        space: Space,
        door: SocketConnections,
        app: Installation,
        note: str,
        incidents: Incidents | None = None,
    ) -> None:
        self._space = space
        self._door = door
        self._app = app
        self._note = note
        self._incidents = incidents
        if incidents is not None:
            incidents.changed = lambda: space.feed.say("incidents")

    async def about(self, _: web.Request) -> web.Response:
        """GET /workspace/about: names, commands and shortcuts, for the page."""
        return web.json_response(
            {
                "team": "HuleEdu", "bot": BOT_NAME, "channels": list(CHANNELS),
                "users": list(USERS), "commands": list(self._app.commands),
                "shortcuts": list(self._app.shortcuts), "note": self._note,
                "incidents": self._incidents is not None,
                "writable_messages": self._app.writable_messages,
                "ids": {**{id: f"#{name}" for name, id in CHANNELS.items()},
                        **{id: f"@{name}" for name, id in USERS.items()}},
                "conversations": {**{id: name for name, id in CHANNELS.items()},
                                  **dict.fromkeys(DMS.values(), f"@{BOT_NAME}")},
            }
        )  # fmt: skip

    async def faults(self, request: web.Request) -> web.Response:
        """POST /workspace/faults: set what goes wrong; what is not named stays as it is."""
        body, faults = await body_of(request), self._space.faults
        for key, kind in FAULTS:
            if key in body:
                try:
                    setattr(faults, key, kind(body[key]))
                except (TypeError, ValueError):
                    raise web.HTTPBadRequest(text=f"{key} is malformed") from None
        self._app.missing.clear()
        self._app.missing.update(faults.withhold)
        if body.get("drop_sockets"):
            await self._door.drop()
        self._space.feed.say("faults")
        return web.json_response({"ok": True, "faults": asdict(faults)})

    async def shown_faults(self, _: web.Request) -> web.Response:
        """GET /workspace/faults: what goes wrong now."""
        return web.json_response({"faults": asdict(self._space.faults)})

    async def shown_incidents(self, _: web.Request) -> web.Response:
        """GET /workspace/incident: what can be broken in the services, and what is."""
        found = self._incidents.shown() if self._incidents is not None else []
        return web.json_response({"ok": True, "incidents": found})

    async def incident(self, request: web.Request) -> web.Response:
        """POST /workspace/incident {"name", "on"}: break a service, or mend it with on false."""
        body, incidents = await body_of(request), self._incidents
        if incidents is None:
            raise web.HTTPNotFound(text="no services run beside this workspace")
        name, on = str(body.get("name") or ""), body.get("on", True)
        if not isinstance(on, bool):
            raise web.HTTPBadRequest(text="on is true or false")
        try:
            incidents.start(name) if on else incidents.stop(name)
        except UsageError as error:
            raise web.HTTPBadRequest(text=str(error.message)) from None
        return await self.shown_incidents(request)

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
                "ack_last_ms": self._space.acks_ms[-1] if times else None,
                "would_have_notified": self._space.would_notify,
                "hidden_ephemerals": len(self._space.hidden),
                "sockets": self._door.open,
            }
        )

    async def permalink(self, request: web.Request) -> web.StreamResponse:
        """GET /archives/{channel}/p{ts}: the message, on the page."""
        found = _PERMALINK.fullmatch(request.match_info["message"])
        names: dict[str, Any] = {id: name for name, id in CHANNELS.items()}
        name = names.get(request.match_info["channel"])
        if found is None or name is None:
            raise web.HTTPNotFound(text="there is no such message")
        raise web.HTTPFound(f"{base_of(request)}/#{name}/{found[1]}.{found[2]}")


def _share(times: list[float], share: float) -> float | None:
    return times[min(len(times) - 1, int(len(times) * share))] if times else None
