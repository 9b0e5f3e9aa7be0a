"""Joins what several containers' logs gave into one answer in time order."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.log import LogCoverage, LogEvent, LogSearch
from bot.sources.log_search.found import carried

SearchPart = tuple[list[LogEvent], LogCoverage] | tuple[str, str]
# A service writes whole seconds in some of its lines and fractions in others.
_COARSE = timedelta(seconds=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def merged(parts: Sequence[SearchPart]) -> LogSearch:
    """Return one answer; a part of two strings is a log that could not be read, and why.

    Events of the same time are in the order of the containers' names, whatever the source; those
    of one container that lie within a second stay in the order of its log.
    """
    dated: list[tuple[datetime, str, int, int, LogEvent]] = []
    coverage: list[LogCoverage] = []
    missing: list[tuple[str, str]] = []
    for number, (first, second) in enumerate(parts):
        if isinstance(first, str):
            missing.append((first, str(second)))
        elif isinstance(second, LogCoverage):
            coverage.append(second)
            times = _in_order(carried(first))
            dated += [
                (at or _BEGINNING, second.container, number, index, event)
                for index, (at, event) in enumerate(zip(times, first, strict=True))
            ]
    dated.sort(key=lambda row: row[:4])
    return LogSearch(
        events=tuple(row[4] for row in dated),
        coverage=tuple(coverage),
        missing=tuple(missing),
    )


def _in_order(times: Sequence[datetime | None]) -> Iterator[datetime | None]:
    """Yield times to sort by: a line of whole seconds is not before the one that it follows."""
    last: datetime | None = None
    for at in times:
        if at and last and at < last and last - at < _COARSE:
            yield last
            continue
        last = at or last
        yield at
