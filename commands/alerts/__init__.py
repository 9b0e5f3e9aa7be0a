"""`/alerts`: what is open, who looks after it, what is quiet until when."""

from commands.alerts.command import COMMAND

__all__ = ["COMMAND"]
