"""Finds where a level is named in a log: of a rare one only the events at it are read.

Nearly all lines of a log may hold the words that are looked for; those at a level of an error are
few, and each names its level in what is read of its event.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from bot.sources.log_format.forms import SIGNED
from bot.sources.log_format.head import LEVEL_NAMES, level_name
from bot.sources.log_format.json_line import LEVEL_KEYS
from bot.sources.log_search.scan import Scan
from bot.sources.log_search.segment import CHUNK_BYTES, Segment

# Fewer are read sooner than a level is looked for.
MANY_HITS = 5_000
# A name that a chunk ends within is found in the next one.
_OVERLAP = 64
# A key of an object is no level, though it may be called as one.
_NO_KEY = rb"\b(?!\\?\"\s{0,8}:)"
_OPENS, _BLANKS = (b"", b'"', b"[", b"m", b"="), 16
_KEYS = {key.lower().encode() for key in LEVEL_KEYS}
# A pattern that begins with what is always there is sought as fast as a word.
_NUMBERED = [
    re.compile(key + rb"[a-z]{0,8}\\?\"\s{0,8}:\s{0,8}(\d{1,9})")
    for key in sorted(_KEYS)
    if not any(key != other and key.startswith(other) for other in _KEYS)
]
# The names above say what a sign stands for; in an Engine's file a line stands behind a quote.
_SIGNED = {
    name: re.compile(pattern.replace("^", '(?:^|(?<="))').encode(), re.M)
    for name, pattern in SIGNED.items()
}


def rarer(
    segment: Segment,
    scan: Scan,
    hits: "array[int]",
    levels: Sequence[str],
    stretch: tuple[int, int],
    stopped: Callable[[], bool],
) -> "array[int]":
    """Return the offsets around which events at one of `levels` that hold a hit lie, ascending.

    These are the `hits` of a scan of the `stretch`, or where a level is named in it, if that is
    rarer. A name may be cut where a line is long, and the level of the event that the stretch
    begins within stands before it: there the hits are returned too.
    """
    if not levels or len(hits) <= MANY_HITS:
        return hits
    found = {*hits[:1], *scan.in_long_lines(hits)}
    for at in _named(segment, levels, *stretch, stopped):
        found.add(at)
        if len(found) >= len(hits):
            return hits
    return array("q", sorted(found))


def holds_hit(hits: "array[int]", start: int, end: int) -> bool:
    """Say whether a hit lies within [start, end)."""
    at = bisect_left(hits, start)
    return at < len(hits) and hits[at] < end


def _named(
    segment: Segment, levels: Sequence[str], start: int, end: int, stopped: Callable[[], bool]
) -> Iterator[int]:
    """Yield where one of the levels may be named in [start, end), the newest chunk first."""
    names = {*levels, *(name for name, level in LEVEL_NAMES.items() if level in levels)}
    patterns = [re.compile(name.encode() + _NO_KEY) for name in sorted(names)]
    signed = [_SIGNED[name] for name in levels if name in _SIGNED]
    stop = end
    while end > start and not stopped():
        low = max(start, end - CHUNK_BYTES)
        # What stands before a name tells a level from a word of a message.
        first = max(start, low - _OVERLAP)
        raw = segment.read(first, min(end + _OVERLAP, stop))
        folded = raw.lower()
        for one in chain.from_iterable(pattern.finditer(folded) for pattern in patterns):
            if _may_be_level(raw, *one.span()):
                yield first + one.start()
        for one in chain.from_iterable(pattern.finditer(raw) for pattern in signed):
            yield first + one.start()
        for one in chain.from_iterable(pattern.finditer(folded) for pattern in _NUMBERED):
            if level_name(int(one[1])) in levels:
                yield first + one.start()
        end = low


def _may_be_level(raw: bytes, start: int, end: int) -> bool:
    """Say whether a name is a level: in capitals, or behind a quote, a bracket, a colour or `=`."""
    before = raw[max(0, start - _BLANKS) : start].rstrip()[-1:]
    return raw[start:end].isupper() or before in _OPENS
