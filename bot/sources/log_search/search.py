"""Searches one container's log: scan bytes fast, then parse only the events that matched."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.log import LogCoverage, LogEvent, LogQuery, place
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.bounds import Bounds
from bot.sources.log_search.file import LateError, SegmentFile
from bot.sources.log_search.found import Found
from bot.sources.log_search.level_marks import holds_hit, rarer
from bot.sources.log_search.parsed import parsed
from bot.sources.log_search.scan import THOROUGH_BYTES, Scan
from bot.sources.log_search.segment import CHUNK_BYTES, Segment
from bot.text.wording import many

# A carrier writes a line's time a little after the service did, and console times lack fractions.
MAX_REGION_BYTES = 4 << 20
# So much is scanned and then read, the newest first: what time does not allow is the oldest.
STRETCH_BYTES = 128 << 20
# Of an event that is longer the rest is not looked at.
MOST_BYTES = 4 * MAX_REGION_BYTES
SLACK = timedelta(seconds=60)
_MOMENT = timedelta(microseconds=1)
# They are read in a tenth of a second.
MOST_LATE = 1_000
NEWEST = "newest"
ESTIMATE = "lines scanned is an estimate"
NOT_IN_TIME = "only a part was read in the time there was"


def search_segment(
    segment: Segment,
    query: LogQuery,
    parser: Callable[[], LineParser],
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[list[LogEvent], LogCoverage]:
    """Search one container's log for a query.

    Newest file first, so that a bound cuts off the oldest. Blocking; run it in a thread.
    """
    found = Found(query)
    start, end = _range(segment, query)
    if end - start > query.max_bytes:
        start, found.cut = segment.line_start(end - query.max_bytes), True
    found.late = segment.lacks_older
    # What a file was unpacked to may be gone again, and unpacking it anew may take too long.
    try:
        found.counted_in = _counted_in(segment, query, start, end)
        if query.any_of:
            _search_words(segment, start, end, found, parser, stopped)
        else:
            _read_back(segment, start, end, found, parser, stopped)
    except LateError:
        found.late = True
    found.unreadable += segment.codec.spoiled
    _place(segment, found.events)
    return found.events, _coverage(segment, found, parser())


def _place(segment: Segment, events: Sequence[LogEvent]) -> None:
    """Say of each event in which file of a rotated log it begins, and where in that file."""
    for event in events if len(segment.parts) > 1 else ():
        offset = event.offset
        part = next((one for one in segment.parts if offset is not None and offset < one.end), None)
        if offset is not None and part is not None:
            rotated = part.path.name.removeprefix(segment.path.name)
            place(event, offset - part.offset, rotated or NEWEST)


def _range(segment: Segment, query: LogQuery) -> tuple[int, int]:
    start, end = 0, segment.size
    if query.since:
        start = segment.offset_at(query.since - SLACK, 0, end)
    if query.until:
        end = segment.offset_past(query.until + SLACK, start, end)
    return start, end


def _counted_in(segment: Segment, query: LogQuery, start: int, end: int) -> tuple[int, int]:
    """Return the bytes whose lines are counted: without the slack where the count is asked for."""
    if query.counts and query.since:
        start = segment.offset_past(query.since - _MOMENT, start, end, unpacks=True)
    if query.counts and query.until:
        end = segment.offset_past(query.until, start, end, unpacks=True)
    return start, end


def _search_words(
    segment: Segment,
    start: int,
    end: int,
    found: Found,
    parser: Callable[[], LineParser],
    stopped: Callable[[], bool],
) -> None:
    query = found.query
    words = [segment.codec.needle(word) for word in query.any_of]
    thorough, below = end - start <= THOROUGH_BYTES, end
    for part in reversed(segment.parts):
        if part.offset >= end or part.end <= start:
            continue
        for low, high in _stretches(segment, part, (start, end), query.context):
            if stopped():
                break
            scan = Scan(words, thorough=thorough, stopped=stopped)
            hits = scan.hits(segment, low, high)
            found.count(scan, hits)
            if found.shown >= query.max_events:
                found.full = found.full or (len(hits) > 0 and hits[0] < below)
                continue
            bounds = Bounds(segment, scan.has_short_lines)
            places = rarer(segment, scan, hits, query.levels, (low, high), stopped)
            below = _read_hits(
                segment, bounds, (hits, places), (start, end, below), found, parser, stopped
            )
        _release_from(segment, part, below)
        if found.full and not query.counts:
            found.is_least = part.offset > start
            break
    found.late = found.late or stopped()


def _stretches(
    segment: Segment, part: SegmentFile, bounds: tuple[int, int], context: int
) -> Iterator[tuple[int, int]]:
    """Yield what is to be searched of a file in whole lines, the newest first.

    A compressed file can only be read from its beginning, and surroundings that touch are read
    as one.
    """
    low, high = max(bounds[0], part.offset), min(bounds[1], part.end)
    is_whole = part.is_packed or context > 0
    while not is_whole and high - low > STRETCH_BYTES:
        begin = max(low, segment.line_start(high - STRETCH_BYTES))
        yield begin, high
        high = begin
    if high > low:
        yield low, high


def _read_hits(
    segment: Segment,
    bounds: Bounds,
    hits_and_places: tuple["array[int]", "array[int]"],
    stretch: tuple[int, int, int],
    found: Found,
    parser: Callable[[], LineParser],
    stopped: Callable[[], bool],
) -> int:
    """Parse the events around places that hold a hit, newest first; return where the oldest begins.

    Once the time is over a few more are read, since the scan may have taken all of it. Without an
    end to them the whole log would be one that was not read in time.
    """
    (start, end, below), late = stretch, 0
    hits, places = hits_and_places
    # Between two regions nothing is open, so that one parser reads them all.
    reader = parser()
    reader.looked_for = found.query.any_of
    try:
        for low, high in regions(bounds, places, end, found.query.context, below=below):
            if not holds_hit(hits, low, high):
                continue
            late += stopped()
            if late > MOST_LATE:
                break
            below = low
            block = bounds.read(low, min(high, low + MOST_BYTES))
            found.add(parsed(block, low, segment.codec, reader), context=found.query.context)
            found.beyond += hits[bisect_left(hits, high) - 1] >= low + MOST_BYTES
            if found.full or found.shown >= found.query.max_events:
                found.full = found.full or low > hits[0] or _has_older(segment, hits, start)
                break
    finally:
        found.read(reader)
    return below


def _has_older(segment: Segment, hits: "array[int]", start: int) -> bool:
    """Say whether an older file was not looked at yet; it may hold more."""
    return any(part.end <= hits[0] and part.end > start for part in segment.parts)


def _release_from(segment: Segment, part: SegmentFile, below: int) -> None:
    """Give back the plain copies of files that lie wholly above what is still to be read."""
    for newer in segment.parts:
        if newer.offset >= part.offset and newer.offset >= min(below, part.offset):
            newer.release()


def regions(
    bounds: Bounds, hits: "array[int]", end: int, context: int, *, below: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the stretches of whole events around hits, the newest first, none overlapping.

    With context, hits whose surroundings touch become one stretch. What lies at or above `below`
    was yielded before.
    """
    low = high = -1
    own = end = end if below is None else below
    for hit in reversed(hits):
        # Of an event with many hits the last one tells where it begins.
        if hit >= own or (low >= 0 and hit >= low and not context):
            continue
        first = bounds.event_start(hit, events=context)
        own = bounds.event_start(hit) if context else first
        if low >= 0 and hit >= low:
            low = min(low, first) if high - first <= MAX_REGION_BYTES else low
            continue
        last = bounds.event_end(own, end, hit=hit, events=context)
        if not context:
            yield first, min(last, low) if low >= 0 else last
            low = first
            continue
        if low >= 0 and last >= low and high - first <= MAX_REGION_BYTES:
            low = first
            continue
        if low >= 0:
            yield low, high
            last = min(last, low)
        low, high = first, last
    if low >= 0 and context:
        yield low, high


