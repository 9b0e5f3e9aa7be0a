"""The LLM provider's callbacks do not reach Kafka: their answers wait in its memory, or are lost.

Its publisher swallows what Kafka refuses and says "Published success callback event" all the same.
What it kept is published half a minute later, once Kafka answers; behind Kafka's open breaker it
waits until something new is published; a restart, or five failures in a row, loses it for good.
What CJ took was published, whether the provider's log says so or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.detectors._batches import batches_of, place_told, sole
from bot.detectors._event_counts import KEPT_EXAMPLES, QuietSettings, dated_events
from bot.detectors._state import NOTHING_READ, moment, unreadable_reason
from bot.detectors.callbacks._untaken import TAKEN, taken_callback
from bot.diagnosis.comparison.causes import LOST_CALLBACKS, UNPUBLISHED
from bot.diagnosis.comparison.rejections import RECEIVED
from bot.diagnosis.publishing.memory import Fate, HeldMessage, PublisherMemory
from bot.diagnosis.publishing.signs import NEEDLES, publish_sign
from bot.diagnosis.publishing.wording import (
    FATES,
    NEW_REQUEST,
    NO_RESTART,
    lost_steps,
    lost_why,
    waiting_why,
)
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity, plain
from bot.domain.words import Command, Id, Time, words
from bot.ports import Watch
from bot.text.wording import many

PROVIDER = "llm_provider"
# What is refused and published again moments later comes in bursts: one alert a burst.
CALM = timedelta(minutes=2)
# What a sample may keep of one provider's memory; what is behind these is of the same outage.
MOST_KEPT = 200
_MEMORIES: TypeAdapter[dict[str, PublisherMemory]] = TypeAdapter(dict[str, PublisherMemory])


class CallbacksUnpublished:
    """Watches what the LLM provider's publisher holds in its memory, by its log."""

    name: ClassVar[str] = "callbacks_unpublished"
    summary: ClassVar[str] = (
        "Kafka does not take the LLM provider's callbacks: answers wait in its memory, or are lost"
    )
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (*NEEDLES, TAKEN, *RECEIVED)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)
    Settings: ClassVar[type[BaseModel]] = QuietSettings

    def __init__(self, settings: QuietSettings) -> None:
        self._quiet = timedelta(seconds=settings.quiet_seconds)
        self._memories: dict[str, PublisherMemory] = {}

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._quiet.total_seconds() + 300

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells what was, or was not, published, or what CJ took."""
        return publish_sign(event) is not None or taken_callback(event) is not None

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        try:
            self._memories = _MEMORIES.validate_python(samples[-1].data.get("memories") or {})
        except ValidationError:
            self._memories = {}

    async def sample(self, watch: Watch) -> Sample:
        """Fold this tick's lines into what is held, and note what was lost or went out late."""
        events = [event for _, event in dated_events(watch)]
        taken = {clue.queue_id for one in events if (clue := taken_callback(one))}
        told = {event.container for event in events if publish_sign(event) is not None}
        for name in {*told, *(self._memories if taken else ())}:
            before = replace(self._memories.get(name, PublisherMemory()), gone=())
            mine = before.after(one for one in events if one.container == name)
            self._memories[name] = mine.without(taken, watch.now)
        memories = list(self._memories.values())
        waiting = [one for memory in memories for one in memory.waiting]
        gone = [one for memory in memories for one in memory.gone]
        lost = [one for one in gone if one.fate is not Fate.DELIVERED]
        kept = {name: _kept(memory) for name, memory in self._memories.items() if memory.held}
        self._memories = {name: replace(one, gone=()) for name, one in self._memories.items()}
        data = {
            "waiting": [_fact(one) for one in waiting[:KEPT_EXAMPLES]],
            "count": len(waiting),
            "blocked": sum(one.fate is Fate.BLOCKED for one in waiting),
            "open_since": min((m.open_since for m in memories if m.open_since), default=None),
            "lost": [_fact(one) for one in lost[:KEPT_EXAMPLES]],
            "lost_count": len(lost),
            "late": len(gone) - len(lost),
            "batches": dict(await batches_of(watch, _ids([*waiting, *lost]))),
            "memories": _MEMORIES.dump_python(kept, mode="json"),
        }
        reason = unreadable_reason(watch.logs) if isinstance(watch.logs, Missing) else ""
        return Sample(watch.now, plain(data) if isinstance(watch.logs, Followed) else {}, reason)

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from what waits now and what was lost lately; pure."""
        last = window.samples[-1] if window.samples else None
        known = [one for one in window.samples if one.data]
        if last is not None and last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        if not known:
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        *before, known = _outages(known)
        episode = self._episode(known, now)
        said = known if not before or any(map(_is_bad, known)) else before[-1]
        closing = {PROVIDER: _closing(episode or said)}
        if not episode:
            return Judgement(Sight.CLEAR, closing=closing)
        if not episode[-1].data["count"] and not _lost(episode):
            held = {PROVIDER: "what waited was published a moment ago"}
            return Judgement(Sight.CLEAR, held=held, closing=closing)
        return Judgement(Sight.CLEAR, (_condition(episode, now),), closing=closing)

    def _episode(self, known: Sequence[Sample], now: datetime) -> list[Sample]:
        """Return the samples of the trouble that lasts, up to now; none when there is none."""
        bad = [one for one in known if _is_bad(one)]
        over = self._quiet if _lost(known) else CALM
        if not bad or (now - bad[-1].at >= over and not known[-1].data["count"]):
            return []
        first = bad[-1]
        for one in reversed(bad[:-1]):
            # What was delivered in the end is another matter than what is lost later.
            if first.at - one.at > (self._quiet if one.data["lost_count"] else CALM):
                break
            first = one
        return [one for one in known if one.at >= first.at]


DETECTOR = CallbacksUnpublished


def _is_bad(sample: Sample) -> bool:
    return bool(sample.data["count"] or sample.data["lost_count"])


def _outages(known: Sequence[Sample]) -> list[list[Sample]]:
    """Return the samples with each outage apart, the newest last, which may hold none.

    One is over as Kafka's breaker closed and nothing waits: what is refused after that is another.
    Of what was lost that is no end.
    """
    found: list[list[Sample]] = [[]]
    was_open = lost = False
    for one in known:
        found[-1].append(one)
        was_open |= bool(one.data["open_since"])
        lost |= bool(one.data["lost_count"])
        if was_open and not (lost or one.data["count"] or one.data["open_since"]):
            found.append([])
            was_open = False
    return found


def _kept(memory: PublisherMemory) -> PublisherMemory:
    return replace(memory, held=memory.held[:MOST_KEPT], gone=())


def _fact(one: HeldMessage) -> Mapping[str, Any]:
    return {
        "at": one.changed_at or one.at,
        "since": one.at,
        "fate": one.fate.value,
        "queue_id": one.queue_id,
        "correlation_id": one.correlation_id,
    }


def _ids(held: Sequence[HeldMessage]) -> set[str]:
    return {id for one in held for id in (one.queue_id, one.correlation_id)}


def _lost(samples: Sequence[Sample]) -> int:
    return sum(int(one.data["lost_count"]) for one in samples)


def _closing(samples: Sequence[Sample]) -> str:
    late = sum(int(one.data["late"]) for one in samples)
    lost = _lost(samples)
    if lost:
        return f"no further answer was lost; the {_answers(lost)} lost before do not come back"
    return f"Kafka took the {_answers(late)} that waited" if late else "nothing waits any more"


def _answers(count: int) -> str:
    return many(count, "answer")


def _condition(episode: Sequence[Sample], now: datetime) -> Condition:
    last = episode[-1].data
    waiting, lost = int(last["count"]), _lost(episode)
    facts = [fact for one in episode for fact in (*one.data["lost"], *one.data["waiting"])]
    since = min(moment(fact["since"]) or now for fact in facts)
    blocked = bool(last["blocked"]) or bool(last["open_since"])
    fates = {Fate(fact["fate"]) for one in episode for fact in one.data["lost"]}
    gone = [fact for one in episode for fact in one.data["lost"]]
    correlation = str((gone or last["waiting"] or facts)[0]["correlation_id"])
    step = Command(f"/trace {correlation}" if correlation else "/batch list waiting_callbacks")
    batches = {batch for one in episode for batch in one.data.get("batches") or ()}
    place = place_told(batches, "of")
    built = fates == {Fate.INVALID} and not waiting
    whose = "Callbacks are not valid" if built else "Kafka takes no callbacks"
    parts = [f"{_answers(lost)} lost"] if lost else []
    if waiting:
        where = "behind Kafka's open breaker" if blocked else "in the provider's memory"
        parts.append(f"{many(waiting, 'answer', ('waits', 'wait'))} {where}")
    return Condition(
        subject=PROVIDER,
        rule=LOST_CALLBACKS.rule if lost else UNPUBLISHED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"{whose}{place or ' of the LLM provider'}",
            Time(since, " since "),
            f": {', '.join(parts)}, high confidence. Next: ",
            step,
        ),
        since=since,
        known=f"{'lost' if lost else ''} {'blocked' if waiting and blocked else ''}".strip(),
        count=int(last["lost_count"]),
        headline=f"{whose}{place}: "
        + " and ".join(
            [f"{many(lost, 'answer')} lost"] * bool(lost)
            + [f"{many(waiting, 'answer')} held back"] * bool(waiting)
        ),
        why=lost_why(fates) if lost else waiting_why(blocked=blocked),
        evidence=_evidence(facts),
        next=(
            words(step),
            *((NO_RESTART, NEW_REQUEST) if waiting else ()),
            *(lost_steps(fates) if lost else ()),
            words(Command("/batch list waiting_callbacks")),
        ),
        batch=sole(batches),
        correlation_id=correlation,
    )


def _evidence(facts: Sequence[Mapping[str, Any]]) -> tuple[EvidenceLine, ...]:
    newest = {fact["queue_id"]: fact for fact in facts}
    return tuple(
        EvidenceLine(
            PROVIDER,
            moment(fact["at"]),
            words("callback of request ", Id(fact["queue_id"]), f": {FATES[Fate(fact['fate'])]}"),
        )
        for fact in list(newest.values())[-KEPT_EXAMPLES:]
    )
