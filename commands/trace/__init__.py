"""`/trace`: one id followed through services, queue and database.

`command` reads the words, `traced` finds what an id means. May import what commands may. To add a
kind of id, add it to bot/domain/ids.py and its case to `traced`.
"""

from commands.trace.command import COMMAND

__all__ = ["COMMAND"]
