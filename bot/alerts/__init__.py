"""The life of an alert: decide (policy/, pure), store (store/, Postgres), tick, post.

A tick samples every detector and saves samples, alerts and messages in one transaction; the poster
sends the messages. May import: bot.border, domain, errors, drivers, text, ports, settings,
monitoring; only store/ imports asyncpg. Detectors, sources and slack reach this package through
bot.ports alone. To add an alert of the bot about itself, add a file to self_monitoring/ and name it
in its samples.py. What resolves or repeats an alert is policy/lifecycle.py.
"""
