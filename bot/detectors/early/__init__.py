"""Warnings while there is time: what will go wrong if nothing changes, and how long that takes.

Each is worded as a forecast, and is over once the fault itself is alerted: see COVERED in
bot/alerts/policy/inhibition.py. `python -m tests.traffic.warnings` measures hits and lead times.
May import what bot.detectors may. To add a warning, write a file with a DETECTOR here: `_forecast`
says how a number goes on. Then name it in COVERED of bot/alerts/policy/inhibition.py with the
faults that end it, its entry in bot/catalogue/early.py, and its measure in
tests/traffic/warnings.py; the other steps are in bot/detectors/__init__.py.
"""
