"""Readers of outside systems; each implements a port and wraps its driver's errors."""
