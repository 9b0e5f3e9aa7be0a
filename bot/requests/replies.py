"""Sends replies where they belong: to all, to the asker alone, or to the modal they look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.ports import Place, Renderer, ReplySender, ViewSender


@dataclass(frozen=True, slots=True)
class Replies:
    """What a reply is made and sent with."""

    sender: ReplySender
    views: ViewSender
    renderer: Renderer

    async def alone(self, place: Place, message: Mapping[str, Any]) -> None:
        """Show a message to the asker alone: in their modal, else where they asked."""
        shown = bool(place.view_id) and await self.views.update(
            place.view_id, self.renderer.sheet(message)
        )
        if not shown:
            await self.sender.private(place, message)
        elif message.get("files"):
            await self.sender.files(place, message["files"])

    async def refuse(self, place: Place, error: Exception, *, error_id: str = "") -> None:
        """Show the asker alone why there is no answer."""
        await self.alone(place, self.renderer.error(error, error_id=error_id))
