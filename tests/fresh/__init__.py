"""A fresh machine with Docker alone: from the README to an alert on a frozen queue, by compose.

`python -m tests.fresh` runs it: an Engine with networks of its own, a registry of stand-ins under
the names that compose.yaml and the Dockerfile ask for, HuleEdu's containers as they are called
there, a local Slack, and each command as it stands in deploy/README.md. `readme` reads the
commands, `images` makes the stand-ins, `machine` is the Engine with its registry, `huleedu` what
is asked about. It needs root, dockerd, docker-registry, haproxy, postgresql and redis-server of
Debian, and the packages' registry; some minutes.
"""
