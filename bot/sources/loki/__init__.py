"""Logs in Loki: search, follow and labels."""
