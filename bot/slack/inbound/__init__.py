"""What Slack sends: the listeners, the payloads, and the Socket Mode connections.

May import: bot.requests, bot.slack.outbound and setup, and the rooms below. To add a listener,
register it in listeners.py: acknowledge first, then hand the work to the dispatcher. A new event
also goes into EVENTS of bot/ports/action_ids.py, from which the manifest is made.
"""
