"""Serves the local workspace: Web API, Socket Mode, /workspace/* and the page."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.demo.incidents import Incidents
from bot.demo.workspace.actions.controls import Console
from bot.demo.workspace.actions.messages import People
from bot.demo.workspace.actions.modals import Modals
from bot.demo.workspace.actions.payloads import Payloads
from bot.demo.workspace.state.installation import installed
from bot.demo.workspace.state.sockets import SocketConnections
from bot.demo.workspace.state.space import APP_TOKEN, BOT_TOKEN, Space
from bot.demo.workspace.web_api.calls import body_of
from bot.demo.workspace.web_api.canvases import Canvases
from bot.demo.workspace.web_api.files import Files
from bot.demo.workspace.web_api.methods import WebApi
from bot.demo.workspace.web_api.response_urls import Responses
from bot.demo.workspace.web_api.views import Views

PAGE = Path(__file__).parent.parent / "page"
MOST_BYTES = 10_000_000
# The page shows outside text; should any of it ever become markup, it still runs nothing.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",
}


class Workspace:
    """A workspace that runs between `async with`; port 0 chooses a free one.

    `manifest` is the app that is installed, by default the registry's own; `note` is shown on
    the page; with `app_starts`, what is typed before the app came up waits for it. `incidents` is
    what can be broken in the services beside it.
    """

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(
        self,
        port: int = 0,
        *,
        manifest: Mapping[str, Any] | None = None,
        note: str = "",
        app_starts: bool = False,
        incidents: Incidents | None = None,
    ) -> None:
        self.space = Space()
        self.files = Files()
        self.canvases = Canvases(self.space)
        self.app = installed(manifest)
        self.views = Views(self.space.feed, lambda: self.space.faults, self.files.known)
        self._door = SocketConnections(self.space, app_starts=app_starts)
        payloads = Payloads(self.space, self.views)
        self._people = People(self.space, self._door, payloads, self.app)
        self._modals = Modals(self.views, self._door, payloads, self.app)
        self._console = Console(self.space, self._door, self.app, note, incidents)
        self._runner = web.AppRunner(self._application(), shutdown_timeout=2.0)
        self._port = port

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    @property
    def api_url(self) -> str:
        """Where the Web API is; the value of SLACK_API_URL."""
        return f"{self.url}/api/"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.space.feed.close()
        await self._people.close()
        await self._door.drop()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_json_errors], client_max_size=MOST_BYTES)
        api = WebApi(self.space, self._door, self.views, self.files, self.app, self.canvases)
        responses = Responses(self.space, self.files.known)
        people, modals, console = self._people, self._modals, self._console
        application.add_routes(
            [
                web.get("/", _page),
                web.static("/page", PAGE),
                web.get("/archives/{channel}/{message}", console.permalink),
                web.get("/link", self._door.serve),
                web.route("*", "/api/{method}", api.handle),
                web.post("/respond/{key}", responses.take),
                web.post("/upload/{id}", self.files.upload),
                web.get("/docs/{team}/{canvas}", self.canvases.read),
                web.post("/workspace/send", people.send),
                web.get("/workspace/messages", people.messages),
                web.post("/workspace/act", self._act),
                web.get("/workspace/home", modals.home),
                web.post("/workspace/home", modals.open_home),
                web.get("/workspace/views", modals.stack),
                web.post("/workspace/submit", modals.submit),
                web.post("/workspace/close", modals.close),
                web.get("/workspace/faults", console.shown_faults),
                web.post("/workspace/faults", console.faults),
                web.get("/workspace/incident", console.shown_incidents),
                web.post("/workspace/incident", console.incident),
                web.get("/workspace/stats", console.stats),
                web.get("/workspace/about", console.about),
                web.get("/workspace/files/{id}", self.files.read),
                web.get("/workspace/events", self.space.feed.serve),
            ]
        )
        return application

    async def _act(self, request: web.Request) -> web.Response:
        """POST /workspace/act: on a message, or with `view_id` in a modal or home."""
        body = await body_of(request)
        if body.get("view_id"):
            return await self._modals.act(body)
        return await self._people.act(request, body)


@web.middleware
async def _json_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except web.HTTPException as error:
        if not request.path.startswith("/workspace/") or error.status < 400:
            raise
        return web.json_response({"ok": False, "error": error.text}, status=error.status)
    return answer


async def _page(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html", headers=PAGE_HEADERS)
