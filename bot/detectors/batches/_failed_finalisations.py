"""Which finalisations failed by CJ's own lines, and which of these are over; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.detectors._rows import batch_subject
from bot.diagnosis.batch.finalisation_lines import (
    batch_of,
    is_finalised,
    not_finalised,
    violates_grades,
    why_not_finalised,
)
from bot.domain.batch import BatchSummary
from bot.domain.log import LogEvent, Role
from bot.text.redaction import redact

BEGINS = "Starting grade projection calculation"
STARTED = "CJ Assessment Service started successfully"
# What is remembered of batches that went well; a list of open batches may be cut at so many.
MOST_REMEMBERED = 200
MOST_LISTED = 500
WENT_WELL = "it was tried again, and the batch has its result"
LEFT = "the batch ended"
BROKEN_OFF = "CJ ended while it finalised the batch, and takes it up no more."
QUIET = "no such line came again"


@dataclass(frozen=True, slots=True)
class FailedFinalisation:
    """A batch's finalisation that failed: when first and last, why, and the line that says so."""

    first_at: datetime
    last_at: datetime
    why: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class FailedFinalisations:
    """What failed and is not over, by batch; how what was alerted ended; what went well before.

    `begun` are finalisations that no line has ended yet: when they began, in which container.
    """

    failed: Mapping[str, FailedFinalisation] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)
    finalised: tuple[str, ...] = ()
    begun: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)

    def after(self, events: Iterable[LogEvent]) -> "FailedFinalisations":
        """Return it with what more lines say; a second run of what went well is no failure."""
        state = self
        for event in events:
            batch = batch_of(event)
            if is_cj_start(event):
                state = state._broken_off(event)
            elif batch and event.at and begins(event) and batch not in state.finalised:
                place = (event.at, redact(event.container))
                begun = {**state.begun, batch: place}
                state = replace(state, begun=dict(list(begun.items())[-MOST_REMEMBERED:]))
            elif batch and is_finalised(event):
                state = state._over(batch, WENT_WELL)
                names = (*(one for one in state.finalised if one != batch), batch)
                state = replace(
                    state, finalised=names[-MOST_REMEMBERED:], begun=state._ended_trying(batch)
                )
            elif batch and batch not in state.finalised and is_failure(event):
                state = state._failed_again(batch, event)
        return state

    def beside(
        self, listed: Sequence[BatchSummary], now: datetime, quiet: timedelta
    ) -> "FailedFinalisations":
        """Return it without what the rows show to have ended: one that is open has no result."""
        if len(listed) >= MOST_LISTED:
            return self.quiet(now, quiet)
        rows = {batch_subject(one) for one in listed if not one.header.ended}
        state = self
        for batch in self.failed:
            if subject_of(batch) not in rows:
                state = state._over(batch, LEFT)
        return state

    def quiet(self, now: datetime, after: timedelta) -> "FailedFinalisations":
        """Return it without what was quiet for long: without rows nothing else shows an end."""
        state = self
        for batch, one in self.failed.items():
            if now - one.last_at >= after:
                state = state._over(batch, QUIET)
        return state

    def _broken_off(self, start: LogEvent) -> "FailedFinalisations":
        """Return it with what the process that starts again had begun, and did not end."""
        place = redact(start.container)
        mine = {name: at for name, (at, where) in self.begun.items() if where == place}
        lost = {
            name: FailedFinalisation(at, start.at or at, BROKEN_OFF, place, redact(start.event))
            for name, at in mine.items()
        }
        left = {name: one for name, one in self.begun.items() if name not in mine}
        return replace(self, failed={**self.failed, **lost}, begun=left)

    def _ended_trying(self, batch: str) -> Mapping[str, tuple[datetime, str]]:
        return {name: one for name, one in self.begun.items() if name != batch}

    def _over(self, batch: str, how: str) -> "FailedFinalisations":
        if batch not in self.failed:
            return self
        left = {name: one for name, one in self.failed.items() if name != batch}
        ended = [*self.ended.items(), (subject_of(batch), how)][-MOST_REMEMBERED:]
        return replace(self, failed=left, ended=dict(ended))

    def _failed_again(self, batch: str, event: LogEvent) -> "FailedFinalisations":
        if event.at is None:
            return self
        before = self.failed.get(batch)
        one = FailedFinalisation(
            before.first_at if before else event.at,
            event.at,
            str(why_not_finalised(event)),
            redact(event.container),
            redact(event.event),
        )
        ended = {name: how for name, how in self.ended.items() if name != subject_of(batch)}
        begun = self._ended_trying(batch)
        return replace(self, failed={**self.failed, batch: one}, ended=ended, begun=begun)


def begins(event: LogEvent) -> bool:
    """Say whether a line of CJ says that it makes a batch's result."""
    return event.role is Role.CJ and event.event.startswith(BEGINS)


def is_cj_start(event: LogEvent) -> bool:
    """Say whether CJ started."""
    return event.role is Role.CJ and event.event.startswith(STARTED)


def is_failure(event: LogEvent) -> bool:
    """Say whether a line of CJ says that a batch's first finalisation failed."""
    return event.role is Role.CJ and bool(not_finalised([event])) and not violates_grades(event)


def subject_of(batch: str) -> str:
    """Return the subject of the alert on a batch."""
    return f"batch {batch}"
