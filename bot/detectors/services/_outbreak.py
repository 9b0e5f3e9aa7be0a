"""The samples of an outbreak: where it began, what is recent, and what a refusal covers; pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from bot.detectors._failure_streak import FailureStreak, onset_of
from bot.detectors._provider_causes import causes_of
from bot.detectors._refusals import DONE, RefusalRun, runs_in
from bot.detectors._state import moment
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.domain.alert import Condition, Sample
from bot.domain.log import LogEvent
from bot.domain.report import Severity
from bot.domain.words import with_time

FAILURES = (
    "Serial bundle processing hit provider error",
    "BATCH_API job processing failed",
    "LLM service error processing request",
)
GIVEN_UP = "Published error callback event for request"
# The episode of what nothing else came before.
FIRST = "0"
ITEM_FAILED = (" failed: ", "failed with HuleEduError")
REFUSALS = "refusals"
# When the first of what failed in a tick did.
FAILED_FROM = "failed_from"
# What a sample counts, or that it was so once.
COUNTED = (
    *("failures", "items", "done", "given_up"),
    *("circuit_lines", "hopeless", "gave_up_bundle"),
)
# From this share of failures on, an outbreak is an error.
SEVERE_SHARE = 0.5
ANSWERS, OTHERWISE = "its answers come again", "it does not refuse all for that any more"
# Failures that come seldom add up for so long, as long as nothing is answered in between.
STREAK = timedelta(hours=1)
# A line is read in the tick in which it is written, or in the next one.
READ_WITHIN = timedelta(minutes=1)
# Items that failed together are logged one by one within this time.
ITEMS_WITHIN = timedelta(seconds=60)
# After a longer pause without a failure, what fails is another outbreak.
TAIL = timedelta(minutes=5)


def within(sample: Sample, run: RefusalRun) -> bool:
    """Say whether a sample holds lines of a run of refusals; it was made after them."""
    return run.first_at <= sample.at and sample.at - run.last_at <= ITEMS_WITHIN


def uncovered(sample: Sample, runs: Iterable[RefusalRun]) -> Sample:
    """Return a sample without its failures if a run of refusals covers them: it has its own alert.

    What failed for another reason than that stays known as a cause.
    """
    reasons = {run.reason for run in runs if within(sample, run)}
    if not reasons:
        return sample
    counts = dict.fromkeys(("failures", "items", "given_up", "hopeless", "gave_up_bundle"), 0)
    causes = [one for one in sample.data.get("causes") or () if one.get("reason") not in reasons]
    known = sample.data.get("by_cause") or {}
    by_cause = {reason: told for reason, told in known.items() if reason not in reasons}
    told: dict[str, Any] = {"causes": causes, "by_cause": by_cause, "examples": []}
    return replace(sample, data={**sample.data, **counts, **told})


def onset(known: Sequence[Sample]) -> datetime | None:
    """Return when the newest outbreak of the samples began."""
    looks = ((one.at, fails(one), bool(one.data.get("done"))) for one in known)
    return onset_of(tuple(looks), TAIL)


def first_failure(known: Sequence[Sample], begun: datetime | None) -> datetime | None:
    """Return when the first line of an outbreak failed; `begun` is the sample that holds it."""
    told = next((moment(one.data.get(FAILED_FROM)) for one in known if one.at == begun), None)
    return told if told and begun and begun - told <= READ_WITHIN else begun


def since_onset(condition: Condition, begun: datetime | None) -> Condition:
    """Return a condition with when its outbreak began, which may be before the window's span."""
    if begun is None or begun == condition.since:
        return condition
    title = with_time(condition.title, condition.since, begun)
    return replace(condition, since=begun, title=title)


