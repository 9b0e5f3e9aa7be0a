"""Everything that speaks Slack; no other room imports slack_sdk or slack_bolt.

inbound/ hears Slack, outbound/ posts to it, blocks/ draws messages (pure), setup/ is what is
settled before the first message. May import: bot.requests and the rooms below it; never sources,
alerts or detectors. To add a button, name its action in bot/ports/action_ids.py, draw it in
blocks/ and hear it in inbound/listeners.py.
"""
