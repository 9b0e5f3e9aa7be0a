"""The stuck queue: whether it moves, how the alert reads, and what ends it."""

from bot.detectors.stuck_queue.detector import DETECTOR

__all__ = ["DETECTOR"]
