"""Conditions of real installations, each on real parts: what a user sees, right or wrong.

`make installs` prints the whole table; the gate runs the quick ones. To add a condition, add it to
the room of its system: make the condition, ask, and say what must and must not be seen.
"""
