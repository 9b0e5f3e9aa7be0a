"""Slash commands, one file (or package) each; a file that holds a COMMAND is found by itself.

`parse` reads the words and is pure; `run` collects and lets bot.diagnosis judge. May import:
bot.diagnosis and the rooms below it; never Slack. Files with an underscore are helpers. To add a
command, add a file with a COMMAND, its mirror test under tests/commands/ and its name in
tests/test_plug_ins.py, and run `make docs`.
"""
