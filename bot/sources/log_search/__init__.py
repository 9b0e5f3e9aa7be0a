"""Searching log files at the speed of grep."""
