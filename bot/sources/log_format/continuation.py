"""Says which lines go on with an open event: none that stands for itself is taken for its part.

A line goes on that is indented, drawn as a box or a known piece of an error, and in a traceback its
frames and what was raised. A message of several lines goes on as well while it may, which ends
where its carrier took a line later, where a line tells a time, and at MOST_LOOSE lines. A line that
was taken LATE goes on only where it cannot stand alone, or ends an open traceback: so too with the
console events of known services, which take all other lines.
"""

import re
from datetime import datetime, timedelta, tzinfo

from bot.border.keys import ends_with_hidden_key
from bot.deferred import Pattern
from bot.sources.log_format.error import KIND, PIECES, is_traceback_start
from bot.sources.log_format.event import Fold, ends_head
from bot.sources.log_format.head import Shape
from bot.sources.log_format.time import Stamp, stamped

# What is written at once is taken at once.
AT_ONCE = timedelta(milliseconds=10)
# What is taken so much later was written by itself, though it looks like a part.
LATE = timedelta(milliseconds=500)
MOST_LOOSE = 50
_BOX = "│╭╰├─┃┏┗+|"
_AT_MARGIN = Pattern(rf"^[^\s{re.escape(_BOX)}]", re.M)
_TELLS_TIME = Pattern(r".{0,32}?\d\d:\d\d:\d\d", re.S)
# Java names the class before its frames, which are indented; Go each goroutine and function.
_JAVA = Pattern(
    r"Caused by: |Suppressed: |(?:Exception in thread \"[^\"]{0,200}\" )?"
    r"(?:[a-z_]\w{0,60}\.){1,20}[A-Z][\w$]{0,100}(?:Exception|Error|Throwable)(?::|\Z)"
)
_CAUSES = ("Caused by: ", "Suppressed: ")
_GO_BEGINS = ("panic: ", "fatal error: ", "goroutine ")
_GO = Pattern(
    r"goroutine \d{1,12} \[|\[signal |created by |exit status |[\w./-]{1,200}[(\[][\w.*)]"
)


def goes_on(fold: Fold, text: str, before: Stamp, stamp: Stamp, zone: tzinfo) -> bool:
    """Say whether a line that is no head belongs to the open event, which then notes it.

    `before` and `stamp` are the times that the carrier gave the line before and this one.
    """
    begins = is_traceback_start(text)
    if not text or text[0].isspace() or text[0] in _BOX:
        fold.tracing = fold.tracing or begins
        return True
    gap = CarrierGap(before, stamp, zone)
    if begins:
        fold.tracing = not gap.is_late
        return fold.tracing
    is_piece = text.startswith(PIECES)
    is_java = not is_piece and _JAVA.match(text) is not None
    if not (
        is_piece
        or (fold.tracing and KIND.match(text))
        or (is_java and _has_time(fold) and (text.startswith(_CAUSES) or not gap.is_late))
        or (fold.head.rest.startswith(_GO_BEGINS) and _GO.match(text) and not gap.is_late)
        or ((fold.tracing or fold.is_open_ended) and _is_at_once(fold, text, gap))
        or (fold.head.shape is Shape.PLAIN and ends_with_hidden_key(fold.last))
    ):
        return False
    if fold.tracing or is_piece or is_java:
        fold.tracing, fold.is_raised, fold.loose = False, True, 0
    else:
        fold.loose += 1
        fold.is_tailed = fold.is_tailed or ends_head(text)
    return True


def all_within(text: str) -> bool:
    """Say whether all lines of a text go on with any event and tell nothing of those behind it."""
    return _AT_MARGIN.search(text) is None and "Traceback (most" not in text


class CarrierGap:
    """What lies between the carrier's times of two lines; they are read when it is asked for."""

    def __init__(self, before: Stamp, stamp: Stamp, zone: tzinfo) -> None:
        self._stamps = before, stamp
        self._zone = zone

    @property
    def is_late(self) -> bool:
        """Whether a line was surely written by itself."""
        before, now = self.times()
        return before is not None and now is not None and abs(now - before) > LATE

    def times(self) -> tuple[datetime | None, datetime | None]:
        """Return the two times, None where the carrier gave none."""
        before, now = self._stamps
        return stamped(before, self._zone), stamped(now, self._zone)


def _has_time(fold: Fold) -> bool:
    return bool(fold.head.time) or fold.stamp is not None


def _is_at_once(fold: Fold, text: str, gap: CarrierGap) -> bool:
    before, now = gap.times()
    if fold.loose >= MOST_LOOSE or (before is None) != (now is None):
        return False
    if before is None or now is None:
        return _TELLS_TIME.match(text) is None
    return abs(now - before) <= AT_ONCE
