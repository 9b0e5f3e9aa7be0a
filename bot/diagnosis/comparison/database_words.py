"""What PostgreSQL refused, by its own words in a failing line and its traceback; pure."""

import re
from collections.abc import Sequence

from bot.border.outside import raw
from bot.border.passing import name
from bot.diagnosis.comparison.rejections import says_database_away
from bot.domain.log import LogEvent

MOST_CHARS = 4_000
_DENIED = re.compile(r"permission denied for (table|schema|sequence|relation) (\w{1,60})")
# A table or a column of it; by a query its table stands before the column, with a dot.
_LACKS = re.compile(
    r'(column|relation) "?([\w.]{1,90})"?(?: of relation "?(\w{1,60})"?)? does not exist'
)
_CALLED = {"relation": "table"}
TOO_MANY = ("too many connections for role", "remaining connection slots", "too many clients")


def said_by(event: LogEvent) -> Sequence[str]:
    """Return the texts of a line that may hold the database's own words: never to be shown."""
    error = event.error
    found = (
        event.event,
        *((error.message, error.cause, error.kind, *error.chain) if error else ()),
    )
    return [raw(text)[:MOST_CHARS] for text in found]


def lacking_in_schema(said: Sequence[str]) -> str:
    """Return which column or table a statement needs that the database lacks; empty for none."""
    found = next((match for text in said if (match := _LACKS.search(text))), None)
    if found is None:
        return ""
    of = f" of table {name(found[3])}" if found[3] else ""
    return f"{_CALLED.get(found[1], found[1])} {name(found[2])}{of}"


def refusal_told(said: Sequence[str]) -> str:
    """Return what PostgreSQL refused, and why; empty for what it did not refuse."""
    denied = next((found for text in said if (found := _DENIED.search(text))), None)
    if denied:
        return f"The database refused it: permission denied for {denied[1]} {name(denied[2])}."
    if lacks := lacking_in_schema(said):
        return f"The database has no {lacks}; code and schema do not fit."
    if any(one in text for text in said for one in TOO_MANY):
        return "The database refused it: it has no connection left for CJ."
    if any("could not serialize access" in text for text in said):
        return "The database refused it: another transaction changed the same rows meanwhile."
    if any("deadlock detected" in text for text in said):
        return "The database refused it: it and another transaction waited for each other."
    if any("statement timeout" in text or "lock timeout" in text for text in said):
        return "The database gave up on it: a statement waited or ran for too long."
    if any("No space left on device" in text or "DiskFullError" in text for text in said):
        return "The database refused it: its disk is full."
    if any("read-only transaction" in text for text in said):
        return "The database refused it: it takes no writes now."
    return "The database could not be reached." if says_database_away(said) else ""
