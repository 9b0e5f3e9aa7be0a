"""The command that shows a line of a log again; pure."""

from datetime import datetime, timedelta

from bot.domain.log import LogEvent
from bot.domain.words import Command, Words, words

DAY = timedelta(days=1)


def search_again(line: LogEvent, text: str, now: datetime) -> Words:
    """Return the search that finds a line by a text that it holds, however old the line is."""
    age = now - (line.at or now)
    back = f" --since {age // DAY + 1}d" if age >= DAY else ""
    return words(Command(f"/logs {line.service} {text}{back}"))
