"""What changed around the batches, and what the bot knew before: facts, no I/O, no clock.

May import bot.domain alone. To add a kind of change, add it to `change`.
"""
