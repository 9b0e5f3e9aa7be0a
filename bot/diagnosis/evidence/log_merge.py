"""Two searches of the same logs as one; pure."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.log import LogCoverage, LogSearch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def merged(first: LogSearch, second: LogSearch) -> LogSearch:
    """Return both searches' events once each, in time order, with the counts of both."""
    events = {(e.at, e.container, e.text): e for e in (*first.events, *second.events)}
    ordered = sorted(events.values(), key=lambda e: e.at or _EPOCH)
    more = {cover.container: cover for cover in second.coverage}
    coverage = tuple(_added(cover, more.get(cover.container)) for cover in first.coverage)
    missing = tuple(dict.fromkeys((*first.missing, *second.missing)))
    return LogSearch(tuple(ordered), coverage, missing)


def _added(one: LogCoverage, other: LogCoverage | None) -> LogCoverage:
    if other is None:
        return one
    return replace(
        one,
        matched=one.matched + other.matched,
        shown=one.shown + other.shown,
        truncated=one.truncated or other.truncated,
    )
