"""Bounded reads that every question shares: sources, log coverage, labels, system state."""
