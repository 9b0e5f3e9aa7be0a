"""The Docker Engine: logs, containers and their events."""
