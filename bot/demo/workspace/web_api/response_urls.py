"""response_url: answers to a command or a press, five within half an hour.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import (
    BOT_USER,
    RESPONSE_SECONDS,
    RESPONSE_USES,
    ResponseUrl,
    Space,
)
from bot.demo.workspace.validation.messages import check_files, check_message
from bot.demo.workspace.web_api.calls import body_of


class Responses:
    """Takes what an app sends to a response_url."""

    def __init__(self, space: Space, knows_file: Any) -> None:
        self._space = space
        self._knows_file = knows_file

    async def take(self, request: web.Request) -> web.Response:
        """POST /respond/{key}."""
        url = self._space.response_urls.get(request.match_info["key"])
        if url is None or time.time() - url.made_at > RESPONSE_SECONDS:
            return web.Response(status=404, text="expired_url")
        if url.uses >= RESPONSE_USES:
            return web.Response(status=404, text="used_url")
        url.uses += 1
        try:
            self._apply(url, await body_of(request))
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=400)
        return web.Response(text="ok")

    def _apply(self, url: ResponseUrl, body: Mapping[str, Any]) -> None:
        original = self._space.any(url.channel, url.message_ts) if url.message_ts else None
        if body.get("delete_original") is True:
            if original is not None and original["user"] == BOT_USER:
                self._space.remove(url.channel, original)
            return
        check_message(body, refused=self._space.faults.refuse_blocks)
        check_files(body.get("blocks"), self._knows_file)
        replaces = body.get("replace_original") is True
        if replaces and original is not None and original["user"] == BOT_USER:
            self._space.edit(url.channel, original, body)
            return
        to = "" if body.get("response_type") == "in_channel" else url.user
        self._space.post(url.channel, body, user=BOT_USER, to=to)
