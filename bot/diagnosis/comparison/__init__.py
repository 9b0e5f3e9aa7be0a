"""One comparison on its way through every service, as rows and logs show it.

`log_events` reads what a line says of one, `causes` holds the ids, reasons and thresholds that
several rules share. May import publishing, evidence, changes and queue. A new text that a service
writes of a comparison is a clue in `log_events`, with its provenance in bot/domain/needles.py.
"""
