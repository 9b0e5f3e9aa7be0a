"""Events that the CJ service's relay does not publish, so that batches end unannounced."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._event_counts import dated_events
from bot.detectors._outbox import GIVEN_UP, given_up_after, given_up_facts, tells_of_relay, waiting
from bot.detectors._rows import Fact, RowDetector, facts_in, facts_of
from bot.detectors._state import moment
from bot.detectors.services._held_events import HELD, HeldEvents, held_condition, held_over
from bot.diagnosis.comparison.causes import OUTBOX_UNPUBLISHED, RELAY_STEP
from bot.diagnosis.publishing.outbox_events import OUTBOX_TEXTS, RELAYED, RELAYS
from bot.diagnosis.publishing.signs import NEEDLES, publisher_sign
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.batch.outbox import LATE_SECONDS, RELAY_TRIES, OutboxGroup
from bot.domain.evidence import DATABASE, EvidenceLine
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, when, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

LINES, MEMORY = "given_up", "memory"
# The relay takes what it gave up again and again, and says so each time.
QUIET = timedelta(minutes=15)


class OutboxUnpublishedSettings(BaseModel):
    """How long an event may wait; the relay looks every five seconds."""

    after_seconds: float = Field(LATE_SECONDS, gt=0, description="how long an event may wait")


class OutboxUnpublished(RowDetector):
    """Watches the event outbox of the CJ database, by event type, and CJ's own memory of events."""

    name: ClassVar[str] = "outbox_unpublished"
    summary: ClassVar[str] = (
        "An event of the CJ service waits in its outbox for 5 minutes, used up its tries, or is in "
        "CJ's memory alone"
    )
    closing: ClassVar[str] = "everything was published"
    needles: ClassVar[tuple[str, ...]] = (GIVEN_UP, RELAYED, *OUTBOX_TEXTS, *NEEDLES)
    # Rows tell what waits, and lines only why.
    rests_on: ClassVar[tuple[Role, ...]] = ()
    Settings: ClassVar[type[BaseModel]] = OutboxUnpublishedSettings

    def __init__(self, settings: OutboxUnpublishedSettings) -> None:
        super().__init__(settings)
        self._given_up: Mapping[str, Mapping[str, Any]] = {}
        self._held = HeldEvents()
        self._told = False

    def wants(self, event: LogEvent) -> bool:
        """Say whether a line tells of the relay's events, or of what CJ's publisher keeps."""
        if event.role is not Role.CJ:
            return False
        relays = event.event.startswith(RELAYS) or tells_of_relay(event)
        return relays or publisher_sign(event) is not None

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        self._given_up = dict(samples[-1].data.get(LINES) or {})
        self._held.resume(samples[-1].data.get(MEMORY))
        self._told = LINES in samples[-1].data

    async def sample(self, watch: Watch) -> Sample:
        """Collect what waits in the outbox, and what the relay's lines say that it gave up."""
        sample = facts_of(watch, await watch.unpublished(), _group)
        events = dated_events(watch)
        self._given_up = given_up_after(self._given_up, events, watch.now, QUIET)
        self._held.note((event for _, event in events), watch.now)
        held = self._held.fact
        self._told = self._told or bool(self._given_up or held)
        if sample.unreadable or not (sample.data or self._told):
            return sample
        told = given_up_facts(self._given_up)
        rows = [
            {**fact, "batch": told.get(str(fact["subject"]), {}).get("batch", "")}
            for fact in sample.data.get("facts") or ()
        ]
        known = {str(fact["subject"]) for fact in rows}
        # Without rows the lines alone tell; rows know better what was sent since.
        lines = [] if "facts" in sample.data else [v for k, v in told.items() if k not in known]
        facts = [*rows, *lines, *([held] if held else [])]
        kept = {LINES: dict(self._given_up), MEMORY: self._held.to_json()}
        return replace(sample, data={"facts": facts, **kept})

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the newest facts; what only CJ's memory held ends in its own way; pure."""
        judgement = super().judge(window, now)
        held = [fact for one in window.samples for fact in facts_in(one) if fact["subject"] == HELD]
        if judgement.sight is not Sight.CLEAR or not held:
            return judgement
        return replace(judgement, closing={**judgement.closing, HELD: held_over(held[-1])})

    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterator[Condition]:
        """Yield the event types of which one waits for too long, or is never tried again."""
        for fact in facts:
            since = moment(fact["since"])
            if fact["subject"] == HELD:
                if since is not None:
                    yield held_condition(fact, since)
                continue
            used_up = int(fact["retries"]) >= RELAY_TRIES
            if since is not None and (used_up or now - since > self.after):
                yield _condition(fact, since, used_up=used_up)


DETECTOR = OutboxUnpublished


def _group(group: OutboxGroup) -> Fact | None:
    fact = waiting(group)
    return None if fact is None else {**fact, "error": redact(group.last_error)}


def _condition(fact: Fact, since: datetime, *, used_up: bool) -> Condition:
    count, batch = int(fact["count"]), str(fact.get("batch") or "")
    source = str(fact.get("source", DATABASE))
    whose = f" of batch {batch}" if batch.isdecimal() else ""
    tries = f"all {RELAY_TRIES} tries used up" if used_up else many(int(fact["retries"]), "try")
    return Condition(
        subject=str(fact["subject"]),
        rule=OUTBOX_UNPUBLISHED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"CJ outbox: {fact['count']} × {fact['subject']}{whose} unpublished",
            when(since, " since "),
            f", {tries}, high confidence. Next: check Kafka and the outbox relay.",
        ),
        since=since,
        known=tries if used_up else "waiting",
        count=0,
        headline=f"CJ's outbox is stuck: {many(count, 'event', ('waits', 'wait'))} to be published",
        why=OUTBOX_UNPUBLISHED.why,
        evidence=(
            EvidenceLine(source, since, f"{many(count, 'event')}, {tries}"),
            *([EvidenceLine(source, None, str(fact["error"]))] if fact["error"] else []),
        ),
        next=(RELAY_STEP, *((words(Command(f"/batch investigate {batch}")),) if batch else ())),
        batch=batch if batch.isdecimal() else "",
    )
