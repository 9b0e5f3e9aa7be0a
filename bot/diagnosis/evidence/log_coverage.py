"""How much of the logs was searched, and two searches of them as one; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.evidence import LOGS, Missing, SourceReading, SourceState, reading_of
from bot.domain.followed import ENDED_AFTER, silent_since, tells_silence
from bot.domain.log import LATE, LogCoverage, LogEvent, LogSearch
from bot.domain.words import Text, joined, when, words
from bot.text.wording import many

MOST_NAMED = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def counted(answer: LogSearch | Missing, *, tells_count: bool = True) -> str:
    """Return in words how much was searched, and found, or only whether."""
    if isinstance(answer, Missing):
        return answer.reason
    scanned = sum(cover.scanned for cover in answer.coverage)
    matched = sum(cover.matched for cover in answer.coverage)
    is_estimate = any(cover.is_estimate for cover in answer.coverage)
    lines = f"about {many(_rounded(scanned), 'line')}" if is_estimate else many(scanned, "line")
    read = f"{many(len(answer.coverage), 'container')}, {lines} scanned"
    if not tells_count:
        return f"{read}, {'some' if matched else 'none'} matched"
    return f"{read}, {matched:,} matched"


def _rounded(count: int) -> int:
    """Return a number to three places: an estimate is not known better."""
    return round(count, min(0, 3 - len(str(count))))


def detail(answer: LogSearch | Missing, *, tells_count: bool = True) -> Text:
    """Return one line on a search: lines scanned and matched, the horizon, what was cut or lost."""
    if isinstance(answer, Missing):
        return answer.reason
    parts: list[Text] = [counted(answer, tells_count=tells_count)]
    begins = reaches_back_to(answer.coverage)
    parts += [words("logs begin", when(begins, " at "))] if begins else []
    parts += [
        words(f"{cover.container}'s", when(cover.begins_at, " at "))
        for cover in answer.coverage
        if begins and cover.begins_at and cover.begins_at > begins
    ]
    unreadable = sum(cover.unreadable for cover in answer.coverage)
    parts += [f"{many(unreadable, 'line')} unreadable"] if unreadable else []
    cut = [str(cover.container) for cover in answer.coverage if cover.truncated]
    parts += [f"cut short in {', '.join(cut)}"] if cut else []
    parts += [words(f"{name}: ", _why_unread(reason)) for name, reason in answer.missing]
    parts += [told.removesuffix(".")] if (told := unsearched(answer)) else []
    bare = lineless(answer)
    parts += [f"without any line: {', '.join(bare)}"] if bare else []
    return joined("; ", parts)


def reading(answer: LogSearch | Missing, *, tells_count: bool = True) -> SourceReading:
    """Return a report's line about the logs; one log that cannot be read makes it a part."""
    if isinstance(answer, Missing):
        return reading_of(answer)
    told = detail(answer, tells_count=tells_count)
    if not answer.missing:
        return SourceReading(LOGS, SourceState.OK, told)
    return SourceReading(LOGS, SourceState.MISSING, words("read in part: ", told))


def has_hole(answer: LogSearch | Missing) -> bool:
    """Say whether a log could not be read; in one that ended, or skips a time, what stands is."""
    return isinstance(answer, LogSearch) and not all(
        tells_silence(why) for _, why in answer.missing
    )


def has_gap(answer: LogSearch | Missing) -> bool:
    """Say whether a log that was asked for could not be read: its silence proves nothing."""
    return isinstance(answer, LogSearch) and bool(answer.missing)


def is_late(answer: LogSearch | Missing) -> bool:
    """Say whether a log was there and was not read for want of time: it has no gap for that."""
    if isinstance(answer, Missing):
        return answer.state is SourceState.TIMEOUT
    return any(why.startswith(LATE) for _, why in answer.missing)


def unread(answer: LogSearch | Missing) -> Text:
    """Return the sentence on the logs that could not be read; empty without one."""
    if not has_gap(answer) or isinstance(answer, Missing):
        return ""
    names = joined(", ", [f"{name}'s log" for name, _ in answer.missing])
    return words("Not read: ", names, " (", _why_unread(answer.missing[0][1]), ").")


def _why_unread(reason: str) -> Text:
    since = silent_since(reason)
    return reason if since is None else words("no line since", when(since, " "))


def unsearched(answer: LogSearch | Missing) -> str:
    """Return the sentence on events that match in what is not read of them; empty without one."""
    if isinstance(answer, Missing) or not (long := [one for one in answer.coverage if one.beyond]):
        return ""
    count, names = sum(one.beyond for one in long), ", ".join(str(one.container) for one in long)
    that = "that holds" if count == 1 else "that hold"
    return (
        f"Too long to be read whole: {many(count, 'event')} of {names} {that} the text beyond what"
        " is read of one."
    )


