"""Events that no detector wants: of them only the time and the container are of use.

A recording is mostly such events. Most are seen to be whole at a glance, as a JSON object or as a
console line of plain characters with what was raised below it; all others are read as any event is.
"""

import re
from datetime import datetime, tzinfo
from typing import NamedTuple

from bot.border.outside import outside
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.forms import MAY_BEGIN
from bot.sources.log_format.json_line import time_of
from bot.sources.log_format.parser import (
    FOLDING_ROLES,
    MAX_LINE_BYTES,
    LineParser,
    is_plain,
    plain_json,
)
from bot.sources.log_format.time import utc

_COLOURS = rb"(?:\x1b\[[\d;]*m)*"
_CONSOLE = re.compile(
    _COLOURS + rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?)" + _COLOURS
    + rb" \[" + _COLOURS + rb"[A-Za-z]+ *" + _COLOURS + rb"\] [\t -~\x1b]*\Z"
)  # fmt: skip
# No head of an event begins so: most do with a digit or a bracket, and a box with a drawn line.
_GOES_ON = re.compile(
    _COLOURS + rb"(?!" + MAY_BEGIN.encode() + rb")(?:[\t -/:-Z\\-z|}~]|\xe2)|\r?\Z"
)


class PassedEvent(NamedTuple):
    """An event that is passed over: when it was, and whose."""

    at: datetime | None
    container: str
    role: Role


_new = tuple.__new__
Recorded = LogEvent | PassedEvent


class PassedLines:
    """Tells which lines of one file are surely first lines of an event, and which go on with it."""

    def __init__(self, parser: LineParser, role: Role, zone: tzinfo) -> None:
        self._container = outside(parser.container)
        self._role = role
        self._zone = zone
        self._folds = role in FOLDING_ROLES
        # Many lines in a row are of one time.
        self._stamp = b""
        self._at: datetime | None = None

    def begun(self, line: bytes) -> PassedEvent | None:
        """Return the event that surely begins with this line, None where it must be read.

        It ends where the next begins, if each line between `goes_on`.
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
            if found[1] != self._stamp:
                self._stamp = found[1]
                self._at = utc(found[1].decode("ascii"), self._zone)
            at = self._at
        # Past the named tuple's own constructor, which costs as much as all the rest of a line.
        return _new(PassedEvent, (at, self._container, self._role))

    def goes_on(self, first: bytes, line: bytes) -> bool:
        """Say whether a line surely belongs to the event that a line `begun`."""
        if not self._folds or first.startswith(b"{") or _GOES_ON.match(line) is None:
            return False
        return is_plain(line)
