"""Serves the local workspace: Web API, Socket Mode, /workspace/* and the page."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.demo.workspace.people import People
from bot.demo.workspace.sockets import SocketDoor
from bot.demo.workspace.space import APP_TOKEN, BOT_TOKEN, Space
from bot.demo.workspace.web_api import WebApi

PAGE = Path(__file__).parent.parent / "page"


class Workspace:
    """A workspace that runs between `async with`; port 0 chooses a free one."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN

    def __init__(self, port: int = 0) -> None:
        self.space = Space()
        self._door = SocketDoor(self.space)
        self._runner = web.AppRunner(self._application())
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
        await self._door.drop()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[_json_errors])
        api, people = WebApi(self.space, self._door), People(self.space, self._door)
        application.add_routes(
            [
                web.get("/", _page),
                web.static("/page", PAGE),
                web.get("/link", self._door.serve),
                web.route("*", "/api/{method}", api.handle),
                web.post("/respond/{key}", people.respond),
                web.post("/upload/{id}", api.upload),
                web.post("/workspace/send", people.send),
                web.get("/workspace/messages", people.messages),
                web.post("/workspace/act", people.act),
                web.post("/workspace/faults", people.faults),
                web.get("/workspace/stats", people.stats),
            ]
        )
        return application


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
    return web.FileResponse(PAGE / "index.html")
