"""The LLM provider keeps requests in its own memory, because Redis fails: a restart loses them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from bot.border.outside import raw
from bot.detectors._event_counts import (
    EventCount,
    EventCountDetector,
    Occurrence,
    QuietSettings,
    dated_events,
)
from bot.detectors._state import moment
from bot.detectors.services._redis_refused import (
    LASTS,
    LPS_SERVICE,
    OVER,
    REFUSED,
    TAKES_WRITES,
    newest_episode,
    refusals,
    refused_condition,
)
from bot.diagnosis.comparison.causes import (
    EXPIRED_UNANSWERED,
    LOCAL_QUEUE,
    NO_LIFE_STEP,
    NO_LIFE_WHY,
    Cause,
)
from bot.diagnosis.queue.log_events import NEEDLES, LoopSign, SignKind, sign_of
from bot.diagnosis.queue.losses import ENDS
from bot.diagnosis.queue.redis_refusals import NEEDLES as REFUSAL_NEEDLES
from bot.diagnosis.queue.redis_refusals import refusal_of
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, Words, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

MOST_HELD = 2_000
T = TypeVar("T")
# What is answered at once is told all the same: Redis did fail.
LEAST = timedelta(minutes=1)
KEPT, AWAY, LOST_AT = "kept", "away", "lost_at"
ANSWERED = "Redis is used again, and every request that it kept itself was answered"
BACK = "Redis is reached again"
GONE = "the LLM provider was restarted, and what it kept is lost"
LOST_WITH_IT, UNBORN = f"{LPS_SERVICE}, lost", f"{LPS_SERVICE}, no time to live"
_STORE = frozenset({SignKind.STORE_LOST, SignKind.STORE_AWAY, SignKind.STORE_BACK,
                    SignKind.QUEUED, SignKind.RESTART, SignKind.NO_LIFE})  # fmt: skip


class LocalQueue(EventCountDetector):
    """Watches the provider's log for requests that it could not put into Redis."""

    name: ClassVar[str] = "local_queue"
    summary: ClassVar[str] = (
        "Redis fails, and the LLM provider keeps requests in its own memory, which a restart loses"
    )
    needles: ClassVar[tuple[str, ...]] = (*NEEDLES, *REFUSAL_NEEDLES)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)

    def __init__(self, settings: QuietSettings) -> None:
        super().__init__(settings)
        # Those whose time to live Redis refuses: it is well, and they are kept for no time.
        self._unborn: dict[str, None] = {}
        # The requests in the memory of which process, and whether it cannot reach Redis.
        self._kept: dict[str, str] = {}
        self._is_away = False
        self._lost_at: datetime | None = None
        # What is tried again is kept again, and is one request all the same.
        self._counted: dict[str, None] = {}

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event tells of the provider's Redis, or of a request's end."""
        sign = sign_of(event)
        tells = sign is not None and (sign.kind in _STORE or sign.kind in ENDS)
        return tells or refusal_of(event) is not None

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        super().resume(samples)
        kept = samples[-1].data.get(KEPT)
        self._kept = dict(kept) if isinstance(kept, Mapping) else {}
        self._counted = dict.fromkeys(self._kept)
        self._is_away = bool(samples[-1].data.get(AWAY))
        self._lost_at = moment(samples[-1].data.get(LOST_AT))

    async def sample(self, watch: Watch) -> Sample:
        """Collect this tick's lines, and who of those kept is still without an end."""
        dated = dated_events(watch)
        found = [*self._follow(dated)]
        lost = [(at, event) for at, event in dated if self._is_loss(event)]
        found += [*(self._occurrence(at, event) for at, event in lost), *refusals(dated)]
        sample = self.sampled(watch, found)
        self._lost_at = max(
            (one.at for one in found if one.subject in LASTS), default=self._lost_at
        )
        now = {KEPT: dict(self._kept), AWAY: self._is_away, **self._ending(watch.now)}
        return replace(sample, data={**sample.data, **now}) if sample.data else sample

    def _ending(self, now: datetime) -> dict[str, Any]:
        """Return whether what failed is over: what fails after that is another episode."""
        well = not (self._is_away or self._kept)
        if self._lost_at is None or not well or now - self._lost_at < LEAST:
            return {LOST_AT: self._lost_at.isoformat() if self._lost_at else None}
        self._lost_at = None
        self._counted.clear()
        self._episodes = {name: one for name, one in self._episodes.items() if name not in LASTS}
        return {OVER: True}

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window: it is over when all was answered, or quiet for long; pure."""
        window = newest_episode(window)
        judgement = _as_one(super().judge(window, now))
        last = window.samples[-1].data if window.samples else {}
        if judgement.sight is not Sight.CLEAR or last.get(AWAY, True) or last.get(KEPT, True):
            return judgement
        groups = _groups(window)
        lost = (datetime.fromisoformat(group["last"]) for group in groups)
        gone = any(LOST_WITH_IT in sample.data.get("groups", {}) for sample in window.samples)
        if not gone and now - max(lost, default=now) < LEAST:
            return judgement
        kept_some = any(group["count"] for group in groups)
        standing = tuple(one for one in judgement.conditions if one.subject not in LASTS)
        well = ANSWERED if kept_some else BACK
        ends = {LPS_SERVICE: GONE if gone else well, REFUSED: GONE if gone else TAKES_WRITES}
        closing = {**judgement.closing, **ends}
        return replace(judgement, conditions=standing, closing=closing)

    def _follow(self, dated: Sequence[tuple[datetime, LogEvent]]) -> Iterator[Occurrence]:
        """Follow who is kept, and yield what a restart of the process that kept them lost."""
        for at, event in dated:
            sign = sign_of(event)
            self._is_away |= refusal_of(event) is not None
            if sign is None:
                continue
            if sign.kind is SignKind.NO_LIFE or sign.queue_id in self._unborn:
                yield from self._follow_unborn(sign, event)
            elif sign.kind is SignKind.STORE_LOST and sign.queue_id:
                _hold(self._kept, sign.queue_id, raw(event.container))
            elif _is_away(sign):
                self._is_away = True
            elif sign.kind in (SignKind.STORE_BACK, SignKind.QUEUED):
                self._is_away = False
            elif sign.kind in ENDS:
                self._kept.pop(sign.queue_id, None)
            elif sign.kind is SignKind.RESTART:
                # It says anew whether it reaches Redis.
                place, self._is_away = raw(event.container), False
                lost = [one for one, where in self._kept.items() if where == place]
                self._kept = {one: where for one, where in self._kept.items() if where != place}
                for one in lost:
                    extra = {"queue_id": one}
                    yield Occurrence(LOST_WITH_IT, at, event.container, redact(event.event), extra)

    def _follow_unborn(self, sign: LoopSign, event: LogEvent) -> Iterator[Occurrence]:
        """Yield what Redis refused for its time to live, once: it is kept for no time at all."""
        if sign.kind is SignKind.NO_LIFE and sign.queue_id not in self._unborn:
            _hold(self._unborn, sign.queue_id, None)
            extra = {"queue_id": sign.queue_id}
            yield Occurrence(UNBORN, sign.at, event.container, redact(event.event), extra)

    def _is_loss(self, event: LogEvent) -> bool:
        sign = sign_of(event)
        if sign is None or sign.queue_id in self._unborn:
            return False
        return sign.kind is SignKind.STORE_LOST or _is_away(sign)

    def _occurrence(self, at: datetime, event: LogEvent) -> Occurrence:
        sign = sign_of(event)
        id = sign.queue_id if sign else ""
        counts = "Using local queue" in event.event and id not in self._counted
        if counts and id:
            _hold(self._counted, id, None)
        return Occurrence(
            LPS_SERVICE,
            at,
            event.container,
            redact(event.event),
            {"queue_id": id, AWAY: sign is not None and _is_away(sign)},
            counts=int(counts),
        )

    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of one subject."""
        held = many(counted.count, "request")
        if counted.subject == LOST_WITH_IT:
            return _lost(counted)
        if counted.subject == UNBORN:
            return _expired(counted)
        if counted.subject == REFUSED:
            return refused_condition(counted)
        away, keeps = bool(counted.told(AWAY)), f"keeps {held} in its own memory"
        kept = (
            f"{'cannot reach Redis: it ' * away}{keeps}" if counted.count else "cannot reach Redis"
        )
        # What it keeps it logs as information, what it lacks as a warning.
        word = "local" if counted.count else "Redis --level warning"
        look = Command(f"/logs llm_provider {word}")
        return Condition(
            subject=counted.subject,
            rule=LOCAL_QUEUE.rule,
            severity=Severity.ERROR if away else Severity.WARN,
            confidence=Confidence.HIGH,
            title=words(
                f"The LLM provider {kept} since ", Time(counted.first_at), ". Next: ", look
            ),
            since=counted.first_at,
            known=f"{'local queue' if counted.count else 'redis'}{' away' * away}",
            count=counted.fresh,
            headline=f"Redis {'is away' if away else 'fails'}: the LLM provider "
            + (keeps if counted.count else kept),
            lasts=False,
            why=LOCAL_QUEUE.why,
            evidence=counted.examples,
            next=(
                words(look),
                "Bring Redis back; do not restart the LLM provider before it has worked them off.",
            ),
            batch="",
        )


