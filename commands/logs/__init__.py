"""`/logs`: one search in the logs of all services.

`command` reads the words, `found` searches. May import what commands may. To add an option, add it
to both.
"""

from commands.logs.command import COMMAND

__all__ = ["COMMAND"]
