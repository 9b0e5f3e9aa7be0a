"""A local Slack workspace: Web API, Socket Mode and what a person does in it."""
