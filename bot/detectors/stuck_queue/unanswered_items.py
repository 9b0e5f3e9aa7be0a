"""Items left the LLM queue without an answer, an error, an expiry or a return in the logs.

Each look at Redis is held against the one before by queue id, so that a loss of a few items beside
others that were answered counts too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from bot.detectors._batches import next_look, owners_of, place_told, sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.detectors._line_owners import OWNER_TEXTS, LineOwners, ties
from bot.diagnosis.queue.conservation import (
    ASK_AGAIN,
    LEFT_UNANSWERED,
    NOT_ACCOUNTED,
    WHY_GAP,
    WHY_LEFT,
    WHY_SWEPT,
    Conservation,
    Departure,
    QueuedByLines,
    ended_requests,
)
from bot.diagnosis.queue.log_events import NEEDLES, SignKind, sign_of, snapshot_of
from bot.diagnosis.queue.unkept_log import TAKEN, taken_request
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import LOGS, Missing
from bot.domain.evidence import QUEUE as REDIS
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, Words, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

QUEUE = "llm_provider"
# Items that were removed together are missed within a minute or two.
APART = timedelta(minutes=2)
UNACCOUNTED = "llm_provider, logs with a gap"
_STORE = frozenset({SignKind.STORE_LOST, SignKind.STORE_BACK})
_COUNTS = _STORE | {SignKind.CLEANED, SignKind.SWEPT, SignKind.RESTART, SignKind.DISPATCH}
# The provider drops what is left of evicted items as it finds them.
SWEPT_WITHIN = timedelta(minutes=2)
_STATE: TypeAdapter[Conservation] = TypeAdapter(Conservation)
_LINES: TypeAdapter[QueuedByLines] = TypeAdapter(QueuedByLines)
_OWNERS: TypeAdapter[LineOwners] = TypeAdapter(LineOwners)
_STATES: Mapping[str, TypeAdapter[Any]] = {"known": _STATE, "lines": _LINES, "owners": _OWNERS}


class UnansweredItems(EventCountDetector):
    """Watches Redis and the provider's log for items that left the queue and were not answered."""

    name: ClassVar[str] = "queue_unanswered"
    summary: ClassVar[str] = (
        "Items left the LLM queue unanswered: flushed, evicted or removed by hand"
    )
    needles: ClassVar[tuple[str, ...]] = (*NEEDLES, *OWNER_TEXTS, TAKEN)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._known = Conservation()
        self._lines = QueuedByLines()
        self._owners = LineOwners()
        self._swept: tuple[datetime, str, str] | None = None
        self._lost: dict[str, tuple[datetime, frozenset[str]]] = {}

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event ends, returns or expires a request, or counts those that wait."""
        sign = sign_of(event)
        counts = sign is not None and sign.kind in _COUNTS
        if snapshot_of(event) is not None or counts or bool(sign and sign.queue_id):
            return True
        if taken_request(event):
            return True
        return ties(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        data = samples[-1].data
        self._known = _read(_STATE, data.get("known")) or Conservation()
        self._lines = _read(_LINES, data.get("lines")) or QueuedByLines()
        self._owners = _read(_OWNERS, data.get("owners")) or LineOwners()

    @property
    def queued(self) -> Mapping[str, datetime]:
        """When each item was queued that lines show to be in the queue, oldest first."""
        return self._lines.queued

    async def sample(self, watch: Watch) -> Sample:
        """Hold this look at Redis against the one before."""
        sample = self.sampled(watch, self._with_all_batches(await self.losses(watch)))
        held = {"known": self._known, "lines": self._lines, "owners": self._owners}
        kept = {name: _STATES[name].dump_python(one, mode="json") for name, one in held.items()}
        return replace(sample, data={**sample.data, **kept}) if sample.data else sample

    async def losses(self, watch: Watch) -> list[Occurrence]:
        """Return what left unanswered since the look before, each with its batch if known."""
        events = [event for _, event in dated_events(watch)]
        here = {one.queue_id for one in self._known.items} | self._lines.queued.keys()
        self._owners = self._owners.after(events, here)
        for event in events:
            sign = sign_of(event)
            goes_on = sign and self._swept and sign.at - self._swept[0] <= SWEPT_WITHIN
            if sign is not None and sign.kind is SignKind.SWEPT and not goes_on:
                self._swept = sign.at, event.container, redact(event.event)
        lost = await self._departed(watch, events)
        batches = await self._batches_of(watch, lost)
        return [self._occurrence(one, batches) for one in lost]

    async def _departed(self, watch: Watch, events: Sequence[LogEvent]) -> Sequence[Departure]:
        """Return what left unanswered since the look before."""
        reading = await watch.queue()
        found: Sequence[Departure] = ()
        ended = (*ended_requests(events), *filter(None, map(taken_request, events)))
        # Whose end stands in lines that are still to come is no loss.
        behind = isinstance(watch.logs, Followed) and watch.logs.behind
        if isinstance(reading, QueueReading) and not behind:
            # Without the provider's log every answered item would be one that only left.
            heard = _hears_provider(watch.logs)
            sound = _is_sound(watch.logs)
            self._known, found = self._known.after(reading, ended, sound=sound, heard=heard)
        else:
            self._known = self._known.unseen(ended, sound=_is_sound(watch.logs))
        self._lines, left = self._lines.after(events)
        return left if reading is None and _is_sound(watch.logs) else found

    async def _batches_of(self, watch: Watch, lost: Sequence[Departure]) -> Mapping[str, str]:
        """Return the batch of each item, as it says itself, as lines tie it, as rows know it."""
        found = {one.queue_id: one.batch or self._owners.batch_of(one.queue_id) for one in lost}
        asked = [self._request_of(one) or one.queue_id for one in lost if not found[one.queue_id]]
        rows = await owners_of(watch, asked)
        for one in lost:
            by_rows = rows.get(self._request_of(one).lower()) or rows.get(one.queue_id.lower())
            found[one.queue_id] = found[one.queue_id] or by_rows or ""
        return found

    def _request_of(self, one: Departure) -> str:
        return one.correlation_id or self._owners.requests.get(one.queue_id, "")

    def _occurrence(self, one: Departure, batches: Mapping[str, str]) -> Occurrence:
        swept = self._swept
        is_swept = swept is not None and timedelta(0) <= one.at - swept[0] <= SWEPT_WITHIN
        extra: dict[str, Any] = {
            "correlation_id": self._request_of(one),
            "batch": batches.get(one.queue_id, ""),
            "swept": is_swept,
        }
        subject = QUEUE if one.is_sound else UNACCOUNTED
        if swept is not None and is_swept:
            return Occurrence(subject, *swept, extra)
        item = f"item {one.queue_id}" if one.queue_id else "an item"
        if self._known.items or one.correlation_id or one.batch:
            return Occurrence(subject, one.at, REDIS, f"{item} is gone from Redis", extra)
        return Occurrence(subject, one.at, LOGS, f"{item} is in no snapshot's count", extra)

    def _with_all_batches(self, found: Sequence[Occurrence]) -> list[Occurrence]:
        """Return them with the batches of all that their episode lost: few are kept of it."""
        for one in found:
            at, known = self._lost.get(one.subject, (one.at, frozenset[str]()))
            known = known if one.at - at < self.quiet_after else frozenset()
            self._lost[one.subject] = one.at, known | {str(one.extra["batch"])}
        return [
            replace(one, extra={**one.extra, "batches": sorted(self._lost[one.subject][1])})
            for one in found
        ]

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return _condition(counted)


DETECTOR = UnansweredItems


def _is_sound(logs: Followed | Missing | None) -> bool:
    """Say whether every line that the provider wrote since the look before was read."""
    if not isinstance(logs, Followed):
        return False
    return _hears_provider(logs) and logs.is_whole


def _hears_provider(logs: Followed | Missing | None) -> bool:
    """Say whether the provider's log is read at all."""
    return isinstance(logs, Followed) and logs.hears(Role.LLM_PROVIDER)


