"""`/alerts`: what is open, who looks after it, what is quiet until when.

`request` reads the words, `command` runs them. May import what commands may. To add a verb, add its
usage to `request` and its case to `command`.
"""

from commands.alerts.command import COMMAND

__all__ = ["COMMAND"]
