"""Canvases: documents in Markdown that are made, shared by their link, and then read."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import Space

MOST_CHARS = 1_048_576
LEVELS = ("read", "write", "owner")


class Canvases:
    """Every canvas of the workspace, and the channels that may read it."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._documents: dict[str, str] = {}
        self.readers: dict[str, set[str]] = {}

    def create(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """canvases.create: a canvas that nobody but its maker reads yet."""
        content = values.get("document_content")
        if not isinstance(content, dict) or content.get("type") != "markdown":
            raise Refusal("invalid_arguments", ["[ERROR] document_content is of type markdown"])
        document = str(content.get("markdown") or "")
        if len(document) > MOST_CHARS:
            raise Refusal("canvas_creation_failed")
        id = f"F0CANVAS{len(self._documents) + 1:03d}"
        self._documents[id], self.readers[id] = document, set()
        return {"canvas_id": id}

    def share(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """canvases.access.set: only for channels in which the canvas's link was posted."""
        id, level = str(values.get("canvas_id")), values.get("access_level")
        channels = [str(one) for one in values.get("channel_ids") or ()]
        if id not in self._documents:
            raise Refusal("canvas_not_found")
        if level not in LEVELS or not channels:
            raise Refusal("invalid_arguments")
        for channel in channels:
            posted = self._space.messages.get(channel)
            if posted is None:
                raise Refusal("channel_not_found")
            if not any(id in str(message["blocks"]) for message in posted):
                raise Refusal("restricted_action")
        self.readers[id] |= set(channels)
        return {}

    async def read(self, request: web.Request) -> web.Response:
        """GET /docs/{team}/{canvas}: the document, once a channel may read it."""
        id = request.match_info["canvas"]
        if not self.readers.get(id):
            raise web.HTTPNotFound(text="there is no such canvas, or nobody may read it")
        return web.Response(text=self._documents[id], content_type="text/plain")
