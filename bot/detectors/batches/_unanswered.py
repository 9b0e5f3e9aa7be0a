"""Why comparisons of a batch never got an answer, as lines of the services say it meanwhile.

When CJ's monitor gives up on a batch, an hour or more later, its line says no cause.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._batches import owners_of
from bot.detectors._event_counts import QuietSettings
from bot.detectors._line_owners import LineOwners
from bot.detectors.batches._broken_waves import BrokenWaves
from bot.detectors.callbacks._handed_over import HandedOver, tells_of_handing_over
from bot.detectors.callbacks._untaken import taken_callback
from bot.detectors.callbacks.submissions_lost import SETTLES
from bot.detectors.stuck_queue.unanswered_items import QUEUE, UnansweredItems
from bot.diagnosis.comparison.rejections import unstored_answer
from bot.diagnosis.evidence.submission import (
    KAFKA_WITHIN,
    SERVICE_STARTED,
    LostSubmission,
    SubmissionFault,
    fault_of,
    lost_submission,
    says_kafka_away,
)
from bot.diagnosis.publishing.memory import HeldMessage, PublisherMemory
from bot.diagnosis.publishing.signs import publish_sign
from bot.diagnosis.queue.log_events import SignKind, sign_of
from bot.diagnosis.queue.losses import TTL
from bot.diagnosis.queue.open_requests import BESIDE
from bot.domain.log import LogEvent
from bot.ports import Watch

UNANSWERED = "unanswered"
UNPUBLISHED = "Kafka did not take the answers"
GONE = "items left the LLM queue unanswered"
EXPIRED = "items expired in the LLM queue"
BROKEN_OFF = "CJ ended while it sent the comparisons"
UNSTORED = "CJ could not store the answers"
UNSENT = {
    SubmissionFault.KAFKA: "Kafka was away at the submission",
    SubmissionFault.PROVIDER: "the LLM provider was away at the submission",
    SubmissionFault.TIMED_OUT: "the LLM provider did not answer the submission",
    SubmissionFault.GATEWAY: "a proxy could not reach the LLM provider",
    SubmissionFault.SERVER: "the LLM provider answered the submission with HTTP 500",
    SubmissionFault.UNAVAILABLE: "the submission was answered with HTTP 503",
    SubmissionFault.BROKEN: "the connection to the LLM provider broke at the submission",
    SubmissionFault.BUSY: "the submission was answered with HTTP 429",
    SubmissionFault.REFUSED: "the submission was refused",
    SubmissionFault.OTHER: "CJ could not hand over the comparisons",
}
MOST_BATCHES, MOST_ITEMS = 100, 2_000
_ITEMS = UnansweredItems(QuietSettings())


def tells_what_is_lost(event: LogEvent) -> bool:
    """Say whether a line tells of a comparison that was not sent, not published, or not queued."""
    if _ITEMS.wants(event):
        return True
    if lost_submission(event) or says_kafka_away(event) or tells_of_handing_over(event):
        return True
    if unstored_answer(event) is not None or SERVICE_STARTED in event.event:
        return True
    return publish_sign(event) is not None or taken_callback(event) is not None


@dataclass(frozen=True, slots=True)
class _Unsent:
    """A comparison that CJ's line says it could not hand over, with its batch, empty if unknown."""

    lost: LostSubmission
    fault: SubmissionFault
    batch: str


