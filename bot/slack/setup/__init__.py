"""What is settled before the first message: manifest, identity and tokens, names turned into ids.

May import: bot.requests.access, bot.registry, bot.settings and bot.slack.outbound.web_api. To
add a scope, name it in SCOPES of manifest.py with what it is for; `make docs` writes the manifest.
"""
