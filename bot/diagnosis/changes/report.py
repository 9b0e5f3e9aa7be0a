"""`/changes`: what changed since a moment, the newest first, and what could not be watched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.changes.change import Change, timed, untimed
from bot.domain.evidence import (
    CONTAINERS,
    DATABASE,
    HEALTH,
    LOGS,
    MEMORY,
    TOPIC,
    Missing,
    SourceReading,
    SourceState,
    reading_of,
)
from bot.domain.report import Report
from bot.domain.words import Span, Text, joined, when, words
from bot.text.kept import moment_of
from bot.text.wording import many

SHOWN, MOST = 30, 500
HOURS_AT_LEAST, HOURS_AT_MOST = 20, 48
# A source that was not read for so long is not watched now.
STALE = timedelta(minutes=5)
# What is not seen where a source is not read.
UNSEEN = {
    CONTAINERS: "recreations, images and health",
    LOGS: "start-ups, modes and models",
    DATABASE: "migrations and CJ's mode",
    HEALTH: "mock mode",
    TOPIC: "whether a topic of callbacks or requests was made anew",
}


@dataclass(frozen=True, slots=True)
class NotedChanges:
    """What the bot noted between two moments, and what it knew at its last tick."""

    since: datetime
    changes: Sequence[Change]
    known: Mapping[str, Any] | None

    @property
    def watched_since(self) -> datetime | None:
        """Return since when changes are noted; None where none ever were."""
        return moment_of(self.known.get("since")) if self.known else None


def diagnose(
    answer: NotedChanges | Missing, since: datetime, now: datetime, end: datetime | None = None
) -> Report:
    """Return the answer; what was never watched is said, and not that nothing changed.

    `end` is that of a time that is over: which sources were read then is not kept, and said so.
    """
    if isinstance(answer, Missing):
        return Report(
            command="changes",
            title="Changes",
            sources=(reading_of(answer),),
            unreadable_need=True,
            summary="What changed is not known: the bot's own database could not be read.",
        )
    found, begun = answer.changes, answer.watched_since
    return Report(
        command="changes",
        title="Changes",
        facts={
            "since": since,
            "until": end or now,
            "watched_since": begun,
            "changes": [one.as_fact() for one in found],
        },
        sources=tuple(_sources(answer, now)),
        unreadable_need=_is_unwatched(answer, end) or not (found or _read_now(answer, now)),
        headline=_headline(answer, now, end),
        summary=_summary(answer, end),
        lines=tuple(_lines(found)),
        actions=("/alerts", "/batch list"),
    )


def _is_unwatched(answer: NotedChanges, end: datetime | None) -> bool:
    """Say whether nothing of the time was watched."""
    begun = answer.watched_since
    return begun is None or (end is not None and begun >= end)


def _headline(answer: NotedChanges, now: datetime, end: datetime | None) -> Text:
    until = end or now
    span = _length(until - answer.since)
    if answer.watched_since is None:
        return "The bot has noted no changes yet: `batchbot run` notes them at each tick"
    if not answer.changes:
        begun = answer.watched_since
        if _is_unwatched(answer, end):
            return "What changed then is not known: watching began later"
        if begun > answer.since:
            length = _length(until - begun)
            return words("No change was noted in ", length, ", since watching began")
        if end is not None:
            return words("No change was noted in ", span, " until ", Span(now - end), " ago")
        unread = len(UNSEEN) - _read_now(answer, now)
        but = f", {unread} of {len(UNSEEN)} sources not read" if unread else ""
        return words("No change was noted in ", span, but)
    told = many(len(answer.changes), "change")
    over = words(" until ", Span(now - end), " ago") if end else ""
    return words(f"{told} in ", span, over, f": {untimed(answer.changes[0])}")


def _read_now(answer: NotedChanges, now: datetime) -> int:
    """Return how many of the sources that tell changes are read."""
    states = {one.name: one.state for one in _sources(answer, now)}
    return sum(states.get(name) is SourceState.OK for name in UNSEEN)


def _length(span: timedelta) -> Span | str:
    """Return a length in words; of a day or two in hours."""
    hours = round(span.total_seconds() / 3_600)
    return f"{hours} h" if HOURS_AT_LEAST <= hours <= HOURS_AT_MOST else Span(span)


def _summary(answer: NotedChanges, end: datetime | None) -> Text:
    begun = answer.watched_since
    told: list[Text] = []
    if begun is not None and begun > answer.since:
        told.append(words("Changes are noted only", when(begun, " since "), "."))
    if end is not None and begun is not None:
        told.append("Which sources were read at that time is not kept; those below are read now.")
    return joined(" ", told)


def _lines(found: Sequence[Change]) -> Iterator[Text]:
    for one in found[:SHOWN]:
        yield timed(one)
    if len(found) > SHOWN:
        yield f"+{len(found) - SHOWN} more: ask for a shorter time"


def _sources(answer: NotedChanges, now: datetime) -> Iterator[SourceReading]:
    yield SourceReading(MEMORY, SourceState.OK, many(len(answer.changes), "change"))
    read = (answer.known or {}).get("read")
    for name, unseen in UNSEEN.items() if answer.known else ():
        at = moment_of(read.get(name)) if isinstance(read, Mapping) else None
        if at is None:
            told: Text = f"never read here, which hides {unseen}"
            yield SourceReading(name, SourceState.NOT_CONFIGURED, told)
        elif now - at > STALE:
            told = words("not read", when(at, " since "), f": {unseen} are not seen")
            yield SourceReading(name, SourceState.MISSING, told)
        else:
            yield SourceReading(name, SourceState.OK, f"for {unseen}")
