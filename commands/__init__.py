"""Slash commands, one file each; a file here that holds a COMMAND is found by itself."""
