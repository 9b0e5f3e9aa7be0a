"""Callbacks of the LLM provider as facts: the message, its contract, and counts of breaches.

May import bot.domain alone. To read a further field of the message, add it to `contract`, with a
default.
"""
