"""Sends replies where they belong: to all, to the asker alone, or to the modal they look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import BatchbotError, DeniedError, NotFoundError, UsageError
from bot.ports import Place, Renderer, ReplySender, ViewSender, Way
from bot.requests.carried import carried_by

# Ways in which everybody in the place has read the question already.
TYPED_IN_PUBLIC = (Way.MENTION, Way.MESSAGE)


@dataclass(frozen=True, slots=True)
class Replies:
    """What a reply is made and sent with."""

    sender: ReplySender
    views: ViewSender
    renderer: Renderer

    async def alone(self, place: Place, message: Mapping[str, Any]) -> None:
        """Show a message to the asker alone: in a modal after a press, else where they asked."""
        if not await self._in_modal(place, message):
            await self.sender.private(place, message)
        elif message.get("files"):
            await self.sender.files(place, message["files"], message["text"])

    async def refuse(self, place: Place, error: Exception, *, error_id: str = "") -> None:
        """Show why there is no answer: to the asker alone, or as the reply to a mention.

        A mention is a message of its own: a reply in its thread is what its writer looks for.
        What stands in the place of the answer already gives way to it.
        """
        message = self.renderer.error(error, error_id=error_id)
        if isinstance(error, BatchbotError) and error.replaces:
            if isinstance(error, UsageError | NotFoundError) and place.way not in TYPED_IN_PUBLIC:
                await self.leave(place, error.replaces)
                await self.alone(place, message)
            else:
                await self.sender.public(place, message, ts=error.replaces)
            return
        replied = place.way is Way.MENTION and not isinstance(error, DeniedError)
        if replied or place.way is Way.MESSAGE:
            await self.sender.public(place, message)
        else:
            await self.alone(place, message)

    async def leave(self, place: Place, ts: str) -> None:
        """Say in the place of a public message that its answer is its asker's alone.

        Such an answer may repeat words that were typed in private.
        """
        told = BatchbotError("There is nothing to show here: who asked reads why.")
        await self.sender.public(place, self.renderer.error(told), ts=ts)

    async def _in_modal(self, place: Place, message: Mapping[str, Any]) -> bool:
        """Show a message in the open modal, or in one that a press may still open."""
        if not place.view_id and not (place.opens_modal and place.trigger_id):
            return False
        sheet = self.renderer.sheet(message, carried=_confirmed(place, message))
        if place.view_id:
            return await self.views.update(place.view_id, sheet)
        return bool(await self.views.open(place.trigger_id, sheet))


def _confirmed(place: Place, message: Mapping[str, Any]) -> str:
    """Return what the dialog carries that a message asks for; its outcome is in the thread."""
    line = str(message.get("confirm") or "")
    in_thread = " --here" if place.thread_ts and not place.home else ""
    return carried_by(place, line + in_thread) if line else ""
