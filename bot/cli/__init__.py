"""batchbot at a terminal: ask, watch, replay, doctor, and how their answers are printed.

bot/__main__.py holds the subcommands and imports the files here where they are needed, so that
each starts quickly. May import every room. To add a subcommand, add a function there and its help
in help_texts.py; to add an output format, add it to Format in output.py.
"""
