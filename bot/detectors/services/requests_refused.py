"""CJ refuses a request: no row of it is left, so that only its own line tells of it."""

from typing import ClassVar

from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    dated_events,
)
from bot.diagnosis.batch.refused import (
    LET_GO,
    REFUSED,
    REQUEST_REFUSED,
    is_refusal,
    is_unreadable,
    refused_for,
    what_to_do,
    why_refused,
)
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

CJ_SERVICE = "cj_assessment_service"
# That there is no batch of it stands in the title too.
HEADLINE = 78


class RequestsRefused(EventCountDetector):
    """Watches CJ's log for requests that it refused."""

    name: ClassVar[str] = "requests_refused"
    summary: ClassVar[str] = "CJ refuses a request, such as one of an assignment that it lacks"
    needles: ClassVar[tuple[str, ...]] = (REFUSED, LET_GO)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of a refused request."""
        return is_refusal(event)

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's refusals."""
        found = [
            Occurrence(
                CJ_SERVICE,
                at,
                event.container,
                redact(event.event),
                {
                    "why": why_refused(event),
                    "refused": refused_for(event),
                    "do": what_to_do(event),
                    "id": str(event.fields.get("correlation_id") or ""),
                    "unreadable": is_unreadable(event),
                },
            )
            for at, event in dated_events(watch)
            if self.wants(event)
        ]
        return self.sampled(watch, found)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        last = counted.extras[-1] if counted.extras else {}
        why = str(last.get("why", ""))
        word = "idempotency" if last.get("unreadable") else "workflow"
        look = Command(f"/logs cj_assessment_service {word} --level error")
        refused = many(counted.count, "request")
        causes = counted.told("refused")
        cause = f", as {next(iter(causes))}" if len(causes) == 1 else ""
        told = f"CJ refused {refused}{cause}: no batch of it exists"
        return Condition(
            subject=counted.subject,
            rule=REQUEST_REFUSED,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(
                f"CJ refused {refused} since ", Time(counted.first_at), f"{cause}. Next: ", look
            ),
            since=counted.first_at,
            known=why,
            count=counted.fresh,
            headline=told if len(told) <= HEADLINE else f"CJ refused {refused}{cause}",
            lasts=False,
            why=why,
            evidence=counted.examples,
            next=(words(look), str(last.get("do", ""))),
            batch="",
        )


DETECTOR = RequestsRefused
