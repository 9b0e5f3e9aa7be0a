"""What changed while a batch ran, and since the last one before it that ended well."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.diagnosis.batch.marks import ended_well
from bot.diagnosis.changes.collect import collect
from bot.diagnosis.changes.report import NotedChanges
from bot.diagnosis.evidence.read import read
from bot.domain.batch import BatchHeader
from bot.domain.changes.change import Change, listed, timed, untimed
from bot.domain.evidence import DATABASE, MEMORY, Missing, SourceReading, SourceState, reading_of
from bot.domain.report import TimelineEntry
from bot.domain.words import Text, words
from bot.ports import Deadline, Sources
from bot.text.wording import many

# So far back a batch that ended well is looked for, and so many changes are told in a line.
LOOKED_BACK, SHOWN = 30, 4


@dataclass(frozen=True, slots=True)
class BatchChanges:
    """The changes around a batch; without a memory of the bot there are none and none is missing.

    `before` lie between the last batch that ended well and this one, `during` while it ran,
    newest first.
    """

    well: int | None = None
    before: tuple[Change, ...] = ()
    during: tuple[Change, ...] = ()
    noted: NotedChanges | Missing | None = None

    def lines(self) -> Iterator[Text]:
        """Yield what changed, in a sentence each; that it follows from it is not said."""
        if self.before:
            lead = f"Changed since batch {self.well}, the last that ended well: "
            yield words(lead, listed(self.before, SHOWN), ".")
        if self.during:
            yield words("Changed while it ran: ", listed(self.during, SHOWN), ".")

    def facts(self) -> dict[str, Any]:
        """Return the changes under fixed names; None where nothing was noted at that time."""
        is_read = isinstance(self.noted, NotedChanges) and self.noted.known
        return {
            "last_healthy_batch": self.well,
            "changes_since_last_healthy": [timed(one) for one in self.before] if is_read else None,
            "changes_while_it_ran": [timed(one) for one in self.during] if is_read else None,
            "changes_noted_since": self.noted.watched_since if is_read else None,  # type: ignore[union-attr]
        }

    def entries(self) -> Iterator[TimelineEntry]:
        """Yield what changed while it ran, for its timeline."""
        for one in self.during:
            yield TimelineEntry(one.at, one.subject, one.source, untimed(one))

    @property
    def readings(self) -> tuple[SourceReading, ...]:
        """How the bot's own memory was read, where it was asked."""
        if self.noted is None:
            return ()
        if isinstance(self.noted, Missing):
            return (reading_of(self.noted),)
        told = many(len(self.before) + len(self.during), "change")
        return (SourceReading(MEMORY, SourceState.OK, told),)


async def batch_changes(
    sources: Sources, header: BatchHeader, now: datetime, *, deadline: Deadline
) -> BatchChanges:
    """Read what changed around a batch."""
    if sources.memory is None:
        return BatchChanges()
    found = await read(
        DATABASE,
        sources.database,
        lambda one: one.newest(limit=LOOKED_BACK, before=header.batch_id),
        deadline.next_timeout(),
    )
    earlier = () if isinstance(found, Missing) else found
    well = next((one.header for one in earlier if ended_well(one, now)), None)
    begun, since = header.created_at, header.created_at
    if well is not None:
        since = min(begun, well.last_activity_at or well.created_at)
    last = header.last_activity_at or header.updated_at
    until = last if header.ended and last else now
    noted = await collect(sources, since, max(until, begun), deadline=deadline)
    if isinstance(noted, Missing):
        return BatchChanges(noted=noted)
    return BatchChanges(
        well.batch_id if well else None,
        tuple(one for one in noted.changes if one.at < begun) if well else (),
        tuple(one for one in noted.changes if one.at >= begun),
        noted,
    )
