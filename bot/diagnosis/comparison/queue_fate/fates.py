"""What became of each request that the queue took in and that got no answer, by its lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.diagnosis.comparison.causes import EXPIRED_UNANSWERED, LOCAL_QUEUE
from bot.diagnosis.comparison.departure import ttl_of
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.comparison.queue_fate.lines import BESIDE, SOON, QueueLines
from bot.diagnosis.queue.conservation import LEFT_UNANSWERED
from bot.diagnosis.queue.log_events import SignKind, sign_of
from bot.diagnosis.queue.timeline import ORPHANED
from bot.domain.log import LogEvent


class QueueFate(StrEnum):
    """How a request left the queue, or where it is."""

    ORPHANED = "orphaned"
    LOCAL = "lost_with_the_local_queue"
    IN_LOCAL = "in_the_local_queue"
    EXPIRED = "expired"
    LEFT = "left_unanswered"


# The rule that says of a batch's comparisons that the queue lost them so.
RULES: Mapping[QueueFate, str] = {
    QueueFate.ORPHANED: ORPHANED,
    QueueFate.LOCAL: LOCAL_QUEUE.rule,
    QueueFate.EXPIRED: EXPIRED_UNANSWERED.rule,
    QueueFate.LEFT: LEFT_UNANSWERED,
}


@dataclass(frozen=True, slots=True)
class LostRequest:
    """What became of one request, when it was seen, and the line that shows it.

    `is_sure` says that a count shows it, so that it need not last for a while to be reported.
    """

    kind: QueueFate
    at: datetime
    event: LogEvent | None = None
    by_restart: bool = False
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that was taken in, first and last, in the order in which it is taken out.

    It has no queue id where the provider ended before a line named its place in the queue.
    """

    first_at: datetime
    at: datetime
    id: str
    expires: datetime
    local: bool
    taken: bool
    queue_id: str = ""


def fates_of(
    comparisons: Iterable[ComparisonEvidence],
    lines: QueueLines,
    until: datetime,
) -> Mapping[str, LostRequest]:
    """Return what became of requests without an answer, by correlation id, where lines show it."""
    given = tuple(comparisons)
    fates = {id: fate for one in given for id, fate in _said_expired(one)}
    found = (_waiting(one) for one in given)
    known = (one for one in found if one is not None and one.id not in fates)
    waiting = sorted(known, key=lambda one: one.first_at)
    fates |= {one.id: _local_fate(one, lines) for one in waiting if one.local}
    in_redis = [one for one in waiting if not one.local]
    fates |= _orphaned(in_redis, lines)
    in_redis = [one for one in in_redis if one.queue_id]
    fates |= _held_on([one for one in in_redis if one.id not in fates], lines, until)
    fates |= _gone([one for one in in_redis if one.id not in fates], lines, until)
    fates |= _broken_off([one for one in in_redis if one.id not in fates], lines)
    fates |= _expired([one for one in in_redis if one.id not in fates], lines, until)
    return fates


def _waiting(comparison: ComparisonEvidence) -> _Waiting | None:
    """Return when and how a comparison's request was taken in; None where no line says so."""
    queued = [
        one
        for one in comparison.of(Step.QUEUED) or comparison.of(Step.SENT, Outcome.DONE)
        if one.event.at
    ]
    placed = [one for one in queued if one.queue_id]
    stored = [one for one in placed if one.outcome is Outcome.HELD or _says_stored(one)]
    told = stored or placed or [one for one in queued if one.step is Step.QUEUED]
    if not told or not (id := _correlation(comparison)):
        return None
    first, last = told[0].event.at, told[-1].event.at
    if first is None or last is None:
        return None
    taken = [one.event.at for one in comparison.of(Step.DISPATCHED, Outcome.DONE)]
    return _Waiting(
        first,
        last,
        id,
        first + ttl_of(comparison),
        local=told[-1].outcome is Outcome.HELD,
        taken=any(one and one >= last for one in taken),
        queue_id=told[-1].queue_id,
    )


def _correlation(comparison: ComparisonEvidence) -> str:
    row = comparison.row
    return str(row.request_correlation_id) if row and row.request_correlation_id else ""


def _said_expired(comparison: ComparisonEvidence) -> Iterator[tuple[str, LostRequest]]:
    """Yield that a line itself says that it expired."""
    said = comparison.of(Step.ANSWERED, Outcome.EXPIRED)
    if said and (id := _correlation(comparison)) and (at := said[-1].event.at):
        yield id, LostRequest(QueueFate.EXPIRED, at, said[-1].event)


def _says_stored(clue: LogClue) -> bool:
    """Whether the line is Redis' own: those after it say the same of either place."""
    sign = sign_of(clue.event)
    return sign is not None and sign.kind is SignKind.QUEUED


def _local_fate(one: _Waiting, lines: QueueLines) -> LostRequest:
    refused = [
        event for sign, event in lines.of(SignKind.NO_LIFE) if sign.queue_id == one.queue_id.lower()
    ]
    if refused:
        return LostRequest(QueueFate.EXPIRED, refused[-1].at or one.at, refused[-1])
    restart = lines.restart_in(one.at, None)
    if restart is None or restart.at is None:
        return LostRequest(QueueFate.IN_LOCAL, one.at)
    return LostRequest(QueueFate.LOCAL, restart.at, restart, by_restart=True)


