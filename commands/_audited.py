"""What an operator changes something through: none of it without the audit trail."""

from typing import TypeVar

from bot.domain.evidence import MEMORY, Missing
from bot.errors import SourceError
from bot.ports import BotMemory
from bot.text.wording import sentence

T = TypeVar("T")


def audited(
    name: str, source: T | Missing | None, cannot: str, memory: BotMemory | Missing | None
) -> T:
    """Return a source that may be written to; raises SourceError without it or the audit trail."""
    if source is None or isinstance(source, Missing):
        raise SourceError(
            name, f"{cannot}: {sentence(source.reason if source else 'not configured')}"
        )
    if memory is None or isinstance(memory, Missing):
        raise SourceError(MEMORY, "Without the bot's database there is no audit trail.")
    return source
