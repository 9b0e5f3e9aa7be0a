"""How the lines of a service lie in a file: plainly, or each wrapped by somebody else."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Protocol

from bot.sources.log_head import HEAD_BYTES, split_stamp, starts_event
from bot.sources.log_time import utc

Line = tuple[bytes, datetime | None]

_JSON_TIME = re.compile(rb'"(?:timestamp|time|ts)"\s*:\s*"([0-9T:.,Z+ -]{19,40})"')
_ANY_TIME = re.compile(
    rb"(?:\x1b\[[0-9;]*m)*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?)"
)


class Codec(Protocol):
    """Reads physical lines of a file (without their newline) as lines of a service.

    `line_end` is what every line of the service ends with in the file, for counting; `cuts_lines`
    says that one may lie there in several physical lines; `spoiled` counts physical lines that
    could not be read.
    """

    line_end: bytes
    cuts_lines: bool
    spoiled: int

    def needle(self, word: str) -> bytes:
        """Return the bytes by which `word` is written in the file."""
        ...

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this physical line."""
        ...

    def ends_line(self, raw: bytes) -> bool:
        """Say whether the service's line ends with this physical line."""
        ...

    def time_of(self, raw: bytes) -> datetime | None:
        """Return when this physical line was written, when it says so."""
        ...

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the service's lines, each with the time its carrier gave it."""
        ...


class PlainLines:
    """A file that holds the service's lines as they are, perhaps with engine timestamps."""

    line_end = b"\n"
    cuts_lines = False

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self.spoiled = 0

    def needle(self, word: str) -> bytes:
        """Return `word` in UTF-8."""
        return word.encode("utf-8", "replace")

    def starts_event(self, raw: bytes) -> bool:
        """Say whether an event surely begins at this line."""
        return starts_event(raw)

    def ends_line(self, raw: bytes) -> bool:
        """A plain line always ends where it ends."""
        return True

    def time_of(self, raw: bytes) -> datetime | None:
        """Return the time of an event's first line; of other lines nothing is believed."""
        if not starts_event(raw):
            stamp = split_stamp(raw[: 2 * HEAD_BYTES])[0]
            return utc(stamp.decode("ascii"), self._zone) if stamp else None
        found = _JSON_TIME.search(raw) if raw[:1] == b"{" else _ANY_TIME.match(raw)
        return utc(found.group(1).decode("ascii"), self._zone) if found else None

    def lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        """Yield the lines unchanged."""
        return ((raw, None) for raw in raws)
