"""What the bot remembers, as commands see it; alerts/ implements it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class BotMemory(Protocol):
    """The bot's own Postgres as commands see it. Every method raises SourceError."""

    name: str

    async def alias(self, label: str) -> str | None:
        """Return the id that a run label stands for."""
        ...

    async def set_alias(self, label: str, ref: str, *, by: str) -> None:
        """Remember what a run label stands for."""
        ...

    async def audit(self, who: str, where: str, what: str, outcome: str) -> None:
        """Write one line of the audit trail."""
        ...

    async def alerts(
        self, *, history: bool = False, limit: int = 50
    ) -> Sequence[Mapping[str, Any]]:
        """Return open alerts (or all, newest first) as plain rows."""
        ...