def _read_back(
    segment: Segment,
    start: int,
    end: int,
    found: Found,
    parser: Callable[[], LineParser],
    stopped: Callable[[], bool],
) -> None:
    """Parse from the end backwards until enough events were found."""
    while end > start and not found.full:
        if stopped():
            found.late = True
            return
        low = max(start, Bounds(segment).event_start(max(start, end - CHUNK_BYTES)))
        low = low if low < end else start
        reader = parser()
        events = parsed(segment.read(low, end), low, segment.codec, reader)
        found.scanned += reader.lines
        found.matched += reader.lines
        found.read(reader)
        found.bytes_read += end - low
        found.add(events, context=0)
        end = low
        for part in segment.parts:
            if part.offset >= end:
                part.release()
        found.full = found.full or (found.shown >= found.query.max_events and end > start)
    found.is_least = found.full


def _coverage(segment: Segment, found: Found, owner: LineParser) -> LogCoverage:
    coverage = LogCoverage(container=owner.container, service=owner.service, role=owner.role)
    notes = []
    if found.full:
        notes.append(f"only the newest {found.query.max_events} events are shown")
    if found.cut:
        notes.append(f"only the newest {found.query.max_bytes} bytes were read")
    if not found.exact:
        notes.append(ESTIMATE)
    if found.late:
        notes.append(NOT_IN_TIME)
    if found.beyond:
        notes.append(f"{many(found.beyond, 'very long event')} not shown: what matches is not kept")
    return replace(
        coverage,
        begins_at=segment.first_time(),
        newest=segment.last_time(),
        scanned=max(found.scanned, found.matched),
        matched=found.matched,
        shown=len(found.events),
        unreadable=found.unreadable,
        bytes_read=found.bytes_read,
        truncated=found.full or found.cut or found.late or found.beyond > 0,
        is_least=found.is_least or found.cut or found.late,
        beyond=found.beyond,
        is_estimate=not found.exact,
        note="; ".join(notes),
    )
