"""The LLM provider cannot publish callbacks: the answers are made, removed, and lost for good.

The service swallows the failure, removes the request and then logs a success line all the same,
so the failure's own line counts. Rows show the loss a quarter of an hour later, if they are read.
"""

import re
from typing import ClassVar

from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
    sample_of,
)
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.times import clock

PROVIDER = "llm_provider"
FAILED = re.compile(
    r"Failed to publish (?:error )?callback event for request ([0-9a-f-]{36})", re.IGNORECASE
)
_CORRELATION = re.compile(r"correlation_id: ([0-9a-f-]{36})", re.IGNORECASE)


class CallbacksUnpublished(EventCountDetector):
    """Watches the LLM provider's log for callbacks that did not reach Kafka."""

    name: ClassVar[str] = "callbacks_unpublished"
    summary: ClassVar[str] = "The LLM provider fails to publish callbacks: their answers are lost"
    needles: ClassVar[tuple[str, ...]] = ("callback event for request",)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is a callback that could not be published."""
        return FAILED.match(event.event) is not None

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's failures to publish."""
        found = [
            Occurrence(PROVIDER, at, event.container, redact(event.event), _ids(event))
            for at, event in dated_events(watch)
            if self.wants(event)
        ]
        return sample_of(watch, found)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        return _condition(counted)


DETECTOR = CallbacksUnpublished


def _counted(answers: int) -> str:
    return f"{answers} answer{'s' if answers > 1 else ''}"


def _ids(event: LogEvent) -> dict[str, str]:
    queue, correlation = FAILED.match(event.event), _CORRELATION.search(event.event)
    return {
        "queue_id": queue[1].lower() if queue else "",
        "correlation_id": correlation[1].lower() if correlation else "",
    }


def _condition(counted: EventCount) -> Condition:
    correlation = next((str(one["correlation_id"]) for one in counted.extras), "")
    step = f"/trace {correlation}" if correlation else "/logs llm_provider Failed --level error"
    return Condition(
        subject=counted.subject,
        rule="lost-callbacks",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=f"LLM provider cannot publish callbacks since {clock(counted.first_at)} UTC: "
        f"{_counted(counted.count)} lost, high confidence. Next: {step}",
        since=counted.first_at,
        known="unpublished",
        count=counted.fresh,
        why="The service removes a request whose callback it could not publish; nobody sends it "
        "again, and its batch waits for it. A success line after the failure says nothing.",
        evidence=counted.examples,
        next=(step, "Look whether Kafka answers: docker ps --filter name=huleedu_kafka"),
        correlation_id=correlation,
    )
