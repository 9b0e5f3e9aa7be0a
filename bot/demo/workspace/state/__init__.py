"""The local workspace's memory: channels, messages, installation, sockets and feeds.

May import bot.registry and bot.slack.setup, whose manifest it installs; not web_api and actions,
which read and change it. A further thing that Slack
keeps is a field of Space.
"""