def _read(kind: TypeAdapter[Any], kept: object) -> Any:
    """Return a state as it was kept; None for one that cannot be read."""
    try:
        return kind.validate_python(kept or {})
    except ValidationError:
        return None


def _condition(counted: EventCount) -> Condition:
    sound = counted.subject == QUEUE
    first = counted.extras[0] if counted.extras else {}
    correlation = str(first.get("correlation_id", ""))
    known = {str(one) for one in counted.extras[-1].get("batches", ())} if counted.extras else set()
    named = known - {""}
    mine = sole(named) if named == known else ""
    place = place_told(named, "of")
    place = f", some{place}," if named != known and named else place
    trace = Command(f"/trace {correlation}" if correlation else "/queue")
    step = next_look(mine) if mine else trace
    what = "left the queue unanswered" if sound else "not accounted for"
    be = "is" if counted.count == 1 else "are"
    said = what if sound else f"{be} {what}"
    items = many(counted.count, "item")
    return Condition(
        subject=counted.subject,
        rule=LEFT_UNANSWERED if sound else NOT_ACCOUNTED,
        severity=Severity.ERROR if sound else Severity.INFO,
        confidence=Confidence.HIGH if sound else Confidence.LOW,
        title=words(
            f"LLM queue: {items}{place} {said} since ",
            Time(counted.first_at),
            _last(counted),
            ". Next: ",
            step,
        ),
        since=counted.first_at,
        # Each loss is news of its own: the one before may be of other batches.
        known=f"{what} {counted.last_at.isoformat()}",
        count=counted.fresh,
        headline=f"{items}{place} left the LLM queue unanswered"
        if sound
        else f"{items} of the LLM queue {be} not accounted for",
        lasts=False,
        why=_why(counted) if sound else WHY_GAP,
        evidence=tuple(dict.fromkeys(counted.examples)),
        next=(words(step), ASK_AGAIN),
        batch=mine,
        correlation_id=correlation,
    )


def _why(counted: EventCount) -> str:
    return WHY_SWEPT if any(one.get("swept") for one in counted.extras) else WHY_LEFT


def _last(counted: EventCount) -> Words:
    """Say when the last ones left, where that was not at once."""
    if counted.last_at - counted.first_at < APART:
        return words("")
    return words(", the last at ", Time(counted.last_at))
