"""Alerts of the bot about itself: missed ticks, late messages, failed detectors, lost sources."""
