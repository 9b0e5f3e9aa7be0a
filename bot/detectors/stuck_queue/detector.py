"""The LLM provider's queue does not move: an item, a worker or the whole queue is stuck.

Judged by identity and life signs over time, never on size alone: a queue of equal size whose
items turn over is healthy (incident of 2025-11-18: size 1, queued 0, for 40 minutes).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.detectors._read_once import ReadOnce
from bot.detectors._state import in_utc, moment, unreadable_reason
from bot.detectors.stuck_queue.alert_text import (
    QUEUE,
    sources_in_words,
    stuck_condition,
    unreadable_condition,
)
from bot.detectors.stuck_queue.depth_gauges import GAUGE, judge_gauges
from bot.detectors.stuck_queue.resolution import (
    after_expiry,
    closing,
    last_expired,
    left_just_now,
    moved_just_now,
)
from bot.diagnosis.queue import unkept_log
from bot.diagnosis.queue.carry_over import carry
from bot.diagnosis.queue.conservation import ended_requests
from bot.diagnosis.queue.history import Level, queue_chart
from bot.diagnosis.queue.log_events import NEEDLES
from bot.diagnosis.queue.open_requests import TEXTS, OpenRequests
from bot.diagnosis.queue.timeline import QUEUE_UNREADABLE
from bot.diagnosis.queue.verdict import (
    Observation,
    QueueVerdict,
    SignKind,
    compact,
    is_queue_event,
    judge_queue,
    signs_of,
)
from bot.domain.alert import Judgement, Sample, Sight, Window
from bot.domain.chart import Chart
from bot.domain.evidence import Missing
from bot.domain.followed import Followed, unread_log
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueReading
from bot.ports import Watch

MOST_ENDED = 300
KEPT_ITEMS, KEPT_FRONT, KEPT_WAITING = 40, 12, 5

REQUESTS, WORKED = "requests", "worked_at"
_OBSERVATION: TypeAdapter[Observation] = TypeAdapter(Observation)
_REQUESTS: TypeAdapter[OpenRequests] = TypeAdapter(OpenRequests)


class _Look(NamedTuple):
    """One look at the queue: all that it carries, and what of it the look before did not hold."""

    whole: Observation
    fresh: Observation


class StuckQueueSettings(BaseModel):
    """How long a queue may be without a sign of life, and how far back is looked."""

    window_seconds: float = Field(1200, gt=0, description="how far back the verdict looks")
    open_after_seconds: float = Field(
        300, gt=0, description="how long nothing may move; shorter than 300 is for a demo only"
    )


class StuckQueue:
    """Watches the queue from Redis, else from its life signs in logs, else from its gauges."""

    name: ClassVar[str] = "stuck_queue"
    summary: ClassVar[str] = (
        "The LLM queue shows no sign of life for 5 minutes: orphaned item, hung worker, leak …"
    )
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 1
    needles: ClassVar[tuple[str, ...]] = (*NEEDLES, *TEXTS, *unkept_log.TEXTS)
    # Redis tells it too: each look says whether the provider's log was read.
    rests_on: ClassVar[tuple[Role, ...]] = ()
    Settings: ClassVar[type[BaseModel]] = StuckQueueSettings

    def __init__(self, settings: StuckQueueSettings) -> None:
        self._settings = settings
        self._previous: Observation | None = None
        self._requests = OpenRequests()
        # When CJ's lines last showed the provider at work.
        self._worked_at: datetime | None = None
        self._looks = ReadOnce(_look)

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._settings.window_seconds

    def wants(self, event: LogEvent) -> bool:
        """Say whether a log event is a life sign of the queue's loop."""
        told = is_queue_event(event) or any(text in event.event for text in TEXTS)
        return told or unkept_log.shows_work(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        self._previous = _observation(samples[-1])
        self._worked_at = moment(samples[-1].data.get(WORKED))
        try:
            self._requests = _REQUESTS.validate_python(samples[-1].data.get(REQUESTS) or {})
        except ValidationError:
            self._requests = OpenRequests()

    async def sample(self, watch: Watch) -> Sample:
        """Take one look at the queue and at what the loop logged since the look before."""
        reading = await watch.queue()
        known = self._previous is not None and self._previous.heard
        seen = _observed(reading, watch, known=known)
        observation = carry(self._previous, self._with_answers(seen, watch))
        self._previous = observation
        data = _OBSERVATION.dump_python(observation, mode="json")
        data[REQUESTS] = _REQUESTS.dump_python(self._requests.kept(), mode="json")
        data[WORKED] = self._worked_at.isoformat() if self._worked_at else None
        gauge = None if isinstance(reading, QueueReading) else await _gauge(watch)
        return Sample(watch.now, data | ({GAUGE: gauge} if gauge else {}), observation.unreadable)

    def _with_answers(self, seen: Observation, watch: Watch) -> Observation:
        """Return a look that knows which of what it shows was answered."""
        logs = watch.logs if isinstance(watch.logs, Followed) else Followed(lost=1)
        before = self._previous.reading.items if self._previous and self._previous.reading else ()
        here = {id for one in before for id in (one.queue_id, one.correlation_id)}
        self._requests = self._requests.after(logs.events, here, sound=logs.is_whole)
        worked = unkept_log.worked_at(logs.events, self._requests.open)
        self._worked_at = max(filter(None, (worked, self._worked_at)), default=None)
        unkept = unkept_log.is_unkept(self._worked_at, logs.reaches(Role.LLM_PROVIDER))
        return replace(
            seen,
            logs_readable=seen.logs_readable and not unkept,
            reading=self._requests.marked(seen.reading) if seen.reading else None,
            snapshots=self._requests.snapshots,
            signs=compact(self._requests.told(signs_of(logs.events))),
        )

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window; pure."""
        looks = self._looks.of(window.samples)
        observations = [*(one.whole for one in looks[:1]), *(one.fresh for one in looks[1:])]
        opens_after = timedelta(seconds=self._settings.open_after_seconds)
        if not any(
            one.reading or one.snapshots or one.signs or one.unreadable for one in observations
        ):
            by_gauge = judge_gauges(window.samples, now, QUEUE, opens_after)
            return by_gauge or Judgement(Sight.WARMING, note="nothing of the queue was seen yet")
        verdict = judge_queue(
            observations, now, watched_since=window.started_at, opens_after=opens_after
        )
        if verdict.rule == QUEUE_UNREADABLE:
            unreadable = Judgement(
                Sight.UNREADABLE, (unreadable_condition(verdict, now),), verdict.what
            )
            whole = [look.whole for look in looks]
            return self._judge_by_other_sources(whole, window, now) or unreadable
        if verdict.rule == "warming":
            return Judgement(Sight.WARMING, note=verdict.what)
        if verdict.rule == "ok" and (lost := last_expired(observations)) is not None:
            gone = after_expiry(observations, lost, now)
            # A silence is no sign of work, whatever was worked on before it.
            held = {QUEUE: verdict.what} if verdict.undecided and not gone.conditions else {}
            return replace(gone, held=held)
        if verdict.rule == "ok":
            held = {QUEUE: verdict.what} if verdict.undecided else left_just_now(observations)
            held = held or moved_just_now(observations, opens_after)
            ended = closing(observations, verdict.what, opens_after)
            return Judgement(Sight.CLEAR, note=verdict.what, held=held, closing=ended)
        return Judgement(
            Sight.CLEAR,
            (
                stuck_condition(
                    verdict, now, sources_in_words(observations), _chart(observations, verdict, now)
                ),
            ),
            verdict.what,
        )

    def _judge_by_other_sources(
        self, observations: Sequence[Observation], window: Window, now: datetime
    ) -> Judgement | None:
        """Judge by logs, else by the gauges, while Redis cannot be read; None: nothing stuck.

        Then an alert may open and none may resolve. A provider that lost Redis itself counts
        nothing right: what it shows meanwhile follows from that.
        """
        opens_after = timedelta(seconds=self._settings.open_after_seconds)
        by_logs = [
            replace(one, reading=None, unreadable="") for one in observations if one.logs_readable
        ]
        if _has_lost_redis(observations, now - opens_after):
            return None
        if not by_logs or not observations[-1].logs_readable:
            by_gauge = judge_gauges(window.samples, now, QUEUE, opens_after)
            found = by_gauge.conditions if by_gauge else ()
            return Judgement(Sight.WARMING, found, "Redis unreadable") if found else None
        verdict = judge_queue(
            by_logs, now, watched_since=window.started_at, opens_after=opens_after
        )
        if verdict.rule in ("ok", "warming", QUEUE_UNREADABLE):
            return None
        found = (
            stuck_condition(verdict, now, sources_in_words(by_logs), _chart(by_logs, verdict, now)),
        )
        return Judgement(Sight.WARMING, found, "Redis unreadable, judged from logs")


DETECTOR = StuckQueue


def _has_lost_redis(observations: Sequence[Observation], lately: datetime) -> bool:
    """Say whether the provider itself cannot reach Redis, by its own words."""
    said = sorted((sign.at, sign.kind) for one in observations for sign in one.signs)
    store = [kind for _, kind in said if kind in (SignKind.STORE_LOST, SignKind.STORE_BACK)]
    failing = any(kind is SignKind.LOOP_ERROR and at >= lately for at, kind in said)
    return failing or store[-1:] == [SignKind.STORE_LOST]


async def _gauge(watch: Watch) -> list[int] | None:
    """Return the provider's depth gauges (total, queued), None when it shows none."""
    health = await watch.health()
    for one in () if health is None or isinstance(health, Missing) else health:
        if one.queue_total is not None:
            return [one.queue_total, one.queue_queued or 0]
    return None


def _observed(reading: QueueReading | Missing | None, watch: Watch, *, known: bool) -> Observation:
    logs = watch.logs
    events = logs.events if isinstance(logs, Followed) else ()
    heard = known or (isinstance(logs, Followed) and logs.hears(Role.LLM_PROVIDER))
    return Observation(
        at=watch.now,
        reading=_trimmed(reading) if isinstance(reading, QueueReading) else None,
        logs_readable=isinstance(logs, Followed)
        and not logs.missing
        and heard
        and Role.LLM_PROVIDER not in logs.silent(),
        unreadable=_unreadable_reason(reading, logs),
        heard=heard,
        ended=ended_requests(events)[-MOST_ENDED:],
    )


def _unreadable_reason(
    reading: QueueReading | Missing | None, logs: Followed | Missing | None
) -> str:
    """A queue is unreadable when its best source fails: Redis where configured, else the logs."""
    if isinstance(reading, Missing):
        return unreadable_reason(reading)
    if reading is None and isinstance(logs, Missing):
        return unreadable_reason(logs)
    silent = logs.silent() if reading is None and isinstance(logs, Followed) else {}
    if Role.LLM_PROVIDER in silent:
        return unread_log(Role.LLM_PROVIDER, silent[Role.LLM_PROVIDER])
    return ""


def _trimmed(reading: QueueReading) -> QueueReading:
    """Keep the front, what is not waiting and who waits first, so that a window stays small."""
    waiting = [item.queue_id for item in reading.items if item.status == "queued"]
    first = set(waiting[:KEPT_WAITING])
    kept = [
        item
        for place, item in enumerate(reading.items)
        if place < KEPT_FRONT or item.status != "queued" or item.queue_id in first
    ]
    return QueueReading(
        reading.at,
        reading.size,
        (*kept[:KEPT_ITEMS], *(item for item in kept[KEPT_ITEMS:] if item.queue_id in first)),
        reading.unreadable,
        reading.truncated or len(kept) < len(reading.items),
    )


def _look(sample: Sample, before: _Look | None) -> _Look:
    """Return what a sample saw; most of it is carried over from the one before."""
    whole = _observation(sample)
    if before is None:
        return _Look(whole, whole)
    signs, snapshots = set(before.whole.signs), set(before.whole.snapshots)
    fresh = replace(
        whole,
        signs=tuple(one for one in whole.signs if one not in signs),
        snapshots=tuple(one for one in whole.snapshots if one not in snapshots),
    )
    return _Look(whole, fresh)


def _observation(sample: Sample) -> Observation:
    data = {
        key: value for key, value in sample.data.items() if key not in (GAUGE, REQUESTS, WORKED)
    }
    try:
        return in_utc(_OBSERVATION.validate_python(data))
    except ValidationError:
        return Observation(sample.at, logs_readable=False, unreadable="sample unreadable")


def _chart(observations: list[Observation], verdict: QueueVerdict, now: datetime) -> Chart | None:
    """Return the size of the queue as the ticks saw it, with the loop's dispatches."""
    levels = [Level(one.at, one.reading.size) for one in observations if one.reading]
    logged = (snapshot for one in observations for snapshot in one.snapshots)
    found = (sign for one in observations for sign in one.signs)
    signs = {(sign.at, sign.kind, sign.queue_id): sign for sign in found}
    heard = list(signs.values()) if any(one.logs_readable for one in observations) else None
    return queue_chart((*levels, *logged), heard, now, since=verdict.since)
