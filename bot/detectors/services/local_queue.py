"""The LLM provider keeps requests in its own memory, because Redis fails: a restart loses them."""

from datetime import datetime
from typing import ClassVar

from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.comparison.causes import LOCAL_QUEUE
from bot.diagnosis.queue.log_events import SignKind, sign_of
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

LPS_SERVICE = "llm_provider_service"


class LocalQueue(EventCountDetector):
    """Watches the provider's log for requests that it could not put into Redis."""

    name: ClassVar[str] = "local_queue"
    summary: ClassVar[str] = (
        "Redis fails, and the LLM provider keeps requests in its own memory, which a restart loses"
    )
    needles: ClassVar[tuple[str, ...]] = ("Redis marked unhealthy", "Using local queue for request")

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells that the provider lost Redis."""
        sign = sign_of(event)
        return sign is not None and sign.kind is SignKind.STORE_LOST

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's lines."""
        found = [(at, event) for at, event in dated_events(watch) if self.wants(event)]
        return self.sampled(watch, [self._occurrence(at, event) for at, event in found])

    def _occurrence(self, at: datetime, event: LogEvent) -> Occurrence:
        sign = sign_of(event)
        return Occurrence(
            LPS_SERVICE,
            at,
            event.container,
            redact(event.event),
            {"queue_id": sign.queue_id if sign else ""},
            counts=int("Using local queue" in event.event),
        )

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        held = many(counted.count, "request")
        kept = f"keeps {held} in its own memory" if counted.count else "cannot reach Redis"
        look = Command("/logs llm_provider Redis --level warning")
        return Condition(
            subject=counted.subject,
            rule=LOCAL_QUEUE.rule,
            severity=Severity.WARN,
            confidence=Confidence.HIGH,
            title=words(
                f"The LLM provider {kept} since ", Time(counted.first_at), ". Next: ", look
            ),
            since=counted.first_at,
            known="local queue" if counted.count else "redis",
            count=counted.fresh,
            headline=f"Redis fails: the LLM provider {kept}",
            lasts=False,
            why=LOCAL_QUEUE.why,
            evidence=counted.examples,
            next=(
                words(look),
                "Bring Redis back; do not restart the LLM provider before it has worked them off.",
            ),
            batch="",
        )


DETECTOR = LocalQueue
