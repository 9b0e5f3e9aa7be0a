"""Outside text made presentable, and the words that every renderer shares.

May import domain and errors only. What comes from logs, rows, queues or people passes redaction
and privacy before it is shown.
"""
