"""Charts as pictures, drawn in a process of their own: matplotlib never enters the bot's."""
