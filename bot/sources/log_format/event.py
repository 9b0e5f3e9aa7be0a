"""One event written as text while its lines come in; its parts are read when asked for."""

import re
from collections import deque
from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any, NamedTuple

from bot.border.outside import Outside
from bot.domain.log import LogError
from bot.sources.log_format.error import error_of, is_traceback_start, may_name_error
from bot.sources.log_format.fields import Pairs, flattened, pairs, unwrapped
from bot.sources.log_format.head import Head, Shape
from bot.sources.log_format.json_line import STANDARD_KEYS, number_of
from bot.sources.log_format.message import filled
from bot.sources.log_format.time import Stamp, stamped, utc

MAX_HALF_CHARS = 512 * 1024
MAX_TAIL_TRIES = 200
MOST_BLANK_LINES = 20
_MANY_BLANK_LINES = "\n" * (MOST_BLANK_LINES // 2)
_LOGGER = re.compile(r"\[([A-Za-z_][\w.\-]*)\](?!\S)")
_BARE_TAIL = re.compile(
    r"(?<!\s)\s{2,}(?=[A-Za-z_][\w.]*=)|\s(?=(?:extra=\{|filename=|func_name=|lineno=))"
)
_NO_PAIRS = Pairs("", {})


class Fold:
    """The lines of one event; of a very long one, its beginning and its end.

    `tracing` says that the frames of a traceback come, `is_raised` that an error was named after
    them, `is_tailed` that a further line ended the head, `loose` how many went on without a sign;
    `is_beyond` that what is looked for stands in what was not kept.
    """

    __slots__ = (
        *("head", "stamp", "offset", "tracing", "is_raised", "is_tailed", "loose", "is_beyond"),
        *("_first", "_last", "_first_size"),
        *("_last_size", "_blank", "_rest", "_tail", "_is_tail_read"),
    )

    def __init__(self, head: Head, first: str, stamp: Stamp, offset: int | None = None) -> None:
        self.head = head
        self.stamp = stamp
        self.offset = offset
        self.tracing = self.is_raised = self.is_tailed = False
        self.loose = 0
        self.is_beyond = False
        self._first = [first]
        self._last: deque[str] | tuple[()] = ()
        self._first_size = len(first)
        self._last_size = 0
        self._blank = 0
        self._rest: tuple[str, ...] = ()
        self._tail: _Tail | None = None
        self._is_tail_read = False

    def add(self, line: str) -> Sequence[str]:
        """Take a continuation line; return those in the middle of a very long event, not kept.

        Blank lines behind MOST_BLANK_LINES of them are not kept either.
        """
        self._blank = 0 if line else self._blank + 1
        if self._blank > MOST_BLANK_LINES:
            return ()
        if self._first_size < MAX_HALF_CHARS:
            self._first.append(line)
            self._first_size += len(line) + 1
            return ()
        if not self._last:
            self._last = deque()
        self._last.append(line)
        self._last_size += len(line) + 1
        dropped = []
        while self._last_size > MAX_HALF_CHARS and len(self._last) > 1:
            dropped.append(self._last.popleft())
            self._last_size -= len(dropped[-1]) + 1
        return dropped

    def add_all(self, text: str) -> str | None:
        """Take all continuation lines of a text at once, after which none follows.

        Return those in the middle of a very long event, which are not kept. None, and nothing is
        taken, where they have to be taken one by one.
        """
        room = MAX_HALF_CHARS - self._first_size
        if _MANY_BLANK_LINES in text or self._last:
            return None
        first_end = text.find("\n", room - 1) if 0 < room <= len(text) else -1
        if room > len(text) or (first_end < 0 < room):
            self._rest = (text,)
            self._first_size += len(text) + 1
            return ""
        begin = first_end + 1
        last = max(begin, text.find("\n", max(0, len(text) - MAX_HALF_CHARS)) + 1)
        if begin > room + MAX_HALF_CHARS or len(text) - last >= MAX_HALF_CHARS:  # a long line
            return None
        if begin:
            self._first += text[:first_end].split("\n")
            self._first_size += begin
        self._rest = (text[last:],)
        return text[begin : max(begin, last - 1)]

    @property
    def text(self) -> str:
        """The raw event without terminal codes."""
        return "\n".join((*self._first, *self._last, *self._rest))

    @property
    def last(self) -> str:
        """The line that came last."""
        return self._last[-1] if self._last else self._first[-1]

    @property
    def following(self) -> list[str]:
        """The lines after the first."""
        rest = self._rest[0].split("\n") if self._rest else ()
        return [*self._first[1:], *self._last, *rest]

    @property
    def tail(self) -> "_Tail | None":
        """Where the message ends on the first line, if it does, and what follows it there."""
        if not self._is_tail_read:
            self._tail, self._is_tail_read = _tail(self.head.rest), True
        return self._tail

    def settle(self) -> None:
        """Forget what was read of the first line."""
        self._tail, self._is_tail_read = None, False

    @property
    def is_open_ended(self) -> bool:
        """Whether a line at the margin may go on: with what was raised, or with a console's head.

        The latter ends with the logger's name or the fields.
        """
        if self.is_raised:
            return True
        return self.head.shape is Shape.CONSOLE and not self.is_tailed and self.tail is None


class _Tail(NamedTuple):
    """What follows a message: where it begins in its line, the logger's name, the fields."""

    start: int
    logger: str
    pairs: Pairs


class _Parts(NamedTuple):
    """An event's text taken apart: its message as written, what follows it, its traceback."""

    message: str
    logger: str = ""
    pairs: Pairs = _NO_PAIRS
    trace: str = ""


class TextEvent:
    """A complete event written as text."""

    __slots__ = ("_fold", "_read", "_zone")
    at_hand = ()

    def __init__(self, fold: Fold, zone: tzinfo) -> None:
        self._fold = fold
        self._zone = zone
        self._read: _Parts | None = None

    def hold(self, text: Outside) -> None:
        """Hold the lines one by one, as before."""

    def settle(self) -> None:
        """Hold the lines alone, which are taken apart again for each part: it is kept for long."""
        self._read = None
        self._fold.settle()

    @property
    def text(self) -> str:
        """The raw event without terminal codes."""
        return self._fold.text

    @property
    def at(self) -> datetime | None:
        """The event's own time, else the engine's."""
        return utc(self._fold.head.time, self._zone) or stamped(self._fold.stamp, self._zone)

    @property
    def level(self) -> str:
        """The level of its head."""
        return self._fold.head.level

    @property
    def event(self) -> str:
        """The message with its arguments filled in."""
        parts = self._parts
        arguments = parts.pairs.value("positional_args")
        return parts.message if arguments is None else filled(parts.message, unwrapped(arguments))

    @property
    def logger(self) -> str:
        """The logger's name."""
        return self._parts.logger

    @property
    def file(self) -> str:
        """The source file."""
        found = self._parts.pairs.value("filename")
        return found if isinstance(found, str) else ""

    @property
    def line(self) -> int | None:
        """The line of the source file."""
        return number_of(self._parts.pairs.value("lineno"))

    @property
    def fields(self) -> dict[str, Any]:
        """The key-values that are not the event's own parts."""
        found = flattened(self._parts.pairs.values(STANDARD_KEYS))
        process = self._fold.head.process
        return {**found, "process": int(process)} if process else found

    @property
    def error(self) -> LogError | None:
        """What was raised."""
        text = self._fold.text
        fields = self.fields if may_name_error(text) else {}
        return error_of(self.event, self._parts.trace, self.level, fields)

    @property
    def _parts(self) -> _Parts:
        if self._read is None:
            self._read = self._taken_apart()
        return self._read

    def _taken_apart(self) -> _Parts:
        """Take the event apart, its head possibly broken over several lines."""
        fold = self._fold
        head, following = fold.head, fold.following
        if not head.time or head.logger:
            event, trace = _plain_parts(head.rest, following)
            return _Parts(event, head.logger, trace=trace)
        if fold.tail is not None:
            start, logger, found = fold.tail
            return _Parts(head.rest[:start].rstrip(), logger, found, "\n".join(following))
        return _broken_head(head.rest, following)


def _broken_head(first: str, following: Sequence[str]) -> _Parts:
    """Take an event apart whose logger and fields are not on its first line."""
    for number, line in enumerate(following):
        if is_traceback_start(line):
            break
        tail = _tail(line)
        if tail is not None:
            message = "\n".join((first, *following[:number], line[: tail.start].rstrip()))
            trace = "\n".join(following[number + 1 :])
            return _Parts(message.rstrip(), tail.logger, tail.pairs, trace)
    event, _ = _plain_parts(first, following)
    return _Parts(event, trace="\n".join(following[event.count("\n") :]))


def ends_head(line: str) -> bool:
    """Say whether a line ends the message of a head that is broken over several."""
    return _tail(line) is not None


def _tail(line: str) -> _Tail | None:
    """Return where a line's message ends, its logger's name and its fields; None without both."""
    tries = 0
    for found in _LOGGER.finditer(line):
        start = found.start()
        if start and not line[start - 1].isspace():
            continue
        fields = pairs(line[found.end() :])
        if fields is not None:
            return _Tail(start, found[1], fields)
        tries += 1
        if tries >= MAX_TAIL_TRIES:
            break
    for found in islice(_BARE_TAIL.finditer(line), MAX_TAIL_TRIES):
        fields = pairs(line[found.end() :])
        if fields:
            return _Tail(found.start(), "", fields)
    return None


def _plain_parts(first: str, following: Sequence[str]) -> tuple[str, str]:
    """Split the lines of an event without fields into its message and its traceback."""
    lines = [first, *following]
    start = next((n for n, line in enumerate(lines) if is_traceback_start(line)), len(lines))
    event = "\n".join(lines[:start]).strip("\n")
    return event or first, "\n".join(lines[start:])
