"""Frozen facts shared by every room: no I/O, no clock, no Slack.

May import bot.border alone. To add a fact, write a frozen dataclass in the file of its
noun; the names of the sources are in evidence.
"""
