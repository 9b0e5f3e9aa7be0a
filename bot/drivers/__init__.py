"""What addresses and errors of drivers mean, in words: networks, TLS and PostgreSQL.

Shared by rooms that may not know one another, such as sources and the bot's own store. May import
bot.border and bot.errors; no driver is imported here. To add an error, add a row to the table of
its driver: what was asked, what the server said, what to do, and whether it passes by itself.
"""
