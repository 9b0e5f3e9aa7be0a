"""Where alerts are posted and whom they wake.

May import bot.domain alone. To route by something further, add a field to `route`, with a default.
"""
