"""Outside text made presentable, and the words that every renderer shares.

May import bot.border, deferred, catalogue and domain. What comes from logs, rows, queues or people
passes redaction and privacy before it is shown; the cleaning itself is bot.border. To add words
that two renderers say, add a function to wording.
"""