def unfinished(answer: LogSearch | Missing, most: int) -> str:
    """Return the sentence on logs of which the oldest part was not searched; empty without one.

    Where `most` events are shown of a log, it was searched as far as that takes.
    """
    if isinstance(answer, Missing):
        return ""
    cut = [cover for cover in answer.coverage if cover.is_least and cover.shown < most]
    names = [str(cover.container) for cover in cut]
    return f"Not searched: the older lines of {', '.join(names)}." if names else ""


def absent(answer: LogSearch | Missing, services: Sequence[str], there: Sequence[str]) -> str:
    """Return the sentence on services whose log is not there, and which are; empty without one."""
    if isinstance(answer, Missing) or answer.missing:
        return ""
    found = {cover.service for cover in answer.coverage}
    lacking = [service for service in services if service not in found]
    if not lacking:
        return ""
    more = [f"{len(there) - MOST_NAMED} more"] if len(there) > MOST_NAMED else []
    known = f"; there are {', '.join([*there[:MOST_NAMED], *more])}" if there else ""
    return f"No log of {' or '.join(lacking)} was found{known}."


def lineless(answer: LogSearch | Missing) -> tuple[str, ...]:
    """Return the containers whose whole log gave no line: new ones, or a damaged log's.

    An Engine answers for a log whose only entry is damaged as it does for an empty one.
    """
    if isinstance(answer, Missing):
        return ()
    told = {name for name, _ in answer.missing}
    return tuple(
        str(cover.container) for cover in answer.coverage
        if not (cover.scanned or cover.begins_at or cover.container in told)
    )  # fmt: skip


def begins_at(coverage: Iterable[LogCoverage]) -> datetime | None:
    """Return since when all the given containers have logs: the latest of their beginnings."""
    return max((cover.begins_at for cover in coverage if cover.begins_at), default=None)


def reaches_back_to(coverage: Iterable[LogCoverage]) -> datetime | None:
    """Return since when each service has logs: a replica that came later cuts none of them off."""
    first: dict[str, datetime] = {}
    for cover in coverage:
        if cover.begins_at:
            name = cover.service or cover.container
            first[name] = min(cover.begins_at, first.get(name, cover.begins_at))
    return max(first.values(), default=None)


def covers(answer: LogSearch | Missing, services: Iterable[str], moment: datetime | None) -> bool:
    """Say whether a line of these services at `moment` would have been found.

    False when none of them was read, when a bound cut the search short, or when its logs begin
    later, or ended before what follows such a line would stand in them.
    """
    if isinstance(answer, Missing) or moment is None:
        return False
    names = set(services)
    mine = [cover for cover in answer.coverage if cover.service in names]
    if (ended := ended_at(answer, mine)) is not None and ended - moment < ENDED_AFTER:
        return False
    return bool(mine) and all(
        not cover.truncated and cover.begins_at is not None and cover.begins_at <= moment
        for cover in mine
    )


def was_cj_read(answer: LogSearch | Missing, since: datetime) -> bool:
    """Say whether a line of any of CJ's containers at `since` would have been found."""
    if isinstance(answer, Missing):
        return False
    names = {cover.service for cover in answer.coverage if cover.service.startswith("cj_")}
    return covers(answer, names, since)


def ended_at(answer: LogSearch, coverage: Iterable[LogCoverage]) -> datetime | None:
    """Return when the logs of these containers ended, the first of them; None while all go on."""
    names = {str(cover.container) for cover in coverage}
    ends = (silent_since(why) for name, why in answer.missing if str(name) in names)
    return min(filter(None, ends), default=None)


def merged(first: LogSearch, second: LogSearch) -> LogSearch:
    """Return both searches' events once each, in time order, with the counts of both.

    Where the second found none, the first's are the very same.
    """
    ordered = _joined(first.events, second.events) if second.events else first.events
    more = {cover.container: cover for cover in second.coverage}
    coverage = tuple(_added(cover, more.get(cover.container)) for cover in first.coverage)
    missing = tuple(dict.fromkeys((*first.missing, *second.missing)))
    newest, until = (
        max(filter(None, both), default=None)
        for both in ((first.newest, second.newest), (first.until, second.until))
    )
    return LogSearch(ordered, coverage, missing, newest, until)


def _joined(first: Sequence[LogEvent], second: Sequence[LogEvent]) -> tuple[LogEvent, ...]:
    events = {(e.at, e.container, e.text): e for e in (*first, *second)}
    return tuple(sorted(events.values(), key=lambda e: e.at or _EPOCH))


def _added(one: LogCoverage, other: LogCoverage | None) -> LogCoverage:
    if other is None:
        return one
    return replace(
        one,
        matched=one.matched + other.matched,
        shown=one.shown + other.shown,
        truncated=one.truncated or other.truncated,
        is_least=one.is_least or other.is_least,
        beyond=one.beyond + other.beyond,
    )
