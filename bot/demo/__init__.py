"""The incident as data, simulated services and a local Slack workspace."""
