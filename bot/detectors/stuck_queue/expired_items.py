"""Items of the LLM queue ended by their time to live, by the provider's own lines on each.

It says so as it comes upon one, so a queue that moves may still lose what waited in it before.
What was answered before and only stood there still is no loss.
"""

from collections.abc import Sequence
from typing import ClassVar

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
from bot.detectors._state import AsJson
from bot.diagnosis.comparison.causes import EXPIRED_UNANSWERED
from bot.diagnosis.queue.conservation import ASK_AGAIN
from bot.diagnosis.queue.log_events import NEEDLES, SignKind, is_queue_event, sign_of
from bot.diagnosis.queue.open_requests import TEXTS, OpenRequests
from bot.domain.alert import Condition, Sample
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Time, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

QUEUE = "llm_provider"
# Its requests may have been queued hours ago.
MOST_HELD = 2_000
_OWNERS: TypeAdapter[LineOwners] = TypeAdapter(LineOwners)
_REQUESTS: TypeAdapter[OpenRequests] = TypeAdapter(OpenRequests)


class ExpiredItems(EventCountDetector):
    """Watches the provider's log for requests that waited longer than they may."""

    name: ClassVar[str] = "queue_expired"
    summary: ClassVar[str] = "The LLM queue dropped requests whose time to live was over"
    needles: ClassVar[tuple[str, ...]] = (*NEEDLES, *TEXTS, *OWNER_TEXTS)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        self._owners = LineOwners()
        self._requests = OpenRequests()
        self._batches: set[str] = set()
        self._owners_told, self._requests_told = AsJson(_OWNERS), AsJson(_REQUESTS)

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event queues, answers or expires a request, or ties one to a batch."""
        known = is_queue_event(event) or ties(event)
        return known or any(text in event.event for text in TEXTS)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        data = samples[-1].data
        try:
            self._owners = _OWNERS.validate_python(data.get("owners") or {})
            self._requests = _REQUESTS.validate_python(data.get("requests") or {})
        except ValidationError:
            self._owners, self._requests = LineOwners(), OpenRequests()

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's lines on what expired, with the batches that it was of."""
        dated = dated_events(watch)
        held = frozenset([*self._owners.requests][-MOST_HELD:])
        self._owners = self._owners.after((event for _, event in dated), held)
        sound = isinstance(watch.logs, Followed) and watch.logs.is_whole
        self._requests = self._requests.after((event for _, event in dated), sound=sound)
        said = [(sign, event) for _, event in dated if (sign := sign_of(event))]
        gone = {
            sign.queue_id: event
            for sign, event in said
            if sign.kind is SignKind.EXPIRED and sign.queue_id not in self._requests.answered
        }
        dropped = [event for sign, event in said if sign.kind is SignKind.CLEANED]
        counts = [one.count for one in self._requests.expired]
        swept = [(event, n) for event, n in zip(dropped, counts, strict=True) if n]
        batches = await self._batches_of(watch, [*gone, *([""] if swept else [])])
        found = [
            Occurrence(
                QUEUE, event.at, event.container, redact(event.event),
                {"batches": batches, "correlation_id": self._owners.requests.get(id, "")},
            )
            for id, event in gone.items()
            if event.at
        ]  # fmt: skip
        found += [
            Occurrence(
                QUEUE, event.at, event.container, redact(event.event),
                {"batches": batches, "correlation_id": ""}, counts=count,
            )
            for event, count in swept
            if event.at
        ]  # fmt: skip
        known = {
            "owners": self._owners_told.of(self._owners),
            "requests": self._requests_told.of(self._requests.kept()),
        }
        return self.sampled(watch, found, known=known)

    async def _batches_of(self, watch: Watch, ids: Sequence[str]) -> list[str]:
        """Return the batches of what the episode lost, as lines tie it or rows know it."""
        if QUEUE not in self._episodes:
            self._batches = set()
        requests = {id: self._owners.requests.get(id, id) for id in ids}
        rows = await owners_of(watch, requests.values()) if ids else {}
        self._batches |= {
            self._owners.batch_of(id) or rows.get(request, "") for id, request in requests.items()
        }
        return sorted(self._batches)

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of what expired."""
        last = counted.extras[-1] if counted.extras else {}
        known = {str(one) for one in last.get("batches", ())}
        batches = known - {""}
        mine = sole(batches) if batches == known else ""
        what = f"{many(counted.count, 'item')}{place_told(batches, 'of')} expired in the LLM queue"
        step = next_look(mine)
        return Condition(
            subject=counted.subject,
            rule=EXPIRED_UNANSWERED.rule,
            severity=Severity.ERROR,
            confidence=Confidence.HIGH,
            title=words(f"{what}, not answered, since ", Time(counted.first_at), ". Next: ", step),
            since=counted.first_at,
            # Each loss is news of its own: the one before may be of other batches.
            known=f"expired {counted.last_at.isoformat()}",
            count=counted.fresh,
            headline=f"{what}, not answered",
            lasts=False,
            why=EXPIRED_UNANSWERED.why,
            evidence=tuple(dict.fromkeys(counted.examples)),
            next=(words(step), ASK_AGAIN),
            batch=mine,
            correlation_id=str(last.get("correlation_id", "")),
        )


DETECTOR = ExpiredItems