class UnansweredRequests:
    """Counts what became of unanswered comparisons by their batch; what it counted is kept."""

    def __init__(self) -> None:
        self._owners = LineOwners()
        self._handed = HandedOver()
        self._memories: dict[str, PublisherMemory] = {}
        self._kafka_at: datetime | None = None
        self._unsent: tuple[_Unsent, ...] = ()
        self._items = UnansweredItems(QuietSettings())
        self._ttl = TTL
        self._waves = BrokenWaves()
        self._found: dict[str, Counter[str]] = {}

    async def note(self, watch: Watch, events: Sequence[LogEvent]) -> None:
        """Take in one tick's lines."""
        self._owners = self._owners.after(events, {*[*self._owners.requests][-MOST_ITEMS:]})
        self._handed = self._handed.after(events)
        away = [one.at for one in events if one.at and says_kafka_away(one)]
        self._kafka_at = max([*away, *filter(None, [self._kafka_at])], default=None)
        self._unsent += await self._not_handed_over(watch, events)
        for sent in self._unsent:
            over, pair = watch.now - sent.lost.at >= SETTLES, (sent.lost.essay_a, sent.lost.essay_b)
            if over and sent.batch and not self._handed.took(*pair):
                self._count(sent.batch, UNSENT[sent.fault])
        self._unsent = tuple(one for one in self._unsent if watch.now - one.lost.at < SETTLES)
        for owner, count in self._waves.after(events, self._owners.waves):
            self._count(owner, BROKEN_OFF, count)
        self._note_expired(events)
        self._note_unstored(events)
        for one in await self._items.losses(watch):
            if one.subject == QUEUE and one.extra["batch"]:
                self._count(str(one.extra["batch"]), GONE)
        gone = self._published(watch, events)
        whose = await self._batches_of(watch, gone)
        for held in gone:
            if batch := whose.get(held.queue_id) or whose.get(held.correlation_id):
                self._count(batch, UNPUBLISHED)

    def _note_expired(self, events: Sequence[LogEvent]) -> None:
        lasts = (sign.ttl for sign in map(sign_of, events) if sign and sign.ttl)
        self._ttl = next(lasts, self._ttl)
        for id in expired_in(events, self._items.queued, self._ttl):
            if owner := self._owners.batch_of(id):
                self._count(owner, EXPIRED)

    def _note_unstored(self, events: Sequence[LogEvent]) -> None:
        for answer in filter(None, map(unstored_answer, events)):
            named = (answer.correlation_id, answer.queue_id)
            owners = (self._owners.batch_by_id(one) for one in named if one)
            if owner := next(filter(None, owners), ""):
                self._count(owner, UNSTORED)

    async def _not_handed_over(
        self, watch: Watch, events: Iterable[LogEvent]
    ) -> tuple[_Unsent, ...]:
        lost = [one for event in events if (one := lost_submission(event))]
        if not lost:
            return ()
        asked = [self._handed.asked.get((one.essay_a, one.essay_b), "") for one in lost]
        named = [self._owners.batch_by_id(one) for one in asked]
        essays = sorted({one.essay_a for one, batch in zip(lost, named, strict=True) if not batch})
        rows = await watch.essay_batches(essays) if essays else None
        known = rows if isinstance(rows, Mapping) else {}
        return tuple(
            _Unsent(one, self._fault(one), batch or str(known.get(one.essay_a, "")))
            for one, batch in zip(lost, named, strict=True)
        )

    def _fault(self, one: LostSubmission) -> SubmissionFault:
        near = self._kafka_at is not None and abs(one.at - self._kafka_at) <= KAFKA_WITHIN
        return fault_of([one], kafka_away=near)

    def _published(self, watch: Watch, events: Sequence[LogEvent]) -> list[HeldMessage]:
        """Return the callbacks that the providers' publishers lost in this tick."""
        taken = {clue.queue_id for one in events if (clue := taken_callback(one))}
        told = {event.container for event in events if publish_sign(event) is not None}
        lost: list[HeldMessage] = []
        for name in told:
            mine = [one for one in events if one.container == name]
            memory = self._memories.get(name, PublisherMemory()).after(mine)
            lost += memory.without(taken, watch.now).lost
            self._memories[name] = replace(memory, gone=())
        if taken:
            self._memories = {
                name: replace(one.without(taken, watch.now), gone=())
                for name, one in self._memories.items()
            }
        return lost

    async def _batches_of(self, watch: Watch, lost: Sequence[HeldMessage]) -> Mapping[str, str]:
        ids = {id for one in lost for id in (one.queue_id, one.correlation_id) if id}
        named = {id: batch for id in ids if (batch := self._owners.batch_by_id(id))}
        rest = ids - named.keys()
        return {**(await owners_of(watch, rest) if rest else {}), **named}

    def _count(self, batch: str, cause: str, count: int = 1) -> None:
        counted = self._found.pop(batch, Counter())
        counted[cause] += count
        self._found = dict([*self._found.items(), (batch, counted)][-MOST_BATCHES:])

    def of(self, batch: str) -> str:
        """Return what became of most of a batch's unanswered comparisons; empty if not known."""
        found = self._found.get(batch)
        return found.most_common(1)[0][0] if found else ""

    def to_json(self) -> dict[str, dict[str, int]]:
        """Return what `resume` takes, as JSON values."""
        return {batch: dict(found) for batch, found in self._found.items()}

    def resume(self, value: Any) -> None:
        """Go on from what was kept; what has another shape is left out."""
        for batch, found in value.items() if isinstance(value, Mapping) else ():
            if isinstance(found, Mapping):
                self._found[str(batch)] = Counter({str(k): int(n) for k, n in found.items()})


def expired_in(
    events: Iterable[LogEvent], queued: Mapping[str, datetime], ttl: timedelta
) -> Iterator[str]:
    """Yield the queue ids whose time to live was over, by these lines; `queued` has them by age.

    A clean-up tells alone how many it dropped.
    """
    for sign in filter(None, map(sign_of, events)):
        if sign.kind is SignKind.EXPIRED and sign.queue_id:
            yield sign.queue_id
        elif sign.kind is SignKind.CLEANED:
            over = [id for id, at in queued.items() if at + ttl <= sign.at + BESIDE]
            # Of more that are over, some left it before, and which is not told.
            yield from over if len(over) <= sign.count else ()
