"""Conditions of real installations, each on real parts: what a user sees, right or wrong.

`make installs` prints two tables: the conditions of each system, and every source under every
condition as doctor, ask, /readyz and the alert tell it (`matrix`). The gate runs the quick ones. To
add a condition, add it to the room of its system: make the condition, ask, and say what must and
must not be seen. One table alone: `python -m tests.installs matrix`.
"""