def _orphaned(waiting: Sequence[_Waiting], lines: QueueLines) -> dict[str, LostRequest]:
    """Tell what each process held when it ended, as far as a process after it shows it."""
    fates: dict[str, LostRequest] = {}
    begun: datetime | None = None
    for sign, event in lines.restarts:
        bundled, counts = lines.loop_of(begun, sign.at)
        begun = sign.at
        held = lines.held_at(sign.at)
        mine = [
            one
            for one in waiting
            if one.first_at < sign.at < one.expires
            and one.id not in fates
            and (one.queue_id or held is not None)
            and not lines.overtaken(one.first_at, sign.at)
        ]
        taken = [one for one in mine if one.taken]
        counted = held is not None
        if held is None and (counts or bundled):
            # A bundle's lines name none of it, and no snapshot tells how many it was.
            held = bundled[-1].bundle_size or 1 if bundled else 0
        for one in taken or mine[: 1 if held is None else max(0, held)]:
            sure = bool(taken) or counted
            fates[one.id] = LostRequest(
                QueueFate.ORPHANED, sign.at, event, by_restart=True, is_sure=sure
            )
    return fates


def _held_on(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    """Tell what was passed by and is counted to the end, though no worker waits for it.

    Those that came later wait or were answered, so that it is these that the last count holds: of
    a replica that ended, or of a start that no line tells.
    """
    shots = [(shot, event) for shot, event in lines.reliable if shot.at <= until]
    if not shots or not waiting:
        return {}
    shot, event = shots[-1]
    mine = [
        one
        for one in waiting
        if one.at + SOON < shot.at < one.expires
        and lines.queued_after(one.at, shot.at) >= shot.queued
    ]
    if not mine:
        return {}
    held = shot.not_queued - lines.explained(mine[0].first_at, shot.at)
    return {
        one.id: LostRequest(QueueFate.ORPHANED, shot.at, event, is_sure=held >= len(mine))
        for one in mine[: max(0, held)]
    }


def _gone(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    """Tell what neither waits nor is held any more: it expired, or was taken away."""
    fates: dict[str, LostRequest] = {}
    dropped = [(sign.at, _count(event), event) for sign, event in lines.of(SignKind.CLEANED)
               if "expired" in event.event]  # fmt: skip
    for one in waiting:
        seen = _unseen_at(one, lines, until)
        if seen is None:
            continue
        at, event = seen
        cleaned = [line for when, count, line in dropped
                   if one.at < when <= at + SOON
                   and sum(fate.event is line for fate in fates.values()) < count]  # fmt: skip
        if cleaned and cleaned[0].at:
            fates[one.id] = LostRequest(QueueFate.EXPIRED, cleaned[0].at, cleaned[0])
        elif at < one.expires:
            swept = [line for sign, line in lines.of(SignKind.SWEPT)
                     if one.at < sign.at <= at + SOON]  # fmt: skip
            event = swept[0] if swept else event
            fates[one.id] = LostRequest(QueueFate.LEFT, event.at or at, event)
    return fates


def _unseen_at(
    one: _Waiting, lines: QueueLines, until: datetime
) -> tuple[datetime, LogEvent] | None:
    """Return when it was seen to be in the queue no more: overtaken, or not counted as waiting."""
    by_later = lines.overtaken(one.first_at, until)
    shown = next(
        (
            (shot.at, event)
            for shot, event in lines.reliable
            if one.at + BESIDE < shot.at <= until
            and not shot.queued
            and shot.not_queued <= lines.explained(one.first_at, shot.at)
        ),
        None,
    )
    found = [seen for seen in (by_later, shown) if seen is not None]
    return min(found, key=lambda seen: seen[0], default=None)


def _broken_off(waiting: Sequence[_Waiting], lines: QueueLines) -> dict[str, LostRequest]:
    """Tell what a loop that goes on without a start let go of: counted, and not waiting."""
    fates: dict[str, LostRequest] = {}
    for one in waiting:
        for shot, event in lines.reliable:
            counted = shot.not_queued > lines.explained(one.first_at, shot.at)
            if one.at + BESIDE < shot.at < one.expires and not shot.queued and counted:
                fates[one.id] = LostRequest(QueueFate.ORPHANED, shot.at, event)
                break
    return fates


def _expired(
    waiting: Sequence[_Waiting], lines: QueueLines, until: datetime
) -> dict[str, LostRequest]:
    cleaned = [(sign.at, event) for sign, event in lines.of(SignKind.CLEANED, SignKind.EXPIRED)]
    fates: dict[str, LostRequest] = {}
    for one in waiting:
        if one.expires <= until:
            event = next((line for at, line in cleaned if at >= one.expires - BESIDE), None)
            fates[one.id] = LostRequest(QueueFate.EXPIRED, one.expires, event)
    return fates


def _count(event: LogEvent) -> int:
    return next((int(word) for word in str(event.event).split() if word.isdecimal()), 0)
