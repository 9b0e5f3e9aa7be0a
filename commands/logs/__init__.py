"""`/logs`: one search in the logs of all services."""

from commands.logs.command import COMMAND

__all__ = ["COMMAND"]
