"""Detectors of batches that stop progressing or never end.

May import what bot.detectors may. To add one, write a file with a DETECTOR here, on RowDetector
where rows show it; the other steps are in bot/detectors/__init__.py.
"""
