"""Events that the CJ service's relay does not publish, so that batches end unannounced."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, Field

from bot.detectors._outbox import waiting
from bot.detectors._rows import Fact, RowDetector, facts_of
from bot.detectors._state import moment
from bot.diagnosis.comparison.causes import OUTBOX_UNPUBLISHED, RELAY_STEP
from bot.domain.alert import Condition, Sample
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.outbox import LATE_SECONDS, RELAY_TRIES, OutboxGroup
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many


class OutboxUnpublishedSettings(BaseModel):
    """How long an event may wait; the relay looks every five seconds."""

    after_seconds: float = Field(LATE_SECONDS, gt=0, description="how long an event may wait")


class OutboxUnpublished(RowDetector):
    """Watches the event outbox of the CJ database, by event type."""

    name: ClassVar[str] = "outbox_unpublished"
    summary: ClassVar[str] = (
        "An event of the CJ service waits in its outbox for 5 minutes, or used up its tries"
    )
    closing: ClassVar[str] = "everything was published"
    Settings: ClassVar[type[BaseModel]] = OutboxUnpublishedSettings

    async def sample(self, watch: Watch) -> Sample:
        """Collect what waits in the outbox."""
        return facts_of(watch, await watch.unpublished(), _group)

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the event types of which one waits for too long, or is never tried again."""
        for fact in facts:
            since, used_up = moment(fact["since"]), int(fact["retries"]) >= RELAY_TRIES
            if since is not None and (used_up or now - since > self.after):
                yield _condition(fact, since, used_up=used_up)


DETECTOR = OutboxUnpublished


def _group(group: OutboxGroup) -> Fact | None:
    fact = waiting(group)
    return None if fact is None else {**fact, "error": redact(group.last_error)}


def _condition(fact: Fact, since: datetime, *, used_up: bool) -> Condition:
    count = int(fact["count"])
    tries = f"all {RELAY_TRIES} tries used up" if used_up else many(int(fact["retries"]), "try")
    return Condition(
        subject=str(fact["subject"]),
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"CJ outbox: {fact['count']} × {fact['subject']} unpublished",
            when(since, " since "),
            f", {tries}, high confidence. Next: check Kafka and the outbox relay.",
        ),
        since=since,
        known=tries if used_up else "waiting",
        count=0,
        headline=f"CJ's outbox is stuck: {many(count, 'event', ('waits', 'wait'))} to be published",
        why=OUTBOX_UNPUBLISHED.why,
        evidence=(
            EvidenceLine(DATABASE, since, f"{many(count, 'row')}, {tries}"),
            *([EvidenceLine(DATABASE, None, str(fact["error"]))] if fact["error"] else []),
        ),
        next=(RELAY_STEP,),
    )
