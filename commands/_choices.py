"""Things that exist now, for whoever has to name one: recent batches, alerts, runners, services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import Choice, CommandContext


async def recent(kind: str, context: CommandContext) -> Sequence[Choice]:
    """Return what there is of a kind, newest first; nothing where it cannot be read."""
    from commands._recent import found

    return await found(kind, context)
