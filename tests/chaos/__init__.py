"""Breaks the bot's real parts on purpose and counts what it said; `python -m tests.chaos`."""
