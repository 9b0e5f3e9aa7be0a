"""The stuck queue: whether it moves, how the alert reads, and what ends it.

`detector` samples and holds the thresholds; the others are its parts. May import what bot.detectors
may. A new cause of a stuck queue is a rule in bot/diagnosis/queue/rules, which it reads.
"""

from bot.detectors.stuck_queue.detector import DETECTOR

__all__ = ["DETECTOR"]
