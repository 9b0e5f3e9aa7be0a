"""Fails at once."""

raise SystemExit("no fonts")
