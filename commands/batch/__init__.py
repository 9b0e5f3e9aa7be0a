"""`/batch`: one file for each question about a batch.

`command` reads the words, `answers` chooses who answers. May import what commands may. To add a
verb, add its usage to `usages` and its answer to `answers`.
"""

from commands.batch.command import COMMAND

__all__ = ["COMMAND"]
