"""Decides what becomes of an alert: pure functions of what was judged, what was known, and now."""
