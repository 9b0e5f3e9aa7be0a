"""Server-sent events: each open page is notified of changes, so that none has to poll."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import web

HEARTBEAT_SECONDS = 15.0


class Feed:
    """The listeners of one workspace; an event says what to read again, never the content."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def say(self, kind: str, **what: str) -> None:
        """Notify every listener that something of this kind changed."""
        for listener in self._listeners:
            listener.put_nowait({"kind": kind, **what})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /workspace/events: a stream that ends when the workspace does."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        listener: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            await _pump(listener, response)
        finally:
            self._listeners.discard(listener)
        return response

    def close(self) -> None:
        """End every stream."""
        for listener in self._listeners:
            listener.put_nowait(None)


async def _pump(
    listener: asyncio.Queue[dict[str, Any] | None], response: web.StreamResponse
) -> None:
    with suppress(ConnectionError):
        await response.write(b"retry: 1000\n: here\n\n")
        while True:
            try:
                change = await asyncio.wait_for(listener.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if change is None:
                return
            await response.write(f"data: {json.dumps(change)}\n\n".encode())
