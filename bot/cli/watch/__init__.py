"""`batchbot ask --watch`: rounds of one question, what is new in each, and where that is shown.

May import what bot.cli may. To compare something more, add it to `changes` of report_diff.py; to
show rounds in another way, add a screen beside those of screen.py.
"""
