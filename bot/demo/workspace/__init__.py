"""A local Slack workspace: Web API, Socket Mode, its page, and what a person does in it.

`server` puts together `web_api` (what the bot calls), `actions` (what a person does), `state`
(channels, messages, sockets) and `validation` (what Slack refuses). May import of the bot what
makes its manifest. To add what Slack can do, add it to the room whose part it is.
"""
