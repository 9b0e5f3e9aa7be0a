"""One tick: sample and judge each detector by itself, decide, save.

One failing detector may not silence the others: it is logged, waits longer and longer before it
is tried again, and is reported as an alert of its own.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.alerts.digests import Digests
from bot.alerts.kept import judged_from, resumed_from, taken_up
from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.coincidence import wanted_since, with_changes
from bot.alerts.policy.escalation import escalated
from bot.alerts.policy.inhibition import Decided
from bot.alerts.policy.lifecycle import PolicySettings
from bot.alerts.policy.morning import Morning
from bot.alerts.policy.round import (
    DetectorResult,
    decide_round,
    evaluate,
    firing_counts,
    forgettable,
    policy_settings,
    retention,
)
from bot.alerts.policy.silent_logs import as_heard
from bot.alerts.policy.storm import folded
from bot.alerts.policy.window import LONGEST_GAP, restored
from bot.alerts.self_monitoring.failed_detectors import FailedDetectors
from bot.alerts.self_monitoring.missed_ticks import gap_between
from bot.alerts.self_monitoring.samples import (
    samples_to_keep,
    self_judgements,
    self_samples,
)
from bot.alerts.self_monitoring.unreadable_sources import unread_sources
from bot.alerts.store.postgres import Store
from bot.alerts.store.retention import Retention
from bot.alerts.store.tick_writer import TickRecord
from bot.alerts.tick_progress import TickProgress
from bot.alerts.weekly_post import WeeklyPost
from bot.domain.alert import Reason, Window
from bot.domain.changes.change import Noted
from bot.domain.followed import Followed
from bot.domain.routing.route import Route
from bot.errors import SourceError
from bot.monitoring.state import TickState
from bot.ports import ChangeNoter, Clock, Detector, Watch

FIRST_LOOK_BACK = timedelta(minutes=10)
NOTER = "changes"

T = TypeVar("T")

log = logging.getLogger(__name__)


class Tick:
    """Runs every detector once; made once and run by the scheduler."""

    def __init__(
        self,
        memory: Store,
        detectors: Sequence[Detector],
        watcher: LiveWatcher,
        *,
        environment: str,
        now: Clock,
        tick_seconds: float = 15.0,
        look_back: timedelta = FIRST_LOOK_BACK,
        digest_hours: float = 24.0,
        morning: Morning | None = None,
        weekly: WeeklyPost | None = None,
        routes: Sequence[Route] = (),
        keeps: Retention | None = None,
        noter: ChangeNoter | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = TickState(detectors=tuple(one.name for one in detectors))
        self._memory = memory
        self._detectors = tuple(detectors)
        self._watcher = watcher
        self._environment = environment
        self._now = now
        self._tick_seconds = tick_seconds
        self._look_back = look_back
        self._digests = Digests(environment, timedelta(hours=digest_hours), morning, weekly)
        # Not a copy: whom a route wakes is read again while the bot runs.
        self._routes = routes
        self._keeps = keeps or Retention()
        self._noter = noter
        self._kept = TickProgress()
        self._windows: dict[str, Window] = {}
        self._failed = FailedDetectors()
        self._last: datetime | None = None
        self._monotonic = monotonic
        self._monotonic_at = monotonic()
        self._lock = asyncio.Lock()

    async def keep_lead(self) -> bool:
        """Show that the leader lives, also in a long tick; True when a tick is due at once.

        It is due when this process took over, and it is not run here: nothing would show
        meanwhile that the new leader lives.
        """
        try:
            leads = await self._memory.keep()
        except SourceError as error:
            log.warning("the lead cannot be kept: %s", error.message)
            leads = False
        took_over = leads and not self.state.leading and not self._lock.locked()
        self.state.leading = self.state.leading and leads
        return took_over

    async def run(self) -> None:
        """Sample, judge, decide and save once; a database that cannot be reached is logged."""
        async with self._lock:
            await self._run()

    async def _run(self) -> None:
        try:
            if await self._begin():
                began = self._monotonic()
                await self._tick(self._now())
                self.state.seconds = self._monotonic() - began
            else:
                self.state.stood_by_at = self._now()
                await self._discard_unsaved()
            self.state.problem = ""
        except SourceError as error:
            log.warning("tick not remembered: %s", error.message)
            self.state.problem = error.message
            await self._discard_unsaved()

    async def _begin(self) -> bool:
        """Say whether this process leads; it does not when that cannot be asked."""
        try:
            self.state.leading = await self._memory.lead()
        except SourceError:
            self.state.leading = False
            raise
        return self.state.leading

    async def close(self) -> None:
        """Stop following the logs."""
        await self._watcher.close()

    async def _discard_unsaved(self) -> None:
        """Drop what was not written down: the next tick goes on from what was."""
        self._last = None
        self._windows.clear()
        await self._watcher.close()

    async def _tick(self, now: datetime) -> None:
        since = await self._resume(now)
        watch = await self._watcher.observe(since=min(since, now), now=now)
        self._count_lines(watch)
        alerts = await self._memory.load_alerts(now)
        mutes = await self._memory.mutes(now)
        waiting = await self._memory.outbox_health()
        noted = await self._note(watch)
        results = await self._sample_all(watch)
        seen = self_samples(self._kept.gap, waiting, self._failed.to_json(), now)
        own = self_judgements(seen, alerts, now)
        found = decide_round(
            results, alerts, now, self._settings, mutes, own, self._watcher.configured
        )
        spoken = folded(found, alerts, now, self._environment, mutes)
        decisions = await self._with_changes(escalated(spoken, self._routes, now), noted)
        digests, kept, weekly = await self._digests.due(alerts, decisions, self._kept, now)
        kept = replace(kept, known=noted.known)
        await self._memory.save_tick(
            TickRecord(
                now=now,
                samples={
                    **{name: one.sample for name, one in results.items()},
                    **samples_to_keep(seen, own, alerts),
                },
                decisions=decisions,
                progress={**self._watcher.progress(), **kept.to_json(), **weekly},
                changes=noted.changes,
                forget=forgettable(self._detectors, self.state.ticks, now),
                digests=digests,
                keeps=self._keeps,
            )
        )
        self._kept = kept
        self._digests.resume(weekly)
        self.state.firing = firing_counts(alerts, decisions)
        self._remember(results, decisions, now)

    async def _resume(self, now: datetime) -> datetime:
        """Return when the last tick was, and note when no tick was made for long since then."""
        monotonic = self._monotonic()
        if self._last is not None:
            elapsed: float | None = monotonic - self._monotonic_at
            since, known = self._last, True
        else:
            elapsed = None
            since, known = await self._load(now)
        self._monotonic_at = monotonic
        if known:
            gap = gap_between(since, now, elapsed) or self._kept.gap
            self._kept = replace(self._kept, gap=gap)
        return since

    def _count_lines(self, watch: Watch) -> None:
        if isinstance(watch.logs, Followed):
            self.state.lost_lines += watch.logs.lost
            self.state.unreadable_lines += watch.logs.unreadable

    async def _load(self, now: datetime) -> tuple[datetime, bool]:
        """Return from when to go on, and whether a tick was made then."""
        progress = await self._memory.load_progress()
        # What a detector carries along is in its last sample, however long ago that was.
        since = now if progress is None else progress[0] - LONGEST_GAP
        for detector in self._detectors:
            begin = now - retention(detector)
            samples = await self._memory.load_samples(detector.name, min(begin, since))
            kept = resumed_from(detector, samples)
            window = restored(tuple(one for one in kept if one.at >= begin))
            if window is not None:
                self._windows[detector.name] = window
        if progress is None:
            return now - self._look_back, False
        at, left = progress
        taken_up("followed logs", lambda: self._watcher.resume(left), None)
        self._kept = TickProgress.from_json(left)
        self._digests.resume(left)
        return at, True

    async def _sample_all(self, watch: Watch) -> dict[str, DetectorResult]:
        awake = [detector for detector in self._detectors if self._failed.is_due(detector.name)]
        results = await asyncio.gather(*(self._sample(detector, watch) for detector in awake))
        return {d.name: one for d, one in zip(awake, results, strict=True) if one is not None}

    async def _sample(self, detector: Detector, watch: Watch) -> DetectorResult | None:
        async def looked() -> DetectorResult:
            silent = watch.logs.silent() if isinstance(watch.logs, Followed) else {}
            sample = as_heard(detector, await detector.sample(watch), silent)
            behind = isinstance(watch.logs, Followed) and watch.logs.behind
            window = self._windows.get(detector.name)
            return judged_from(
                detector,
                window,
                lambda kept: evaluate(detector, kept, sample, watch.now, logs_behind=behind),
            )

        return await self._isolated(detector.name, looked(), watch.now)

    async def _isolated(self, name: str, work: Awaitable[T], now: datetime) -> T | None:
        """Return what one part of a tick gives; its failure is remembered and ends nothing else."""
        try:
            found = await work
        except Exception as error:
            log.exception("detector %s failed", name)
            self._failed.record_failure(name, type(error).__name__, now)
            return None
        self._failed.record_success(name)
        return found

    async def _note(self, watch: Watch) -> Noted:
        """Return what changed since the tick before, and what is known from now on."""
        if self._noter is None or not self._failed.is_due(NOTER):
            return Noted(known=self._kept.known)
        noted = await self._isolated(NOTER, self._noter.note(watch, self._kept.known), watch.now)
        return noted or Noted(known=self._kept.known)

    async def _with_changes(self, decisions: Sequence[Decided], noted: Noted) -> Sequence[Decided]:
        since = wanted_since(decisions)
        if since is None:
            return decisions
        earlier = await self._memory.changes(since, self._now())
        return with_changes(decisions, [*earlier, *noted.changes])

    def _settings(self, name: str) -> PolicySettings:
        detector = next((one for one in self._detectors if one.name == name), None)
        return policy_settings(detector, name, self._environment, self._tick_seconds)

    def _remember(
        self, results: Mapping[str, DetectorResult], decisions: Sequence[Decided], now: datetime
    ) -> None:
        self._last = now
        self._windows.update({name: one.window for name, one in results.items()})
        self.state.ticks += 1
        self.state.last_at = now
        self.state.failing = self._failed.reasons()
        for name, one in results.items():
            if one.sample.unreadable:
                self.state.unreadable[name] = self.state.unreadable.get(name, 0) + 1
        self.state.unread = unread_sources([one.sample for one in results.values()])
        for _, decision in decisions:
            level = logging.DEBUG if decision.reason is Reason.QUIET else logging.INFO
            told = (decision.alert.key, decision.reason.value, decision.note or "-")
            log.log(level, "alert %s: %s (%s)", *told)
