"""CJ's monitor ends batches that are at work, since the time-out it was started with is short."""

from datetime import timedelta
from typing import ClassVar

from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.batch.endings import SWEPT, sweep_of
from bot.diagnosis.comparison.causes import BATCH_FAILED
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Span, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

CJ_SERVICE = "cj_assessment_service"


class ShortTimeOuts(EventCountDetector):
    """Watches CJ's log for sweeps that end batches after a time-out too short for any."""

    name: ClassVar[str] = "short_time_outs"
    summary: ClassVar[str] = "CJ's monitor ends batches after a time-out too short for them"
    needles: ClassVar[tuple[str, ...]] = (SWEPT,)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is of a sweep by such a time-out."""
        sweep = sweep_of(event)
        return sweep is not None and sweep.is_short and sweep.batches > 0

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's sweeps."""
        found = [
            Occurrence(
                f"{CJ_SERVICE}_monitor",
                at,
                event.container,
                redact(event.event),
                {"seconds": sweep.timeout.total_seconds()},
                counts=sweep.batches,
            )
            for at, event in dated_events(watch)
            if self.wants(event) and (sweep := sweep_of(event)) is not None
        ]
        return self.sampled(watch, found)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        last = counted.extras[-1] if counted.extras else {}
        timeout = Span(timedelta(seconds=max(0.0, float(last.get("seconds") or 0))))
        look, ended = Command("/batch list"), many(counted.count, "batch")
        return Condition(
            subject=counted.subject,
            rule=BATCH_FAILED.rule,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(
                f"CJ's monitor ended {ended}",
                Time(counted.first_at, " at "),
                " after a time-out of ",
                timeout,
                ". Next: ",
                look,
            ),
            since=counted.first_at,
            known=f"{counted.count}",
            count=counted.fresh,
            headline=words(f"CJ's monitor ended {ended} after a time-out of ", timeout),
            lasts=False,
            why="So short a time-out ends batches that are at work, and their failure events go "
            "out.",
            evidence=counted.examples,
            next=(
                words(look),
                "Look at CJ's BATCH_TIMEOUT_HOURS (4 by default), then run those batches again.",
            ),
            batch="",
        )


DETECTOR = ShortTimeOuts
