"""Runners of experiments: containers and processes."""
