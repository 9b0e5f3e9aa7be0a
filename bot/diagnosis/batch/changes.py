"""What changed while a batch ran, and since the last one of its kind that ended well."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.diagnosis.batch.marks import ended_well
from bot.diagnosis.changes.collect import collect
from bot.diagnosis.changes.report import NotedChanges
from bot.diagnosis.evidence.read import read
from bot.domain.batch import BatchHeader
from bot.domain.batch.modes import batching_mode
from bot.domain.changes.change import Change, listed, timed, untimed
from bot.domain.evidence import DATABASE, MEMORY, Missing, SourceReading, SourceState, reading_of
from bot.domain.report import TimelineEntry
from bot.domain.words import Text, words
from bot.ports import Deadline, Sources
from bot.text.wording import many

# So far back a batch that ended well is looked for, and so many changes are told in a line.
LOOKED_BACK, SHOWN = 30, 4


# A batch's kind: the batching mode that CJ recorded, and the model of its first valid answer; ""
# where none is recorded.
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class HealthyBatch:
    """An earlier batch that ended well; `is_alike` is None where no kind is recorded to compare.

    With `is_newest` no batch after it, of whatever kind, ended well.
    """

    header: BatchHeader
    kind: Kind
    is_alike: bool | None
    is_newest: bool

    @property
    def number(self) -> int:
        """Return the batch's id in CJ."""
        return self.header.batch_id

    @property
    def which(self) -> str:
        """Return in words which of the batches that ended well it is."""
        kind = ", ".join(filter(None, self.kind))
        if self.is_alike is False:
            return f"the last that ended well, of another kind ({kind or 'not recorded'})"
        if self.is_newest:
            return "the last that ended well"
        return f"the last of its kind that ended well ({kind})"


def last_healthy(
    header: BatchHeader,
    good: Sequence[BatchHeader],
    answered_by: Mapping[int, tuple[str, str]],
) -> HealthyBatch | None:
    """Return the newest of the good batches of a batch's kind, else the newest; pure."""
    wanted = _kind(header, answered_by)
    kinds = [(one, _kind(one, answered_by)) for one in good]
    if not kinds:
        return None
    alike = [one for one in kinds if _is_alike(one[1], wanted)]
    found, kind = (alike or kinds)[0]
    known = bool(alike) if any(wanted) else None
    return HealthyBatch(found, kind, known, found is good[0])


def _kind(header: BatchHeader, answered_by: Mapping[int, tuple[str, str]]) -> Kind:
    model = "/".join(filter(None, answered_by.get(header.batch_id, ())))
    return batching_mode(header.batching_mode or "") or "", model


def _is_alike(kind: Kind, wanted: Kind) -> bool:
    return all(not one or one == other for one, other in zip(wanted, kind, strict=True))


@dataclass(frozen=True, slots=True)
class BatchChanges:
    """The changes around a batch; without a memory of the bot there are none and none is missing.

    `before` lie between the last batch that ended well and this one, `during` while it ran,
    newest first.
    """

    well: "HealthyBatch | None" = None
    before: tuple[Change, ...] = ()
    during: tuple[Change, ...] = ()
    noted: NotedChanges | Missing | None = None

    def lines(self) -> Iterator[Text]:
        """Yield what changed, in a sentence each; that it follows from it is not said."""
        if self.before and self.well:
            lead = f"Changed since batch {self.well.number}, {self.well.which}: "
            yield words(lead, listed(self.before, SHOWN), ".")
        if self.during:
            yield words("Changed while it ran: ", listed(self.during, SHOWN), ".")

    def facts(self) -> dict[str, Any]:
        """Return the changes under fixed names; None where nothing was noted at that time."""
        is_read = isinstance(self.noted, NotedChanges) and self.noted.known
        return {
            "last_healthy_batch": self.well.number if self.well else None,
            "last_healthy_is_of_its_kind": self.well.is_alike if self.well else None,
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
    well = await _last_healthy(sources, header, now, deadline)
    begun, since = header.created_at, header.created_at
    if well is not None:
        since = min(begun, well.header.last_activity_at or well.header.created_at)
    last = header.last_activity_at or header.updated_at
    until = last if header.ended and last else now
    noted = await collect(sources, since, max(until, begun), deadline=deadline)
    if isinstance(noted, Missing):
        return BatchChanges(noted=noted)
    return BatchChanges(
        well,
        tuple(one for one in noted.changes if one.at < begun) if well else (),
        tuple(one for one in noted.changes if one.at >= begun),
        noted,
    )


async def _last_healthy(
    sources: Sources, header: BatchHeader, now: datetime, deadline: Deadline
) -> HealthyBatch | None:
    earlier = await read(
        DATABASE,
        sources.database,
        lambda one: one.newest(limit=LOOKED_BACK, before=header.batch_id),
        deadline.next_timeout(),
    )
    if isinstance(earlier, Missing):
        return None
    good = [one.header for one in earlier if ended_well(one, now)]
    if not good:
        return None
    ids = [header.batch_id, *(one.batch_id for one in good)]
    models = await read(
        DATABASE, sources.database, lambda one: one.answered_by(ids), deadline.next_timeout()
    )
    return last_healthy(header, good, {} if isinstance(models, Missing) else models)