DETECTOR = LocalQueue


def _is_away(sign: LoopSign) -> bool:
    """Say whether a line tells of Redis itself, and not of one request that it did not take."""
    lost = sign.kind is SignKind.STORE_LOST and not sign.queue_id
    return lost or sign.kind is SignKind.STORE_AWAY


def _hold(held: dict[str, T], id: str, what: T) -> None:
    """Hold one more, and let go of the oldest beyond the bound."""
    held[id] = what
    if len(held) > MOST_HELD:
        del held[next(iter(held))]


def _lost(counted: EventCount) -> Condition:
    lost = many(counted.count, "request", ("was", "were"))
    what = f"{lost} lost with the LLM provider's own memory"
    title = words(f"{what} at ", Time(counted.first_at))
    return _never_answered(counted, LOCAL_QUEUE, "lost", title, what)


def _expired(counted: EventCount) -> Condition:
    lost = many(counted.count, "request")
    title = words(f"{lost} expired in the LLM queue as they came since ", Time(counted.first_at))
    what = f"{lost} expired as they came: their time to live is 0"
    return _never_answered(
        counted, EXPIRED_UNANSWERED, "expired", title, what, why=NO_LIFE_WHY, first=(NO_LIFE_STEP,)
    )


def _never_answered(
    counted: EventCount,
    cause: Cause,
    known: str,
    title: Words,
    what: str,
    *,
    why: str = "",
    first: tuple[str, ...] = (),
) -> Condition:
    """Return the condition of requests that are gone: CJ has to ask for them again."""
    look = Command("/batch list waiting_callbacks")
    return Condition(
        subject=counted.subject,
        rule=cause.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(title, ". Next: ", look),
        since=counted.first_at,
        known=f"{known} {counted.last_at.isoformat()}",
        count=counted.fresh,
        headline=what,
        lasts=False,
        why=why or cause.why,
        evidence=tuple(dict.fromkeys(counted.examples)),
        next=(words(look), *first, "Ask for these comparisons again: they get no callback."),
        batch="",
    )


def _as_one(judgement: Judgement) -> Judgement:
    """Return a judgement in which what Redis refuses stands for what is kept because of it."""
    if all(one.subject != REFUSED for one in judgement.conditions):
        return judgement
    others = (one for one in judgement.conditions if one.subject != LPS_SERVICE)
    return replace(judgement, conditions=tuple(others))


def _groups(window: Window) -> list[Mapping[str, Any]]:
    found = (sample.data.get("groups", {}) for sample in window.samples)
    return [groups[one] for groups in found for one in LASTS if one in groups]
