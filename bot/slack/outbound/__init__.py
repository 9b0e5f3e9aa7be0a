"""What goes to Slack: replies, alert threads and views, each with a fallback for what it refuses.

Implements the ports ReplySender, ViewSender and Messenger of bot/ports/messages.py. May import:
bot.slack.blocks and the rooms below bot.requests. To add a call, use Web (web_api.py), which turns
each of Slack's refusals into a PostError; add its scope to SCOPES in setup/manifest.py.
"""
