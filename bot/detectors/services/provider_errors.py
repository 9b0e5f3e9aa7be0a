"""A burst of failures of the model provider, counted as real failures: a bundle fails as one.

When one request of a serial bundle or a job of the batch API fails, every item of it is failed or
given back, so its lines are one failure. Only the provider's own lines count. One failure opens an
alert too when a whole bundle was given up over it. An open circuit breaker opens one at once; mock
mode is part of every title.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._event_counts import dated_events
from bot.detectors._failure_streak import FailureStreak
from bot.detectors._provider_causes import CAUSE_NEEDLES, FailedRequests, causes_in, tells_a_cause
from bot.detectors._refusals import DONE, RefusalRun, runs_after, runs_in
from bot.detectors._state import NOTHING_READ, unreadable_reason
from bot.detectors.services._breakers import breakers_in, without_closed
from bot.detectors.services._outbreak import (
    ANSWERS,
    FAILED_FROM,
    FAILURES,
    FIRST,
    GIVEN_UP,
    ITEM_FAILED,
    ITEMS_WITHIN,
    REFUSALS,
    STREAK,
    TAIL,
    Looks,
    Stretch,
    after_event,
    fails,
    first_failure,
    is_burst,
    is_failure,
    is_item,
    onset,
    other_reasons_after,
    refused_no_more,
    severity_of,
    since_onset,
    uncovered,
    within,
)
from bot.detectors.services._provider_text import (
    KEPT,
    PROVIDER,
    Outbreak,
    failed_in,
    provider_condition,
    refusal_condition,
    refusal_subject,
)
from bot.diagnosis.comparison.failure_words import OF_EVERY_CALL
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.service_state import CIRCUIT_TEXTS
from bot.domain.words import Time, when, words
from bot.ports import Watch
from bot.text.redaction import redact

COUNTED = (*FAILURES, *CIRCUIT_TEXTS, DONE, *ITEM_FAILED, GIVEN_UP)


class ProviderErrorsSettings(BaseModel):
    """When failures are a burst."""

    window_seconds: float = Field(600, gt=0, description="how far back failures are counted")
    least: int = Field(5, ge=1, description="fewer real failures are no burst")
    share: float = Field(0.2, gt=0, le=1, description="share of requests that fail")
    quiet_seconds: float = Field(900, gt=0, description="over after so long without a failure")


class ProviderErrors:
    """Watches the LLM provider's log for failures and successes."""

    name: ClassVar[str] = "provider_errors"
    summary: ClassVar[str] = (
        "A fifth of the model provider's answers fail within 10 minutes, failures with no "
        "answer between make it give up five requests or more, or its circuit is open"
    )
    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 2
    needles: ClassVar[tuple[str, ...]] = (*COUNTED, *CAUSE_NEEDLES)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)
    Settings: ClassVar[type[BaseModel]] = ProviderErrorsSettings

    def __init__(self, settings: ProviderErrorsSettings) -> None:
        self._settings = settings
        self._quiet = timedelta(seconds=settings.quiet_seconds)
        self._span = timedelta(seconds=settings.window_seconds)
        self._failed_at: datetime | None = None
        self._streak = FailureStreak()
        self._refusals: tuple[RefusalRun, ...] = ()
        self._requests = FailedRequests()

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        longest = max(self._settings.window_seconds, STREAK.total_seconds())
        return longest + self._settings.quiet_seconds

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event is the success or failure of a request."""
        counts = _is_providers(event) and any(text in event.event for text in COUNTED)
        return counts or tells_a_cause(event)

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        known = (one.data["streak"] for one in reversed(samples) if "streak" in one.data)
        self._streak = FailureStreak.from_json(next(known, None))
        self._refusals = runs_in(samples[-1].data.get(REFUSALS)) if samples else ()

    async def sample(self, watch: Watch) -> Sample:
        """Count this tick's answers and failures, and ask for the circuit breaker."""
        health = await watch.health()
        states = () if health is None or isinstance(health, Missing) else health
        events = dated_events(watch)
        own = [one for one in events if _is_providers(one[1])]
        self._refusals = runs_after(self._refusals, own, watch.now)
        data = {
            REFUSALS: [one.to_json() for one in self._refusals],
            "mock_mode": next((s.mock_mode for s in states if s.mock_mode is not None), None),
            "circuits": sorted({name for state in states for name in state.open_circuits}),
            **self._counts(own),
            **await causes_in(watch, [event for _, event in events], self._requests),
        }
        logs = watch.logs
        unreadable = unreadable_reason(logs) if isinstance(logs, Missing) else ""
        return Sample(watch.now, data if isinstance(logs, Followed) or states else {}, unreadable)

    def _counts(self, events: Sequence[tuple[datetime, LogEvent]]) -> dict[str, Any]:
        """Count what went wrong by its kind, what was answered, and keep a few lines."""
        failures, items = [], []
        failed_at: datetime | None = None
        hopeless = gave_up = False
        for at, event in events:
            before, self._streak = self._streak, after_event(self._streak, at, event, self._quiet)
            hopeless |= self._streak != before and self._streak.gave_up_work
            gave_up |= self._streak != before and self._streak.gave_up_bundle
            if is_failure(event):
                failures.append(event)
                self._failed_at = at
            elif is_item(event) and not self._is_repeated(at):
                items.append(event)
            else:
                continue
            failed_at = min(failed_at or at, at)
        return {
            "failures": len(failures),
            "items": len(items),
            FAILED_FROM: failed_at.isoformat() if failed_at else None,
            "done": sum(DONE in event.event for _, event in events),
            "given_up": sum(GIVEN_UP in event.event for _, event in events),
            "streak": self._streak.to_json(),
            "hopeless": hopeless,
            "gave_up_bundle": gave_up,
            "breakers": breakers_in(event for _, event in events),
            "examples": [
                {
                    "source": event.container,
                    "at": event.at.isoformat() if event.at else None,
                    "text": redact(event.event),
                }
                for event in (failures or items)[:KEPT]
            ],
        }

    def _is_repeated(self, at: datetime) -> bool:
        """Say whether an item's failure at a moment belongs to one that was just counted."""
        before = self._failed_at
        return before is not None and timedelta(0) <= at - before <= ITEMS_WITHIN

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the counts of the window; pure."""
        known: Sequence[Sample] = without_closed([one for one in window.samples if one.data])
        last = window.samples[-1] if window.samples else None
        if last is not None and last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        if not known:
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        refused, known = self._refused(known, now)
        failing = [one for one in known if fails(one)]
        quiet_from = self._quiet_from(known, failing)
        if quiet_from:
            known, failing = ([s for s in some if s.at > quiet_from] for some in (known, failing))
        condition, ended_at = self._newest_of_its_reasons(known, failing, quiet_from, now)
        last_at = ended_at or (failing[-1].at if failing else None)
        over = words("no more came", when(last_at, " since ")) if last_at else ANSWERS
        ends = {refusal_subject(one): refused_no_more(known, one) for one in OF_EVERY_CALL}
        closing = {PROVIDER: over, **ends}
        if condition is None and failing and now - failing[-1].at < TAIL:
            # The tail of a burst neither is one nor ends one.
            held = {PROVIDER: words("it failed again", Time(failing[-1].at, " at "))}
            return Judgement(Sight.CLEAR, refused, held=held, closing=closing)
        burst = (condition,) if condition else ()
        return Judgement(Sight.CLEAR, (*refused, *burst), closing=closing)

    def _refused(
        self, known: Sequence[Sample], now: datetime
    ) -> tuple[tuple[Condition, ...], Sequence[Sample]]:
        """Return what refuses every request now, and the samples without what that covers."""
        runs = {
            (one.reason, one.first_at): one
            for values in filter(None, [sample.data.get(REFUSALS) for sample in known])
            for one in runs_in(values)
            if one.for_all
        }
        if not runs:
            return (), known
        lasting = [one for one in runs_in(known[-1].data.get(REFUSALS)) if one.for_all]
        told = tuple(
            refusal_condition(one, [s for s in known if within(s, one)], now)
            for one in lasting
            if now - one.last_at < self._quiet
        )
        return told, [uncovered(one, runs.values()) for one in known]

    def _quiet_from(self, known: Sequence[Sample], failing: Sequence[Sample]) -> datetime | None:
        """Return the last failure of a burst that was reported and is over by its quiet."""
        pauses = [last.at for last, later in pairwise(failing) if later.at - last.at >= self._quiet]
        looks = Looks(known) if pauses else None
        return next((at for at in reversed(pauses) if looks and self._reported(looks, at)), None)

    def _reported(self, looks: Looks, at: datetime) -> bool:
        """Say whether failures up to a moment, which the last of them is of, were a burst."""
        recent = looks.back_from_each(at - self._quiet, self._span, at)
        first = next(recent)
        circuits = bool(first.last.data.get("circuits"))
        rated = (self._rated(one, circuits=circuits) for one in (first, *recent))
        return any(one is not None for one in rated)

    def _newest_of_its_reasons(
        self,
        known: Sequence[Sample],
        failing: Sequence[Sample],
        quiet_from: datetime | None,
        now: datetime,
    ) -> tuple[Condition | None, datetime | None]:
        """Return what is wrong, and when what went wrong before for other reasons was last seen."""
        bounds = [quiet_from or known[0].at - TAIL, *other_reasons_after(failing), now]
        for begin, end in reversed([*pairwise(bounds)]):
            mine, failed = ([s for s in some if begin < s.at <= end] for some in (known, failing))
            found = self._newest(mine, failed, now) if mine else None
            if found is not None:
                is_first = begin == bounds[0]
                # Named by the same failure when too little of what came before is left to tell
                # that it was reported.
                episode = FIRST if is_first and not quiet_from else begin.isoformat()
                return replace(found, episode=episode), None if is_first else begin
        return None, None

    def _newest(
        self, known: Sequence[Sample], failing: Sequence[Sample], now: datetime
    ) -> Condition | None:
        """Return what was wrong when failures were a burst last, until it is quiet for long."""
        circuits = bool(known[-1].data.get("circuits"))
        if not failing or now - failing[-1].at >= self._quiet:
            recent = Looks(known).after(now - min(self._quiet, self._span)) if circuits else None
            return self._condition(recent, circuits, now, known) if recent else None
        begun = onset(known)
        for recent in Looks(known).back_from_each(now - self._quiet, self._span):
            condition = self._condition(recent, circuits, now, known, begun)
            if condition is not None:
                return since_onset(condition, first_failure(known, begun))
        return None

    def _rated(self, recent: Stretch, *, circuits: bool) -> Severity | None:
        burst = is_burst(recent, self._settings.least, self._settings.share)
        return severity_of(recent, burst=burst, circuits=circuits)

    def _condition(
        self,
        recent: Stretch,
        circuits: bool,
        now: datetime,
        known: Sequence[Sample],
        begun: datetime | None = None,
    ) -> Condition | None:
        severity = self._rated(recent, circuits=circuits)
        if severity is None:
            return None
        samples = recent.samples
        outbreak = Outbreak(
            samples,
            recent.failed,
            recent["done"],
            recent["given_up"],
            next((one.at for one in samples if failed_in([one])), samples[-1].at),
            circuit_open=circuits or bool(recent["circuit_lines"]),
            mock_mode=bool(samples[-1].data.get("mock_mode")),
            of_it=[one for one in known if begun and one.at >= begun],
        )
        return provider_condition(
            outbreak,
            severity,
            Confidence.HIGH
            if is_burst(recent, self._settings.least, self._settings.share)
            else Confidence.MEDIUM,
            now,
        )


DETECTOR = ProviderErrors


def _is_providers(event: LogEvent) -> bool:
    return event.role is Role.LLM_PROVIDER
