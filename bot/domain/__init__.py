"""Frozen facts shared by every room: no I/O, no clock, no Slack.

May import bot.border and bot.deferred. To add a fact, write a frozen dataclass in the file of its
noun; the names of the sources are in evidence.
"""
