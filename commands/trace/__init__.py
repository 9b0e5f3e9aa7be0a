"""`/trace`: one id followed through services, queue and database."""

from commands.trace.command import COMMAND

__all__ = ["COMMAND"]
