"""Items left the LLM queue without an answer, an error, an expiry or a return in the logs.

Each look at Redis is held against the one before by queue id, so that a loss of a few items beside
others that were answered counts too.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from bot.detectors._batches import sole
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.diagnosis.queue.conservation import (
    ASK_AGAIN,
    LEFT_UNANSWERED,
    NOT_ACCOUNTED,
    WHY_GAP,
    WHY_LEFT,
    Conservation,
    Departure,
    QueuedByLines,
    ended_requests,
)
from bot.diagnosis.queue.log_events import NEEDLES, SignKind, sign_of, snapshot_of
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import QUEUE as REDIS
from bot.domain.evidence import Missing
from bot.domain.log import Followed, LogEvent, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, Words, words
from bot.ports import Watch
from bot.text.wording import many

QUEUE = "llm_provider"
# Items that were removed together are missed within a minute or two.
APART = timedelta(minutes=2)
UNACCOUNTED = "llm_provider, logs with a gap"
_STORE = frozenset({SignKind.STORE_LOST, SignKind.STORE_BACK})
_COUNTS = _STORE | {SignKind.CLEANED, SignKind.RESTART, SignKind.DISPATCH}
_STATE: TypeAdapter[Conservation] = TypeAdapter(Conservation)
_LINES: TypeAdapter[QueuedByLines] = TypeAdapter(QueuedByLines)


class UnansweredItems(EventCountDetector):
    """Watches Redis and the provider's log for items that left the queue and were not answered."""

    name: ClassVar[str] = "queue_unanswered"
    summary: ClassVar[str] = (
        "Items left the LLM queue unanswered: flushed, evicted or removed by hand"
    )
    needles: ClassVar[tuple[str, ...]] = NEEDLES

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._known = Conservation()
        self._lines = QueuedByLines()

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event ends, returns or expires a request, or counts those that wait."""
        sign = sign_of(event)
        counts = sign is not None and sign.kind in _COUNTS
        return snapshot_of(event) is not None or counts or bool(sign and sign.queue_id)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        try:
            self._known = _STATE.validate_python(samples[-1].data.get("known") or {})
        except ValidationError:
            self._known = Conservation()
        try:
            self._lines = _LINES.validate_python(samples[-1].data.get("lines") or {})
        except ValidationError:
            self._lines = QueuedByLines()

    async def sample(self, watch: Watch) -> Sample:
        """Hold this look at Redis against the one before."""
        reading = await watch.queue()
        found = list[Occurrence]()
        ended = ended_requests(event for _, event in dated_events(watch))
        # Whose end stands in lines that are still to come is no loss.
        behind = isinstance(watch.logs, Followed) and watch.logs.behind
        if isinstance(reading, QueueReading) and not behind:
            self._known, lost = self._known.after(reading, ended, sound=_is_sound(watch.logs))
            # Without the provider's log every answered item would be one that only left.
            heard = _hears_provider(watch.logs)
            found = [_occurrence(one) for one in lost if heard or one.is_sound]
        else:
            self._known = self._known.unseen(ended, sound=_is_sound(watch.logs))
        self._lines, left = self._lines.after(event for _, event in dated_events(watch))
        if reading is None and _is_sound(watch.logs):
            found = [_occurrence(one) for one in left]
        sample = self.sampled(watch, found)
        known = _STATE.dump_python(self._known, mode="json")
        lines = _LINES.dump_python(self._lines, mode="json")
        kept = {"known": known, "lines": lines}
        return replace(sample, data={**sample.data, **kept}) if sample.data else sample

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return _condition(counted)


DETECTOR = UnansweredItems


def _is_sound(logs: Followed | Missing | None) -> bool:
    """Say whether every line that the provider wrote since the look before was read."""
    if not isinstance(logs, Followed):
        return False
    return _hears_provider(logs) and not (logs.lost or logs.missing)


def _hears_provider(logs: Followed | Missing | None) -> bool:
    """Say whether the provider's log is read at all."""
    return isinstance(logs, Followed) and logs.hears(Role.LLM_PROVIDER)


def _occurrence(one: Departure) -> Occurrence:
    extra: dict[str, Any] = {"correlation_id": one.correlation_id, "batch": one.batch}
    subject = QUEUE if one.is_sound else UNACCOUNTED
    item = f"item {one.queue_id}" if one.queue_id else "an item that no worker held"
    return Occurrence(subject, one.at, REDIS, f"{item} is gone from Redis", extra)


def _condition(counted: EventCount) -> Condition:
    sound = counted.subject == QUEUE
    first = counted.extras[0] if counted.extras else {}
    correlation = str(first.get("correlation_id", ""))
    batches = {str(one["batch"]) for one in counted.extras if one.get("batch")}
    step = Command(f"/trace {correlation}" if correlation else "/queue")
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
            f"LLM queue: {items} {said} since ",
            Time(counted.first_at),
            _last(counted),
            ". Next: ",
            step,
        ),
        since=counted.first_at,
        # Each loss is news of its own: the one before may be of other batches.
        known=f"{what} {counted.last_at.isoformat()}",
        count=counted.fresh,
        headline=f"{items} left the LLM queue unanswered"
        if sound
        else f"{items} of the LLM queue {be} not accounted for",
        lasts=False,
        why=WHY_LEFT if sound else WHY_GAP,
        evidence=counted.examples,
        next=(words(step), ASK_AGAIN),
        batch=sole(batches),
        correlation_id=correlation,
    )


def _last(counted: EventCount) -> Words:
    """Say when the last ones left, where that was not at once."""
    if counted.last_at - counted.first_at < APART:
        return words("")
    return words(", the last at ", Time(counted.last_at))
