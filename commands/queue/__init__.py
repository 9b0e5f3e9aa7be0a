"""`/queue`: the LLM queue, and an orphaned item put back.

`command` reads the words and answers, `requeue` changes something. May import what commands may. To
add a verb, add its usage to `command`; what changes something needs an operator and the audit
trail.
"""

from commands.queue.command import COMMAND

__all__ = ["COMMAND"]
