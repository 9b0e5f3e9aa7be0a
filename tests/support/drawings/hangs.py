"""Reads what it is asked, and never answers."""

import signal

signal.pause()