class Stretch:
    """Samples one after the other, and what they counted together, by its name."""

    __slots__ = ("_begin", "_end", "_known", "_sums")

    def __init__(
        self, known: Sequence[Sample], sums: Mapping[str, Sequence[int]], begin: int, end: int
    ) -> None:
        self._known, self._sums = known, sums
        self._begin, self._end = begin, end

    def __getitem__(self, name: str) -> int:
        """Return what was counted under one of COUNTED."""
        sums = self._sums[name]
        return sums[self._end] - sums[self._begin]

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples themselves, of which most ticks need none."""
        return self._known[self._begin : self._end]

    @property
    def last(self) -> Sample:
        """The newest sample."""
        return self._known[self._end - 1]

    @property
    def failed(self) -> int:
        """The real failures: a bundle counts as one, whatever its items log."""
        return self["failures"] or self["items"]

    @property
    def share(self) -> float:
        """The share of what was answered or failed that failed, from 0 to 1."""
        return self.failed / max(1, self.failed + self["done"])


class Looks:
    """Samples of which any stretch is counted at once: each tick asks for many of them."""

    def __init__(self, known: Sequence[Sample]) -> None:
        self._known = known
        self._times = [one.at for one in known]
        rows = [one.data for one in known]
        self._sums = {
            name: [*accumulate([row.get(name) or 0 for row in rows], initial=0)] for name in COUNTED
        }
        # How many samples lie before the first after the last answer.
        answered = [place if row.get("done") else 0 for place, row in enumerate(rows, 1)]
        self._answered = [*accumulate(answered, max)]

    def after(self, moment: datetime) -> Stretch:
        """Return what was sampled after a moment, the last sample at least."""
        begin = bisect_right(self._times, moment)
        return self._stretch(min(begin, len(self._known) - 1), len(self._known))

    def back_from_each(
        self, since: datetime, span: timedelta, until: datetime | None = None
    ) -> Iterator[Stretch]:
        """Yield a span back from each sample after a moment, newest first, from `until` on.

        Each goes back to the last answer, where that was not long ago.
        """
        end = len(self._known) if until is None else bisect_right(self._times, until)
        for place in reversed(range(bisect_right(self._times, since), end)):
            at = self._times[place]
            streak = max(self._answered[place], bisect_right(self._times, at - STREAK))
            yield self._stretch(min(streak, bisect_right(self._times, at - span)), place + 1)

    def _stretch(self, begin: int, end: int) -> Stretch:
        return Stretch(self._known, self._sums, begin, end)


def is_burst(recent: Stretch, least: int, share: float) -> bool:
    """Say whether enough of a stretch failed, or work was given up over it."""
    gave_up = recent["hopeless"] or recent["gave_up_bundle"]
    return bool(gave_up) or (recent.failed >= least and recent.share >= share)


def severity_of(recent: Stretch, *, burst: bool, circuits: bool) -> Severity | None:
    """Return how severe a stretch is; None where it is no burst and no breaker is open."""
    is_open = circuits or bool(recent["circuit_lines"])
    if not (burst or is_open):
        return None
    severe = recent.share >= SEVERE_SHARE or bool(recent["hopeless"]) or is_open
    return Severity.ERROR if severe else Severity.WARN


def fails(sample: Sample) -> bool:
    """Say whether anything failed in a sample, or a breaker opened."""
    data = sample.data
    return bool(data.get("failures") or data.get("items") or data.get("circuit_lines"))


def is_failure(event: LogEvent) -> bool:
    """Say whether a line of the provider is a real failure."""
    return any(text in event.event for text in FAILURES)


def is_item(event: LogEvent) -> bool:
    """Say whether a line tells how one request failed, which may be one of a bundle."""
    begins = event.event.startswith("Request ")
    return begins and any(text in event.event for text in ITEM_FAILED)


def after_event(
    streak: FailureStreak, at: datetime, event: LogEvent, quiet: timedelta
) -> FailureStreak:
    """Return the run of failures after one more event; one that alerted ends with its quiet."""
    if DONE in event.event:
        return FailureStreak()
    if is_failure(event):
        return streak.with_failure(at, min(quiet, STREAK) if streak.gave_up_work else STREAK)
    return streak.with_given_up(at, STREAK) if GIVEN_UP in event.event else streak


def other_reasons_after(failing: Sequence[Sample]) -> list[datetime]:
    """Return after which failures, and a pause, others came that name none of their reasons."""
    spells: list[list[Sample]] = []
    for one in failing:
        if not spells or one.at - spells[-1][-1].at > TAIL:
            spells.append([])
        spells[-1].append(one)
    named = [({cause.reason for cause in causes_of(one)}, one[-1].at) for one in spells]
    return [
        at
        for (before, at), (after, _) in pairwise(named)
        if before and after and not before & after
    ]


def refused_no_more(known: Sequence[Sample], reason: FailureReason) -> str:
    """Return how it ended that every request was refused for a reason."""
    for one in reversed(known):
        runs = runs_in(one.data.get(REFUSALS))
        if one.data.get("done") or any(run.ids for run in runs if run.reason is reason):
            break
    return ANSWERS if not known or one.data.get("done") else OTHERWISE
