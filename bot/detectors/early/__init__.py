"""Warnings while there is time: what will go wrong if nothing changes, and how long that takes.

Each is worded as a forecast, and is over once the fault itself is told: see COVERED in
bot/alerts/policy/inhibition.py. `python -m tests.traffic.warnings` measures hits and lead times.
"""
