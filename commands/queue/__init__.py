"""`/queue`: the LLM queue, and an orphaned item put back."""

from commands.queue.command import COMMAND

__all__ = ["COMMAND"]
