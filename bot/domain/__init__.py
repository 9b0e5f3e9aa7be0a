"""Frozen facts shared by every room: no I/O, no clock, no Slack."""
