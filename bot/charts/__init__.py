"""Charts as pictures, drawn in a process of their own.

`drawing` starts the process, `__main__` draws; matplotlib is imported in the latter only, so that
it is never loaded into the bot. May import: bot.domain, bot.text. To add a kind of chart, add its
data to bot/domain/chart.py and its drawing to `__main__`.
"""
