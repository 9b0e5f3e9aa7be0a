"""A Loki that speaks its HTTP API over a real socket: ranges, limits, labels, the tail, faults."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

_MATCHER = re.compile(r'(\w+)(=~|=)("(?:[^"\\]|\\.)*")')
_FILTER = re.compile(r'\|(=|~) ("(?:[^"\\]|\\.)*")')


@dataclass
class LokiServer:
    """Holds lines by label set; `start <= time < end` is what a range gives, as in Loki."""

    max_entries: int = 5_000
    max_hours: float = 721
    tenant: str = ""
    authorization: str = ""
    busy: int = 0
    busy_status: int = 429
    drop_next: bool = False
    has_tail: bool = True
    url: str = ""
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    _streams: dict[tuple[tuple[str, str], ...], list[tuple[int, str]]] = field(default_factory=dict)
    _tails: list[tuple[web.WebSocketResponse, str]] = field(default_factory=list)

    def put(self, at: int, line: str, **labels: str) -> None:
        """Store a line."""
        stream = self._streams.setdefault(tuple(sorted(labels.items())), [])
        stream.append((at, line))

    async def push(self, at: int, line: str, **labels: str) -> None:
        """Store a line and send it down every open tail, unless tails drop just now."""
        self.put(at, line, **labels)
        for socket, query in [row for row in self._tails if not row[0].closed]:
            if not _selects(query, labels, line):
                continue
            if self.drop_next:
                dropped = [{"labels": labels, "timestamp": str(at)}]
                await socket.send_json({"streams": [], "dropped_entries": dropped})
            else:
                stream = {"stream": labels, "values": [[str(at), line]]}
                await socket.send_json({"streams": [stream]})

    async def break_tails(self) -> None:
        """Close every tail, as Loki does after its longest time."""
        for socket, _ in self._tails:
            await socket.close()
        self._tails.clear()

    async def tails(self, count: int = 1) -> None:
        """Wait until so many tails are open."""
        while len([row for row in self._tails if not row[0].closed]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application(middlewares=[self._gate])
        app.router.add_get("/loki/api/v1/query_range", self._range)
        app.router.add_get("/loki/api/v1/labels", self._labels)
        app.router.add_get("/loki/api/v1/label/{name}/values", self._values)
        app.router.add_get("/loki/api/v1/tail", self._tail)
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.path.rsplit("/", 1)[1], dict(request.query)))
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            return web.Response(status=401, text="Unauthorized")
        if self.tenant and request.headers.get("X-Scope-OrgID") != self.tenant:
            return web.Response(status=401, text="no org id")
        if self.busy > 0:
            self.busy -= 1
            return web.Response(status=self.busy_status, text="busy", headers={"Retry-After": "1"})
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _range(self, request: web.Request) -> web.Response:
        query = request.query
        start, end, limit = int(query["start"]), int(query["end"]), int(query["limit"])
        if limit > self.max_entries:
            text = (
                "max entries limit per query exceeded, limit > max_entries_limit_per_query "
                f"({limit} > {self.max_entries})"
            )
            return web.Response(status=400, text=text)
        if refused := self._too_long(query):
            return refused
        found = [
            (at, labels, line)
            for labels, values in self._streams.items()
            for at, line in values
            if start <= at < end and _selects(query["query"], dict(labels), line)
        ]
        back = query["direction"] == "backward"
        found = found[::-1] if back else found
        found = sorted(found, key=lambda row: row[0], reverse=back)[:limit]
        streams: dict[Any, list[list[str]]] = {}
        for at, labels, line in found:
            streams.setdefault(labels, []).append([str(at), line])
        result = [{"stream": dict(key), "values": values} for key, values in streams.items()]
        read = sum(len(values) for values in self._streams.values())
        stats = {"summary": {"totalLinesProcessed": read, "totalBytesProcessed": 100 * read}}
        data = {"resultType": "streams", "result": result, "stats": stats}
        return web.json_response({"status": "success", "data": data})

    def _too_long(self, query: Mapping[str, str]) -> web.Response | None:
        hours = (int(query["end"]) - int(query["start"])) / 3.6e12
        if hours <= self.max_hours:
            return None
        text = (
            "the query time range exceeds the limit "
            f"(query length: {hours:.0f}h0m0s, limit: {self.max_hours:g}h)"
        )
        return web.Response(status=400, text=text)

    async def _labels(self, request: web.Request) -> web.Response:
        if refused := self._too_long(request.query):
            return refused
        names = sorted({name for labels in self._streams for name, _ in labels})
        return web.json_response({"status": "success", "data": names})

    async def _values(self, request: web.Request) -> web.Response:
        if refused := self._too_long(request.query):
            return refused
        wanted = request.match_info["name"]
        found = {value for labels in self._streams for name, value in labels if name == wanted}
        return web.json_response({"status": "success", "data": sorted(found)})

    async def _tail(self, request: web.Request) -> web.StreamResponse:
        if not self.has_tail:
            return web.Response(status=400, text="not a websocket")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._tails.append((socket, request.query["query"]))
        async for message in socket:
            if message.type is WSMsgType.CLOSE:
                break
        return socket


def _selects(query: str, labels: Mapping[str, str], line: str) -> bool:
    selector, _, filters = query.partition("}")
    for name, how, quoted in _MATCHER.findall(selector):
        value, wanted = labels.get(name, ""), json.loads(quoted)
        if not (value == wanted if how == "=" else re.fullmatch(wanted, value)):
            return False
    for how, quoted in _FILTER.findall(filters):
        wanted = json.loads(quoted)
        if not (wanted in line if how == "=" else re.search(wanted, line)):
            return False
    return True


@asynccontextmanager
async def running(server: LokiServer) -> AsyncIterator[LokiServer]:
    """Serve on a free port."""
    runner = web.AppRunner(server.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await server.break_tails()
        await runner.cleanup()
