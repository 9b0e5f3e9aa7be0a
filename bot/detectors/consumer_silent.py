"""The LLM provider publishes callbacks and CJ takes none: its consumer hears nothing.

After a topic was deleted and made anew, the offset of CJ's consumer group lies beyond its end and
nothing reaches CJ, while every service looks healthy (HuleEdu, 2025-11-29).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors.tally import dated_events
from bot.diagnosis.span import clock
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.callback import ConsumerBacklog
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import Followed, LogEvent
from bot.domain.report import Confidence, Severity
from bot.ports import Watch

CONSUMER = "cj_assessment_service"
PUBLISHED = "callback event for request"
FAILED = "Failed to publish"
CONSUMED = ("Processing LLM comparison callback", "Error processing LLM comparison callback")
# Kafka and CJ's sequential consumer take their time.
GRACE = timedelta(minutes=2)


class ConsumerSilentSettings(BaseModel):
    """How much may be published without a word of CJ."""

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

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._after.total_seconds() + GRACE.total_seconds() + 600

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is a callback that was published or taken."""
        return _is_published(event) or _is_consumed(event)

    async def sample(self, watch: Watch) -> Sample:
        """Count what was published and what was taken, and ask for CJ's backlog."""
        logs, backlog = watch.logs, await watch.backlog()
        events = dated_events(watch)
        behind = isinstance(backlog, ConsumerBacklog) and backlog.beyond_end
        if isinstance(logs, Missing):
            return Sample(watch.now, {"beyond_end": behind}, f"{logs.source}: {logs.reason}")
        if logs is None and backlog is None:
            return Sample(watch.now)
        names = logs.containers if isinstance(logs, Followed) else ()
        return Sample(
            watch.now,
            {
                "published": sum(_is_published(event) for _, event in events),
                "consumed": sum(_is_consumed(event) for _, event in events),
                "followed": any("cj_assessment" in name for name in names),
                "beyond_end": behind,
            },
        )

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window; pure."""
        last = window.samples[-1] if window.samples else None
        if last is None or not last.data:
            return Judgement(Sight.WARMING, note="nothing was read yet")
        closing = {CONSUMER: "CJ takes callbacks again"}
        if last.data.get("beyond_end"):
            return Judgement(Sight.CLEAR, (_beyond(last.at),), closing=closing)
        if last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        silence = self._silence(window, now)
        return Judgement(Sight.CLEAR, (silence,) if silence else (), closing=closing)

    def _silence(self, window: Window, now: datetime) -> Condition | None:
        samples = [one for one in window.samples if one.data and "published" in one.data]
        # Without a line of CJ and without its container being followed, silence proves nothing.
        if not any(one.data["followed"] or one.data["consumed"] for one in samples):
            return None
        taken = max((one.at for one in samples if one.data["consumed"]), default=None)
        sent = [one for one in samples if one.data["published"] and (not taken or one.at > taken)]
        waiting = [one for one in sent if now - one.at >= GRACE]
        count = sum(int(one.data["published"]) for one in waiting)
        if count < self._least or now - waiting[0].at < self._after:
            return None
        return _silent(count, waiting[0].at, taken)


DETECTOR = ConsumerSilent


def _is_published(event: LogEvent) -> bool:
    return PUBLISHED in event.event and FAILED not in event.event


def _is_consumed(event: LogEvent) -> bool:
    return any(text in event.event for text in CONSUMED)


def _silent(count: int, since: datetime, taken: datetime | None) -> Condition:
    last = f"took its last one at {clock(taken)} UTC" if taken else "took none that was seen"
    return _condition(
        since,
        f"callbacks are published since {clock(since)} UTC and CJ {last}",
        Confidence.MEDIUM,
        "silent",
        (EvidenceLine("logs", since, f"{count} callbacks published, none taken since"),),
    )


def _beyond(at: datetime) -> Condition:
    return _condition(
        at,
        "its consumer group waits for an offset that the callback topic does not have",
        Confidence.HIGH,
        "beyond the end",
        (EvidenceLine("callback_topic", at, "the group's offset lies beyond the topic's end"),),
    )


def _condition(
    since: datetime,
    what: str,
    confidence: Confidence,
    known: str,
    evidence: Sequence[EvidenceLine],
) -> Condition:
    return Condition(
        subject=CONSUMER,
        rule="consumer-silent",
        severity=Severity.ERROR,
        confidence=confidence,
        title=f"CJ takes no callbacks: {what}, {confidence.value} confidence. Next: restart "
        "cj_assessment_service.",
        since=since,
        known=known,
        count=0,
        why="After a topic was made anew, the consumer's offset is invalid and it receives "
        "nothing, while every service looks healthy.",
        evidence=tuple(evidence),
        next=("Restart cj_assessment_service; it then reads from the topic's end.", "/batch list"),
    )
