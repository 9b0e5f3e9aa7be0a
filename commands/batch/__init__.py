"""`/batch`: one file for each question about a batch."""

from commands.batch.command import COMMAND

__all__ = ["COMMAND"]
