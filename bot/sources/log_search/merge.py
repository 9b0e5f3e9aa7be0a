"""Joins what several containers' logs gave into one answer in time order."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.log import LogCoverage, LogEvent, LogSearch
from bot.sources.log_search.search import carried

SearchPart = tuple[list[LogEvent], LogCoverage] | tuple[str, str]
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def merged(parts: Sequence[SearchPart]) -> LogSearch:
    """Return one answer; a part of two strings is a log that could not be read, and why.

    Events of the same time are in the order of the containers' names, whatever the source.
    """
    dated: list[tuple[datetime, str, int, int, LogEvent]] = []
    coverage: list[LogCoverage] = []
    missing: list[tuple[str, str]] = []
    for number, (first, second) in enumerate(parts):
        if isinstance(first, str):
            missing.append((first, str(second)))
        elif isinstance(second, LogCoverage):
            coverage.append(second)
            times = carried(first)
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
