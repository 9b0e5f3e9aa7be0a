"""The LLM provider publishes callbacks and CJ takes none: its consumer receives nothing.

After a topic was deleted and created again, the offset of CJ's consumer group lies beyond its end
and nothing reaches CJ, while every service looks healthy (HuleEdu, 2025-11-29).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.detectors._event_counts import dated_events
from bot.detectors._state import NOTHING_READ, unreadable_reason
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.callbacks.callback import ConsumerBacklog
from bot.domain.evidence import LOGS, TOPIC, EvidenceLine, Missing
from bot.domain.log import Followed, LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.ports import Watch

CONSUMER = "cj_assessment_service"
UNTAKEN = "untaken"
PUBLISHED = "callback event for request"
FAILED = "Failed to publish"
CONSUMED = ("Processing LLM comparison callback", "Error processing LLM comparison callback")
# Kafka and CJ's sequential consumer take their time.
GRACE = timedelta(minutes=2)
# The clock of CJ's machine, or the way of its lines, may be a little behind the provider's.
SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class UntakenCallbacks:
    """What was published since CJ last took anything; it outlives the window.

    `first` is when the first of `count` was published, `enough` the one that made them enough to
    judge by, `taken` when CJ last took one by its own clock, and `covered` by when that was seen:
    what was published until then cannot be called untaken. `heard` says that CJ's log is known to
    be followed: without that its silence proves nothing.
    """

    heard: bool = False
    taken: datetime | None = None
    covered: datetime | None = None
    first: datetime | None = None
    enough: datetime | None = None
    count: int = 0

    def after(
        self, events: Iterable[tuple[datetime, LogEvent]], least: int, until: datetime
    ) -> "UntakenCallbacks":
        """Return it with what was published and taken since, in any order, as seen at `until`."""
        found = list(events)
        taken = max((at for at, one in found if _is_consumed(one)), default=None)
        now = self
        if taken is not None:
            now = UntakenCallbacks(heard=True, taken=taken, covered=max(taken, until))
        for at in sorted(at for at, one in found if _is_published(one)):
            now = now._published(at, least)
        return now

    def _published(self, at: datetime, least: int) -> "UntakenCallbacks":
        if self.covered is not None and at <= self.covered + SKEW:
            return self
        count = self.count + 1
        enough = self.enough or (at if count >= least else None)
        return replace(self, first=self.first or at, enough=enough, count=count)


_UNTAKEN: TypeAdapter[UntakenCallbacks] = TypeAdapter(UntakenCallbacks)


class ConsumerSilentSettings(BaseModel):
    """How much may be published while CJ logs no callback."""

    after_seconds: float = Field(300, gt=0, description="how long CJ may be silent")
    least: int = Field(3, ge=1, description="fewer published callbacks prove nothing")


class ConsumerSilent:
    """Watches both sides of the callback topic, and CJ's place in it where Kafka is read."""

    name: ClassVar[str] = "consumer_silent"
    summary: ClassVar[str] = "Callbacks are published and the CJ service takes none for 5 minutes"
    open_ticks: ClassVar[int] = 2
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (PUBLISHED, *CONSUMED)
    Settings: ClassVar[type[BaseModel]] = ConsumerSilentSettings

    def __init__(self, settings: ConsumerSilentSettings) -> None:
        self._after = timedelta(seconds=settings.after_seconds)
        self._least = settings.least
        self._untaken = UntakenCallbacks()

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see; what matters is in the last sample."""
        return self._after.total_seconds() + GRACE.total_seconds()

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is a callback that was published or taken."""
        return _is_published(event) or _is_consumed(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        self._untaken = _untaken(samples[-1])

    async def sample(self, watch: Watch) -> Sample:
        """Count what was published since CJ last took one, and ask for CJ's backlog."""
        logs, backlog = watch.logs, await watch.backlog()
        if logs is None and backlog is None:
            return Sample(watch.now)
        if isinstance(logs, Followed):
            known = self._untaken
            if logs.hears(Role.CJ):
                known = replace(known, heard=True)
            self._untaken = known.after(dated_events(watch), self._least, watch.now)
        behind = isinstance(backlog, ConsumerBacklog) and backlog.beyond_end
        data = {"beyond_end": behind, UNTAKEN: _UNTAKEN.dump_python(self._untaken, mode="json")}
        reason = unreadable_reason(logs) if isinstance(logs, Missing) else ""
        return Sample(watch.now, data, reason)

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the last sample; pure."""
        last = window.samples[-1] if window.samples else None
        if last is None or not last.data:
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        closing = {CONSUMER: "CJ takes callbacks again"}
        if last.data.get("beyond_end"):
            return Judgement(Sight.CLEAR, (_beyond(last.at),), closing=closing)
        if last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        silence = self._silence(_untaken(last), now)
        return Judgement(Sight.CLEAR, (silence,) if silence else (), closing=closing)

    def _silence(self, untaken: UntakenCallbacks, now: datetime) -> Condition | None:
        first, enough = untaken.first, untaken.enough
        if not untaken.heard or first is None or enough is None:
            return None
        if now - enough < GRACE or now - first < self._after:
            return None
        return _silent(untaken.count, first, untaken.taken)


DETECTOR = ConsumerSilent


def _untaken(sample: Sample) -> UntakenCallbacks:
    try:
        return _UNTAKEN.validate_python(sample.data.get(UNTAKEN) or {})
    except ValidationError:
        return UntakenCallbacks()


def _is_published(event: LogEvent) -> bool:
    return PUBLISHED in event.event and FAILED not in event.event


def _is_consumed(event: LogEvent) -> bool:
    return any(text in event.event for text in CONSUMED)


def _silent(count: int, since: datetime, taken: datetime | None) -> Condition:
    last = words("took its last one", when(taken, " at ")) if taken else "took none that was seen"
    return _condition(
        since,
        words("callbacks are published", when(since, " since "), " and CJ ", last),
        Confidence.MEDIUM,
        "silent",
        (EvidenceLine(LOGS, since, f"{count} callbacks published, none taken since"),),
    )


def _beyond(at: datetime) -> Condition:
    return _condition(
        at,
        "its consumer group waits for an offset that the callback topic does not have",
        Confidence.HIGH,
        "beyond the end",
        (EvidenceLine(TOPIC, at, "the group's offset lies beyond the topic's end"),),
    )


def _condition(
    since: datetime,
    what: Text,
    confidence: Confidence,
    known: str,
    evidence: Sequence[EvidenceLine],
) -> Condition:
    return Condition(
        subject=CONSUMER,
        rule="consumer-silent",
        severity=Severity.ERROR,
        confidence=confidence,
        title=words(
            "CJ takes no callbacks: ",
            what,
            f", {confidence.value} confidence. Next: restart cj_assessment_service.",
        ),
        since=since,
        known=known,
        count=0,
        why="After a topic was made anew, the consumer's offset is invalid and it receives "
        "nothing, while every service looks healthy.",
        evidence=tuple(evidence),
        next=("Restart cj_assessment_service; it then reads from the topic's end.", "/batch list"),
    )
