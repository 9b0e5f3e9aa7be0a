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
from bot.domain.words import Span, Text, Words, when, words
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


def diagnose(answer: NotedChanges | Missing, since: datetime, now: datetime) -> Report:
    """Return the answer; what was never watched is said, and not that nothing changed."""
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
            "until": now,
            "watched_since": begun,
            "changes": [one.as_fact() for one in found],
        },
        sources=tuple(_sources(answer, now)),
        unreadable_need=begun is None or not (found or _read_now(answer, now)),
        headline=_headline(answer, now),
        summary=_summary(answer),
        lines=tuple(_lines(found)),
        actions=("/alerts", "/batch list"),
    )


def _headline(answer: NotedChanges, now: datetime) -> Text:
    span = _length(now - answer.since)
    if answer.watched_since is None:
        return "The bot has noted no changes yet: `batchbot run` notes them at each tick"
    if not answer.changes:
        begun = answer.watched_since
        if begun > answer.since:
            return words("No change was noted in ", _length(now - begun), ", since watching began")
        unread = len(UNSEEN) - _read_now(answer, now)
        but = f", {unread} of {len(UNSEEN)} sources not read" if unread else ""
        return words("No change was noted in ", span, but)
    told = many(len(answer.changes), "change")
    return words(f"{told} in ", span, f": {untimed(answer.changes[0])}")


def _read_now(answer: NotedChanges, now: datetime) -> int:
    """Return how many of the sources that tell changes are read."""
    states = {one.name: one.state for one in _sources(answer, now)}
    return sum(states.get(name) is SourceState.OK for name in UNSEEN)


def _length(span: timedelta) -> Span | str:
    """Return a length in words; of a day or two in hours."""
    hours = round(span.total_seconds() / 3_600)
    return f"{hours} h" if HOURS_AT_LEAST <= hours <= HOURS_AT_MOST else Span(span)


def _summary(answer: NotedChanges) -> Words:
    begun = answer.watched_since
    if begun is None or begun <= answer.since:
        return words()
    return words("Changes are noted only", when(begun, " since "), ".")


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
