"""Events of one line that no detector wants: of them only the time and the container are of use.

A recording is mostly such lines. Most are seen to be whole events at a glance, as a JSON object or
as a console line of plain characters; all others are read as any event is.
"""

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

from bot.border.outside import outside
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.json_line import time_of
from bot.sources.log_format.parser import MAX_LINE_BYTES, LineParser, plain_json
from bot.sources.log_format.time import utc

_CONSOLE = re.compile(
    rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) \[[A-Za-z]+ *\] [\t -~]*\Z"
)


class PassedEvent(NamedTuple):
    """An event that is passed over: when it was, and whose."""

    at: datetime | None
    container: str
    role: Role


_new = tuple.__new__
Recorded = LogEvent | PassedEvent


class PassedLines:
    """Tells which lines of one file are surely first lines of an event."""

    def __init__(self, parser: LineParser, role: Role, zone: tzinfo) -> None:
        self._container = outside(parser.container)
        self._role = role
        self._zone = zone

    def begun(self, line: bytes) -> PassedEvent | None:
        """Return the event that surely begins with this line, None where it must be read.

        It is of one line if another begins with the next.
        """
        if line.startswith(b'{"'):
            fields = plain_json(line)
            if fields is None:
                return None
            at = time_of(fields, self._zone)
        else:
            found = _CONSOLE.match(line)
            if found is None or len(line) > MAX_LINE_BYTES:
                return None
            at = utc(found[1].decode("ascii"), self._zone)
        # Past the named tuple's own constructor, which costs as much as all the rest of a line.
        return _new(PassedEvent, (at, self._container, self._role))
