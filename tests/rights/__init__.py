"""What each who has some right may do: the role, the proxy, the container, a person in Slack.

One file an actor, with `tried(...)`: everything is tried on real parts, what must work and what
must not. `python -m tests.rights` prints the table; `table.rows()` is for `make attack`.
"""
