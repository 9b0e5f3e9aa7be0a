"""The doctor: settings, tokens, scopes, channels and sources, a line each with its fix.

`examination` looks at all of it, `sources` and `slack` at what they are named after; each finding
is an `examined.Examined`. A new check is one function that returns them, called by `examine`. May
import every room, as bot.cli does.
"""
