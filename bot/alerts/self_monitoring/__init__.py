"""Alerts of the bot about itself: missed ticks, late messages, failed detectors, lost sources.

One file holds one alert: what is sampled, and a pure `judge_...` that returns a Judgement. May
import bot.domain alone; policy builds on it. To add one, write such a file and name it in
samples.py, so that its samples are stored and can be replayed.
"""
