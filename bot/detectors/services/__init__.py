"""Detectors of services: containers, databases, the outbox and the model provider.

May import what bot.detectors may. To add one, write a file with a DETECTOR here, on StateDetector
where a state shows it; the other steps are in bot/detectors/__init__.py.
"""
