"""Detectors of callbacks on their way from the provider to CJ's rows.

May import what bot.detectors may. To add one, write a file with a DETECTOR here, on
EventCountDetector where log lines show it; the other steps are in bot/detectors/__init__.py.
"""
