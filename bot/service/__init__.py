"""The composition root: builds every part from the settings, starts it, stops it in reverse.

build.py makes the whole bot, alerting.py its ticks and poster, sources.py the sources that the
settings name, memory.py the bot's own database; tasks.py keeps work running. May import every room
but bot.cli and bot.demo. To add a source, write its driver in bot/sources/, its port in
bot/ports/sources.py, and build it in sources.py; drivers are imported where they are used.
"""
