"""Views: the App Home, and the modals that ask for what a command still needs."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import PostError
from bot.slack.blocks.elements import Block, section
from bot.slack.outbound.block_fallback import OPTIONAL_BLOCKS, without
from bot.slack.outbound.web_api import Web

log = logging.getLogger(__name__)

MAX_BLOCKS = 100
PLAIN = frozenset(OPTIONAL_BLOCKS)


class SlackViews:
    """Implements the ViewSender port. What Slack refuses is logged, never raised."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Open a modal and return its id, "" when Slack refused it (a trigger lives 3 s)."""
        try:
            answer = await self._web.call("views.open", trigger_id=trigger_id, view=fit(view))
        except PostError as error:
            log.info("could not open a modal: %s", error.message)
            return ""
        opened = answer.get("view")
        return str(opened.get("id") or "") if isinstance(opened, Mapping) else ""

    async def update(self, view_id: str, view: Mapping[str, Any]) -> bool:
        """Change an open modal; False when it was closed meanwhile."""
        try:
            await self._web.call("views.update", view_id=view_id, view=fit(view))
        except PostError as error:
            log.info("could not change a modal: %s", error.message)
            return False
        return True

    async def home(self, user: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Publish a user's App Home."""
        view = fit({"type": "home", "blocks": blocks})
        try:
            await self._web.call("views.publish", user_id=user, view=view)
        except PostError as error:
            log.warning("could not publish a home: %s", error.message)


def fit(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the view in blocks that a view takes: tables and charts belong to messages."""
    blocks: list[Block] = without(view["blocks"], PLAIN)[:MAX_BLOCKS]
    return {**view, "blocks": blocks or [section(" ")]}
