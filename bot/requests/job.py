"""A question that was admitted and understood, from every way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports import CommandContext, Place, Request
    from bot.registry import SlashCommand


@dataclass(frozen=True, slots=True)
class Job:
    """A question that was admitted and understood; `typed` is it as a slash command.

    `public` says that everybody in the place reads the answer; in a direct message that is its
    asker. `read_as` is the command that a plain question was read as, and `left_out` what that
    leaves out of it.
    """

    place: Place
    typed: str
    command: SlashCommand
    request: Request
    context: CommandContext
    public: bool = False
    read_as: str = ""
    left_out: str = ""

    @property
    def line(self) -> str:
        """The command without the workspace's prefix."""
        return " ".join((self.command.name, self.request.verb, *self.request.words))

    @property
    def is_change(self) -> bool:
        """Whether it changes something, so that the audit trail has it from every way in."""
        return self.request.verb in self.command.changes

    @property
    def asks_for_yes(self) -> bool:
        """Whether its answer is a dialog, which concerns its asker alone."""
        return self.request.verb in self.command.dialogs
