"""The LLM provider publishes callbacks and CJ takes none: its consumer receives nothing.

After a topic was deleted and created again, the offset of CJ's consumer group lies beyond its end
and nothing reaches CJ, while every service looks healthy (HuleEdu, 2025-11-29). A consumer that is
down looks the same. A wave is published within seconds: each callback is followed by its id.

One callback or two may be late for another reason. They alert after a longer silence, and only
where the rows say that a batch waits and that no answer came since.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.detectors._event_counts import dated_events
from bot.detectors._line_owners import ASKED_FOR, MAPPED, ties
from bot.detectors._state import NOTHING_READ, moment, unreadable_reason
from bot.detectors.callbacks._silence import CONSUMER, beyond_condition, silent_condition
from bot.detectors.callbacks._skipped import (
    SKIPPED_CALLBACKS,
    STAYS_LOST,
    Batches,
    skipped_condition,
)
from bot.detectors.callbacks._untaken import (
    REGROUPING,
    RUNS_AGAIN,
    SKIPPED,
    STARTED,
    TAKEN,
    UNREADABLE,
    UntakenCallbacks,
    ends_taking,
    is_taken,
    regroups,
)
from bot.diagnosis.comparison.causes import (
    LEAST_UNTAKEN,
    LOST_AFTER,
)
from bot.diagnosis.comparison.rejections import RECEIVED, TAKEN_END
from bot.diagnosis.publishing.memory import PublishedCallback
from bot.diagnosis.publishing.signs import NEEDLES, publish_sign
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.callbacks.callback import ConsumerBacklog
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.words import Command, Text, words
from bot.ports import Watch
from bot.text.wording import many

UNTAKEN = "untaken"
# What CJ took is in the rows within this time.
BESIDE = timedelta(minutes=1)
_UNTAKEN: TypeAdapter[UntakenCallbacks] = TypeAdapter(UntakenCallbacks)


class ConsumerSilentSettings(BaseModel):
    """How much may be published while CJ logs no callback."""

    after_seconds: float = Field(90, gt=0, description="how long CJ may be silent")
    least: int = Field(LEAST_UNTAKEN, ge=1, description="fewer published callbacks prove little")
    few_after_seconds: float = Field(300, gt=0, description="how long CJ may leave fewer")


class ConsumerSilent:
    """Watches both sides of the callback topic, and CJ's place in it where Kafka is read."""

    name: ClassVar[str] = "consumer_silent"
    summary: ClassVar[str] = (
        "Callbacks are published and the CJ service takes none for a minute and a half, "
        "or leaves one or two that are waited for for five minutes"
    )
    open_ticks: ClassVar[int] = 2
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (
        *NEEDLES, TAKEN, *RECEIVED, UNREADABLE, SKIPPED, STARTED, RUNS_AGAIN, *TAKEN_END, MAPPED,
        ASKED_FOR, *REGROUPING,
    )  # fmt: skip
    rests_on: ClassVar[tuple[Role, ...]] = (Role.CJ,)
    Settings: ClassVar[type[BaseModel]] = ConsumerSilentSettings

    def __init__(self, settings: ConsumerSilentSettings) -> None:
        self._after = timedelta(seconds=settings.after_seconds)
        self._few_after = max(self._after, timedelta(seconds=settings.few_after_seconds))
        self._least = settings.least
        self._untaken = UntakenCallbacks()
        self._batches = Batches()

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see; what matters is in the last sample."""
        return self._after.total_seconds() + 120

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is a callback that was published or taken."""
        mine = publish_sign(event) is not None or is_taken(event) or ends_taking(event)
        return mine or ties(event) or regroups(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        self._untaken = _untaken(samples[-1])

    async def sample(self, watch: Watch) -> Sample:
        """Follow what was published and taken, and ask for CJ's place on the topic."""
        logs, backlog = watch.logs, await watch.backlog()
        if logs is None and backlog is None:
            return Sample(watch.now)
        if isinstance(logs, Followed):
            known = self._untaken
            if logs.hears(Role.CJ):
                known = replace(known, heard=True)
            known = known.reaching(logs.reaches(Role.CJ), watch.now)
            events = [event for _, event in dated_events(watch)]
            self._untaken = known.after(events, watch.now, await _on_topic(watch))
            self._batches.note(events)
        place = backlog if isinstance(backlog, ConsumerBacklog) else None
        if place is not None and place.behind == 0 and not place.beyond_end:
            self._untaken = replace(self._untaken, waiting=())
        data = {
            "beyond_end": place is not None and place.beyond_end,
            **(await _awaited(watch) if self._untaken.waiting else {}),
            UNTAKEN: _UNTAKEN.dump_python(self._untaken, mode="json"),
        }
        reason = unreadable_reason(logs) if isinstance(logs, Missing) else ""
        sample = Sample(watch.now, data, reason)
        silent = self._silence(self._untaken, sample, watch.now) is not None
        told = (*(self._untaken.waiting if silent else ()), *self._untaken.lost)
        return replace(sample, data={**data, **await self._named(watch, told)}) if told else sample

    async def _named(
        self, watch: Watch, told: Sequence[PublishedCallback]
    ) -> dict[str, dict[str, int]]:
        """Return how many of what waits, and of what was lost, are of each batch."""
        whose = await self._batches.of(watch, told)
        kinds = {"batches": self._untaken.waiting, "lost_of": self._untaken.lost}
        return {
            kind: dict(Counter(whose[id] for one in some if (id := one.correlation_id) in whose))
            for kind, some in kinds.items()
        }

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the last sample; pure."""
        last = window.samples[-1] if window.samples else None
        if last is None or not last.data:
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        untaken = _untaken(last)
        closing = {CONSUMER: _again(untaken), SKIPPED_CALLBACKS: STAYS_LOST}
        gone = skipped_condition(untaken, tuple(last.data.get("lost_of") or ()), now)
        lost = (gone,) if gone else ()
        if last.data.get("beyond_end"):
            return Judgement(Sight.CLEAR, (beyond_condition(last.at), *lost), closing=closing)
        if last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        if last.data.get("waited_for") is False:
            closing = {**closing, CONSUMER: "no batch waits for an answer"}
            return Judgement(Sight.CLEAR, lost, closing=closing)
        silence = self._silence(untaken, last, now)
        if silence is None and untaken.settles(now):
            held = {CONSUMER: "CJ takes callbacks again, and may yet take those that it passed"}
            return Judgement(Sight.CLEAR, held=held, closing=closing)
        found = (*((silence,) if silence else ()), *lost)
        return Judgement(Sight.CLEAR, found, closing=closing)

    def _silence(self, untaken: UntakenCallbacks, last: Sample, now: datetime) -> Condition | None:
        if not untaken.heard or not untaken.waiting:
            return None
        few = len(untaken.waiting) < self._least
        first = untaken.waiting[0].at
        quiet = now - max(first, untaken.seen_at or first)
        if quiet < (self._few_after if few else self._after):
            return None
        if few and not _is_missed(untaken, last):
            return None
        batches = tuple(last.data.get("batches") or ())
        return silent_condition(untaken, batches, now, few=few, long=quiet >= LOST_AFTER)


DETECTOR = ConsumerSilent


def _untaken(sample: Sample) -> UntakenCallbacks:
    try:
        return _UNTAKEN.validate_python(sample.data.get(UNTAKEN) or {})
    except ValidationError:
        return UntakenCallbacks()


def _again(untaken: UntakenCallbacks) -> Text:
    """Return that CJ takes callbacks again, and how many published before it did not take."""
    if untaken.is_unknown:
        return "CJ's log goes on; no line says whether it took what was published meanwhile"
    skipped = len(untaken.skipped)
    if not skipped:
        return "CJ takes callbacks again"
    lost = many(skipped, "callback")
    return words(
        f"CJ takes callbacks again, but skipped {lost} published before: lost. Next: ",
        Command("/batch list waiting_callbacks"),
    )


async def _on_topic(watch: Watch) -> tuple[PublishedCallback, ...] | None:
    """Return what the topic itself brought since the last tick; None where it is not read."""
    seen = await watch.callbacks()
    if seen is None or isinstance(seen, Missing):
        return None
    return tuple(
        PublishedCallback(one.at, one.request_id.lower(), one.correlation_id.lower())
        for one in seen
        if not one.consumed
    )


async def _awaited(watch: Watch) -> dict[str, Any]:
    """Return whether an open batch waits for answers, since when, and when the last one came."""
    batches = await watch.open_batches()
    if batches is None or isinstance(batches, Missing):
        return {}
    open_ = [one.pairs for one in batches if not one.header.ended]
    since = [at for one in open_ if one.pending and (at := one.pending_first_submitted_at)]
    answered = [at for one in open_ if (at := one.last_completed_at)]
    return {
        "waited_for": any(one.pending for one in open_),
        "waits_since": min(since).isoformat() if since else None,
        "answered_at": max(answered).isoformat() if answered else None,
    }


def _is_missed(untaken: UntakenCallbacks, sample: Sample) -> bool:
    """Say whether the rows miss what few callbacks hold: who waits did so when they were published.

    An answer that came since, and not of a callback that was seen taken, shows that CJ takes them.
    """
    first, taken = untaken.waiting[0].at, untaken.taken_at
    since, answered = moment(sample.data.get("waits_since")), moment(sample.data.get("answered_at"))
    if sample.data.get("waited_for") is not True or (since is not None and since > first):
        return False
    if answered is None or answered < first:
        return True
    return taken is not None and answered - taken <= BESIDE
