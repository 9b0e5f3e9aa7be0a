"""What to type to read what a rule's id means."""

from bot.catalogue.known import entry_of


def help_line(rule: str) -> str:
    """Return the command that explains a rule, or the bare id where the catalogue has none."""
    return f"/help {rule}" if entry_of(rule) else rule
