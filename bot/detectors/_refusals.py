"""Requests that the model's provider refuses one after the other, with no answer between; pure.

What lasts for all (a key, the credit, the model of the settings) shows by that: of one batch's own
wrong setting, or of its own account, others are answered meanwhile. An answer that only comes after
the key, or the model, was accepted says the same of it, be it a refusal too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._state import moment
from bot.diagnosis.comparison.failure_reasons import (
    ids_of,
    is_of_request,
    reason_of_line,
    status_of_line,
)
from bot.diagnosis.comparison.failure_words import OF_EVERY_CALL, FailureReason
from bot.domain.log import LogEvent

DONE = "completed successfully, correlation_id"
# What a provider looks at first: one that refuses for what comes later has accepted these.
_ACCEPTED = {
    FailureReason.PERMISSION: (FailureReason.KEY,),
    FailureReason.MODEL: (FailureReason.KEY,),
    FailureReason.CREDIT: (FailureReason.KEY, FailureReason.MODEL),
}
# One that was for all, and was not after all, is so again only after so long without an answer.
DOUBTED_FOR = timedelta(minutes=5)
# Of so many requests in a row none was answered, or of fewer for so long.
MANY, FEW, FEW_FOR = 5, 2, timedelta(seconds=15)
MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class RefusalRun:
    """Requests refused in a row for one reason; `ids` are theirs, as many as are kept.

    `doubted_at` is when one that was for all was last seen to be none; without ids, that is all.
    """

    reason: FailureReason
    first_at: datetime
    last_at: datetime
    ids: tuple[str, ...] = ()
    status: int | None = None
    for_all: bool = False
    doubted_at: datetime | None = None

    def known_at(self, now: datetime) -> "RefusalRun":
        """Return it with whether it is one for all by now; once it is, only an answer ends it."""
        count = len(self.ids)
        lasts = count >= FEW and now - self.first_at >= FEW_FOR
        sure = self.doubted_at is None or now - self.doubted_at >= DOUBTED_FOR
        return replace(self, for_all=self.for_all or (sure and (count >= MANY or lasts)))

    def ended(self, at: datetime) -> "RefusalRun":
        """Return what remains of it after an answer: the doubt whether it is ever for all."""
        doubted_at = at if self.for_all or self.ids else self.doubted_at
        told = self.for_all or self.doubted_at is not None
        return RefusalRun(self.reason, at, at, doubted_at=doubted_at if told else None)

    def is_over(self, now: datetime) -> bool:
        """Say whether nothing of it is left to know."""
        doubted = self.doubted_at is not None and now - self.doubted_at < DOUBTED_FOR
        return not self.ids and not doubted

    def to_json(self) -> Mapping[str, Any]:
        """Return what `run_of` takes, as JSON values."""
        return {
            "reason": self.reason.value,
            "first_at": self.first_at.isoformat(),
            "last_at": self.last_at.isoformat(),
            "ids": list(self.ids),
            "status": self.status,
            "for_all": self.for_all,
            "doubted_at": self.doubted_at.isoformat() if self.doubted_at else None,
        }


def run_of(values: Mapping[str, Any]) -> RefusalRun | None:
    """Return what `to_json` returned; None for values of another shape."""
    first, last = moment(values.get("first_at")), moment(values.get("last_at"))
    reason = values.get("reason")
    if first is None or last is None or reason not in {one.value for one in OF_EVERY_CALL}:
        return None
    ids = tuple(str(one) for one in values.get("ids") or ())
    return RefusalRun(FailureReason(str(reason)), first, last, ids, values.get("status"),
                      bool(values.get("for_all")), moment(values.get("doubted_at")))  # fmt: skip


def runs_in(values: Any) -> tuple[RefusalRun, ...]:
    """Return the runs that a sample holds."""
    if not values:
        return ()
    found = (run_of(one) for one in values if isinstance(one, Mapping))
    return tuple(one for one in found if one is not None)


def runs_after(
    runs: Iterable[RefusalRun],
    events: Iterable[tuple[datetime, LogEvent]],
    now: datetime,
) -> tuple[RefusalRun, ...]:
    """Return the runs after more lines of the provider, as known at `now`; an answer ends all."""
    found = {one.reason: one for one in runs}
    for at, event in events:
        if DONE in event.event:
            found = {one.reason: one.ended(at) for one in found.values()}
            continue
        reason = reason_of_line(event) if is_of_request(event) else None
        if reason is not None and reason in OF_EVERY_CALL:
            for accepted in _ACCEPTED.get(reason, ()):
                if accepted in found:
                    found[accepted] = found[accepted].ended(at)
            before = found.get(reason) or RefusalRun(reason, at, at)
            before = before if before.ids else replace(before, first_at=at)
            ids = tuple(dict.fromkeys((*before.ids, *sorted(ids_of(event))[:1])))[:MOST_KEPT]
            status = before.status or status_of_line(event)
            found[reason] = replace(before, last_at=at, ids=ids, status=status)
    return tuple(one.known_at(now) for one in found.values() if not one.is_over(now))
