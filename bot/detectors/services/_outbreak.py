"""The samples of an outbreak: where it began, what is recent, and what a refusal covers; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.detectors._failure_streak import onset_of
from bot.detectors._refusals import RefusalRun, runs_in
from bot.detectors.services._provider_text import failed_in
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.domain.alert import Condition, Sample
from bot.domain.words import with_time

REFUSALS = "refusals"
ANSWERS, OTHERWISE = "its answers come again", "it refuses for another reason now"
# Failures that come seldom add up for so long, as long as nothing is answered in between.
STREAK = timedelta(hours=1)
# Items that failed together are logged one by one within this time.
ITEMS_WITHIN = timedelta(seconds=60)
# After a longer pause without a failure, what fails is another outbreak.
TAIL = timedelta(minutes=5)


def within(sample: Sample, run: RefusalRun) -> bool:
    """Say whether a sample holds lines of a run of refusals; it was made after them."""
    return run.first_at <= sample.at and sample.at - run.last_at <= ITEMS_WITHIN


def without(sample: Sample) -> Sample:
    """Return a sample without its failures: what covers them has an alert of its own."""
    counts = dict.fromkeys(("failures", "items", "given_up", "hopeless", "gave_up_bundle"), 0)
    told: dict[str, Any] = {"causes": [], "batches": {}, "by_cause": {}, "examples": []}
    return replace(sample, data={**sample.data, **counts, **told})


def onset(known: Sequence[Sample]) -> datetime | None:
    """Return when the newest outbreak of the samples began."""
    looks = ((one.at, fails(one), bool(one.data.get("done"))) for one in known)
    return onset_of(tuple(looks), TAIL)


def since_onset(condition: Condition, begun: datetime | None) -> Condition:
    """Return a condition with when its outbreak began, which may be before the window's span."""
    if begun is None or begun == condition.since:
        return condition
    title = with_time(condition.title, condition.since, begun)
    return replace(condition, since=begun, title=title)


def back_from(known: Sequence[Sample], until: datetime, span: timedelta) -> list[Sample]:
    """Return the samples of a span, and those before it back to the last answer."""
    found: list[Sample] = []
    answered = False
    for one in reversed(known):
        if one.at > until:
            continue
        answered = answered or bool(one.data.get("done"))
        is_streak = one.at > until - STREAK and not answered
        if one.at <= until - span and not is_streak:
            break
        found.append(one)
    return found[::-1]


def fails(sample: Sample) -> bool:
    """Say whether anything failed in a sample, or a breaker opened."""
    return bool(failed_in([sample]) or sample.data.get("circuit_lines"))


def refused_no_more(known: Sequence[Sample], reason: FailureReason) -> str:
    """Return how it ended that every request was refused for a reason."""
    for one in reversed(known):
        runs = [run for run in runs_in(one.data.get(REFUSALS)) if run.reason is reason]
        if one.data.get("done") or any(run.ids for run in runs):
            break
    return ANSWERS if not known or one.data.get("done") else OTHERWISE
