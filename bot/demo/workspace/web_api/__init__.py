"""Slack's Web API as the local workspace serves it, one file a family of methods."""
